//! Device specifications: the short text by which an experiment names its device.

use super::network::{self, MemberKeys};
use super::{Device, DeviceError, KINDS};
use hge_system::text::{quoted, QUOTED_CHARS};
use std::ops::RangeInclusive;
use std::path::Path;

/// A kind of device, as specifications name it. [`super::KINDS`] has all of them.
pub(super) struct Kind {
    /// Before the colon.
    pub name: &'static str,
    /// What can be written, as it stands in messages.
    pub forms: &'static [&'static str],
    /// Opens the device that a specification of this kind names.
    pub open: fn(&Spec) -> Result<Box<dyn Device>, DeviceError>,
}

/// A specification: the name of a kind, what follows a colon, and after a slash the number of outputs that are measured.
pub(super) struct Spec<'a> {
    text: &'a str,
    name: &'a str,
    /// Everything behind the colon.
    rest: Option<&'a str>,
    /// What is between the colon and the last slash.
    argument: Option<&'a str>,
    /// What follows the last slash.
    measured: Option<&'a str>,
}

impl<'a> Spec<'a> {
    fn of(text: &'a str) -> Self {
        let spec = text.trim();
        let (name, rest) = spec.split_at(spec.find([':', '/']).unwrap_or(spec.len()));
        let (argument, measured) = match rest.rsplit_once('/') {
            Some((argument, measured)) => (argument, Some(measured)),
            None => (rest, None),
        };
        let [rest, argument] = [rest, argument].map(|text| text.strip_prefix(':'));
        Spec { text, name, rest, argument, measured }
    }

    /// What follows the colon, slashes included, of a kind whose outputs are not counted in its specification; there must be
    /// something.
    pub fn text(&self) -> Result<&'a str, DeviceError> {
        self.rest.ok_or_else(|| self.unknown())
    }

    /// What follows the colon, without the number of outputs; there must be one.
    pub fn argument(&self) -> Result<&'a str, DeviceError> {
        self.argument.ok_or_else(|| self.unknown())
    }

    /// No colon follows the name.
    pub fn alone(&self) -> Result<(), DeviceError> {
        self.argument.map_or(Ok(()), |_| Err(self.unknown()))
    }

    /// The number of outputs that are measured, or the `usual` one.
    pub fn outputs_or(&self, usual: usize) -> Result<usize, DeviceError> {
        self.measured.map_or(Ok(usual), |text| {
            text.trim().parse().map_err(|_| {
                let what = format!("`{}` is not a number of outputs", quoted(text, QUOTED_CHARS));
                self.wrong(what, "write how many are measured after the slash, e.g. `mzi:12/4`")
            })
        })
    }

    /// Its kind has one output.
    pub fn one_output(&self) -> Result<(), DeviceError> {
        check_outputs(self.name, self.outputs_or(1)?, 1)
    }

    /// What follows the colon, a seed, or without a colon the `usual` one.
    pub fn seed_or(&self, usual: u64) -> Result<u64, DeviceError> {
        self.argument.map_or(Ok(usual), |argument| self.seed(argument))
    }

    /// The seed in `text`.
    pub fn seed(&self, text: &str) -> Result<u64, DeviceError> {
        self.seed_after(self.name, text)
    }

    /// The seed in `text`, which stands after `before` and a colon.
    pub fn seed_after(&self, before: &str, text: &str) -> Result<u64, DeviceError> {
        text.trim().parse().map_err(|_| {
            let what = format!("`{}` is not a seed", quoted(text, QUOTED_CHARS));
            let change = format!("write a whole number from 0 to 2^64 - 1, e.g. `{before}:12`");
            self.wrong(what, change)
        })
    }

    /// What follows the colon: a number of `things` in `range`, and after another colon a seed, or without one the `usual` one.
    pub fn count_and_seed(
        &self,
        things: &str,
        range: RangeInclusive<usize>,
        usual: u64,
    ) -> Result<(usize, u64), DeviceError> {
        let argument = self.argument()?;
        let (count, seed) = match argument.split_once(':') {
            Some((count, seed)) => (count.trim(), Some(seed)),
            None => (argument.trim(), None),
        };
        let name = self.name;
        let counted =
            count.parse().ok().filter(|count| range.contains(count)).ok_or_else(|| {
                let what = format!("`{}` is not a number of {things}", quoted(count, QUOTED_CHARS));
                let (least, most) = (range.start(), range.end());
                let change = format!(
                    "write {least} to {most}, and a seed after a colon, e.g. `{name}:4:12`"
                );
                self.wrong(what, change)
            })?;
        let seed =
            seed.map_or(Ok(usual), |seed| self.seed_after(&format!("{name}:{counted}"), seed))?;
        Ok((counted, seed))
    }

    /// What was found in it is not what its kind takes.
    pub fn wrong(&self, what: String, change: impl Into<String>) -> DeviceError {
        DeviceError::BadSpec { spec: quoted(self.text, QUOTED_CHARS), what, change: change.into() }
    }

    fn unknown(&self) -> DeviceError {
        DeviceError::UnknownSpec { spec: quoted(self.text, QUOTED_CHARS) }
    }
}

/// Checks that the first `found` outputs of a device with `most` of them can be measured.
///
/// # Errors
/// [`DeviceError::BadSpec`] if there are not as many, or none.
pub(super) fn check_outputs(device: &str, found: usize, most: usize) -> Result<(), DeviceError> {
    if (1..=most).contains(&found) {
        return Ok(());
    }
    let (what, change) = match most {
        1 => ("it has one output".into(), format!("leave out `/{found}`")),
        _ => (format!("it has 1 to {most} outputs"), format!("write `/1` to `/{most}` at its end")),
    };
    Err(DeviceError::BadSpec { spec: format!("{device}/{found}"), what, change })
}

/// The name of a device whose first `outputs` outputs are measured, as it can be opened by.
pub(super) fn measured_name(device: String, outputs: usize, usual: usize) -> String {
    if outputs == usual {
        return device;
    }
    format!("{device}/{outputs}")
}

/// A surrogate network, whether or not this build reads one.
pub(super) const ONNX: Kind = Kind {
    name: "onnx",
    forms: &["`onnx:PATH`"],
    open: |spec| match spec.text()?.trim() {
        "" => {
            Err(spec
                .wrong("the path is empty".into(), "write the model's path, e.g. `onnx:rnpu.onnx`"))
        }
        #[cfg(feature = "onnx")]
        path => Ok(Box::new(super::OnnxDevice::load(path)?)),
        #[cfg(not(feature = "onnx"))]
        _ => Err(DeviceError::WithoutOnnx),
    },
};

/// What can be written for a device: `` `builtin`, ... or `linear:G0,G1,...[;H0,H1,...]` (nA/V)``.
pub fn forms() -> String {
    let forms: Vec<&str> = KINDS.iter().flat_map(|kind| kind.forms).copied().collect();
    match forms.split_last() {
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The specification for people: that of a network is too long.
pub fn label(spec: &str) -> String {
    let members = spec.trim().strip_prefix(network::PREFIX);
    let members = members.and_then(|text| serde_json::from_str::<Vec<MemberKeys>>(text).ok());
    members.map_or(spec.into(), |members| format!("network of {} devices", members.len()))
}

/// Opens the device that `spec` names, in one of the [`forms`].
///
/// # Errors
/// One sentence with the problem and the remedy.
///
/// ```
/// use hge_sim::device::open;
///
/// let device = open("linear:5,-2.5")?;
/// let mut current_na = [0.0];
/// device.currents_na(&[1.0, 2.0], &mut current_na);
/// assert_eq!(current_na, [0.0]);
/// # Ok::<(), hge_sim::device::DeviceError>(())
/// ```
pub fn open(spec: &str) -> Result<Box<dyn Device>, DeviceError> {
    let named = Spec::of(spec);
    let kind = KINDS.iter().find(|kind| kind.name == named.name).ok_or_else(|| named.unknown())?;
    (kind.open)(&named)
}

/// The specification with paths that lead nowhere from here, but do from `folder`: of `onnx:` the model, of `process:` every word
/// of the command that is a path, and the program if it has a separator. `None`: there is no such path.
pub fn beside(spec: &str, folder: &Path) -> Option<String> {
    let found = |text: &str| {
        let path = Path::new(text);
        let is_lost = !text.is_empty() && path.is_relative() && !path.exists();
        Some(folder.join(path)).filter(|there| is_lost && there.exists())
    };
    match spec.trim().split_once(':')? {
        ("network", members) => {
            let mut members: Vec<MemberKeys> = serde_json::from_str(members).ok()?;
            let mut changed = false;
            for member in &mut members {
                if let Some(there) = beside(&member.device, folder) {
                    (member.device, changed) = (there, true);
                }
            }
            changed.then(|| network::spec(&members).ok())?
        }
        ("onnx", path) => Some(format!("onnx:{}", found(path.trim())?.display())),
        ("process", command) => {
            let mut words = shlex::split(command)?;
            let mut changed = false;
            for (n, word) in words.iter_mut().enumerate() {
                // A name alone is looked up on the search path.
                let is_name =
                    n == 0 && Path::new(word).components().count() == 1 && !word.starts_with('.');
                if let Some(there) = found(word).filter(|_| !is_name) {
                    *word = there.to_str()?.into();
                    changed = true;
                }
            }
            let words = words.iter().map(String::as_str);
            changed.then(|| shlex::try_join(words).ok())?.map(|line| format!("process:{line}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_every_device_are_looked_up_beside_the_experiment() {
        let folder = std::env::temp_dir().join(format!("hge-beside-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("a b")).unwrap();
        for name in ["m.onnx", "dev.py", "a b/table.json", "python3"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let there = |spec: &str| beside(spec, &folder);
        let path = |name: &str| folder.join(name).display().to_string();
        let of_network =
            there("network:[{\"device\":\"onnx:m.onnx\"},{\"device\":\"mzi\"}]").unwrap();
        let members =
            format!("network:[{{\"device\":\"onnx:{}\"}},{{\"device\":\"mzi\"}}]", path("m.onnx"));
        assert_eq!(of_network, members);
        assert_eq!(label(&of_network), "network of 2 devices");
        assert_eq!(there("onnx: m.onnx"), Some(format!("onnx:{}", path("m.onnx"))));
        assert_eq!(
            there("process:python3 -u dev.py 'a b/table.json' other.json"),
            Some(format!(
                "process:python3 -u {} '{}' other.json",
                path("dev.py"),
                path("a b/table.json")
            ))
        );
        assert_eq!(there("process:./dev.py"), Some(format!("process:{}", path("./dev.py"))));
        let absolute = path("m.onnx");
        for same in
            ["process:python3 --version", "onnx:other.onnx", "builtin", "linear:1,2", "process:'"]
        {
            assert_eq!(there(same), None, "{same}");
        }
        assert_eq!(there(&format!("onnx:{absolute}")), None);
        std::fs::remove_dir_all(folder).unwrap();
    }

    fn message(spec: &str) -> String {
        match open(spec) {
            Ok(device) => panic!("`{spec}` opened {}", device.name()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_kind_of_specification_opens_its_device() {
        assert_eq!(open("builtin").unwrap().electrodes(), 7);
        assert_eq!(open("hopping:3").unwrap().name(), "hopping:3");
        for cold in ["hopping:924@77K", "hopping:924@77.5K"] {
            assert_eq!(open(cold).unwrap().name(), cold);
        }
        assert_eq!(open("mzi:3").unwrap().name(), "mzi:3");
        assert_eq!(open(" crossbar:3").unwrap().name(), "crossbar:3");
        for plain in ["mzi", "crossbar"] {
            assert!(open(plain).unwrap().name().starts_with(&format!("{plain}:")));
        }
        let linear = open("linear: 1, -2 ,3e1").unwrap();
        assert_eq!(linear.jacobian_na_per_v(&[0.0; 3]), Some(vec![1.0, -2.0, 30.0]));
    }

    #[test]
    fn a_number_after_a_slash_is_that_of_the_outputs() {
        for (spec, outputs) in [
            ("builtin", 1),
            ("builtin/1", 1),
            ("hopping:3@77K/1", 1),
            ("linear:1,2;3,4;5,6", 3),
            ("linear:1,2;3,4;5,6/2", 2),
        ] {
            let device = open(spec).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(device.outputs(), outputs, "{spec}");
            let jacobian = device.jacobian_na_per_v(&vec![0.1; device.electrodes()]).unwrap();
            assert_eq!(jacobian.len(), outputs * device.electrodes(), "{spec}");
        }
        let two = open("linear:1,2;3,4;5,6/2").unwrap();
        assert_eq!(two.jacobian_na_per_v(&[0.0; 2]), Some(vec![1.0, 2.0, 3.0, 4.0]));
        for (spec, what) in [
            ("builtin/2", "in device `builtin/2`: it has one output; leave out `/2`"),
            ("hopping:1/4", "in device `hopping/4`: it has one output; leave out `/4`"),
            ("linear:1;2/3", "in device `linear/3`: it has 1 to 2 outputs; write `/1` to `/2` at"),
            ("linear:1;2/0", "it has 1 to 2 outputs"),
            ("hopping:1/", "`` is not a number of outputs"),
            ("builtin/1.5", "`1.5` is not a number of outputs; write how many are measured"),
        ] {
            assert!(message(spec).contains(what), "{}", message(spec));
        }
    }

    #[test]
    fn an_unusable_specification_is_answered_by_what_to_write() {
        for spec in ["", "silicon", "hopping", "builtin:1", "Linear:1"] {
            assert!(message(spec).contains("write `builtin`"), "{}", message(spec));
        }
        assert!(message("hopping:-1").contains("`-1` is not a seed"));
        for (spec, what) in [("3@77", "`77` is"), ("3@K", "`K` is"), ("3@nanK", "`nanK` is")] {
            let message = message(&format!("hopping:{spec}"));
            assert!(message.contains(&format!("{what} not a temperature")), "{message}");
        }
        assert!(message("hopping:3@4K").contains("must lie from 0.005 to 0.2 (eV)"));
        assert!(message("mzi:1.5").contains("e.g. `mzi:12`"));
        assert!(message("crossbar:").contains("e.g. `crossbar:12`"));
        assert!(message("process: ").contains("command is empty"));
        assert!(message("onnx:").contains("path is empty"));
        assert!(message("linear:1,,2").contains("`` is not a slope"));
        assert!(message("linear:1,inf").contains("`inf` is not a slope"));
        let uneven = message("linear:1,2;3");
        assert!(uneven.contains("row 1 has 1 slope, but row 0 has 2; give"), "{uneven}");
        #[cfg(feature = "onnx")]
        assert!(message("onnx:/nowhere/m.onnx").contains("check the path"));
    }
}
