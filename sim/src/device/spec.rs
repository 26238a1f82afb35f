//! Device specifications: the short text by which an experiment names its device.

use super::{Device, DeviceError, KINDS};
use hge_system::text::{quoted, QUOTED_CHARS};
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

/// A specification: the name of a kind, and what follows a colon.
pub(super) struct Spec<'a> {
    text: &'a str,
    name: &'a str,
    argument: Option<&'a str>,
}

impl<'a> Spec<'a> {
    /// What follows the colon; there must be one.
    pub fn argument(&self) -> Result<&'a str, DeviceError> {
        self.argument.ok_or_else(|| self.unknown())
    }

    /// Nothing follows the name.
    pub fn alone(&self) -> Result<(), DeviceError> {
        self.argument.map_or(Ok(()), |_| Err(self.unknown()))
    }

    /// What follows the colon, a seed, or without a colon the `usual` one.
    pub fn seed_or(&self, usual: u64) -> Result<u64, DeviceError> {
        self.argument.map_or(Ok(usual), |argument| self.seed(argument))
    }

    /// The seed in `text`.
    pub fn seed(&self, text: &str) -> Result<u64, DeviceError> {
        text.trim().parse().map_err(|_| {
            let what = format!("`{}` is not a seed", quoted(text, QUOTED_CHARS));
            let change =
                format!("write a whole number from 0 to 2^64 - 1, e.g. `{}:12`", self.name);
            self.wrong(what, change)
        })
    }

    /// What was found in it is not what its kind takes.
    pub fn wrong(&self, what: String, change: impl Into<String>) -> DeviceError {
        DeviceError::BadSpec { spec: quoted(self.text, QUOTED_CHARS), what, change: change.into() }
    }

    fn unknown(&self) -> DeviceError {
        DeviceError::UnknownSpec { spec: quoted(self.text, QUOTED_CHARS) }
    }
}

/// A surrogate network, whether or not this build reads one.
pub(super) const ONNX: Kind = Kind {
    name: "onnx",
    forms: &["`onnx:PATH`"],
    open: |spec| match spec.argument()?.trim() {
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

/// What can be written for a device: `` `builtin`, ... or `linear:G0,G1,...` (nA/V)``.
pub fn forms() -> String {
    let forms: Vec<&str> = KINDS.iter().flat_map(|kind| kind.forms).copied().collect();
    match forms.split_last() {
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
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
    let (name, argument) = match spec.trim().split_once(':') {
        Some((name, argument)) => (name, Some(argument)),
        None => (spec.trim(), None),
    };
    let named = Spec { text: spec, name, argument };
    let kind = KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| named.unknown())?;
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
        assert!(message("onnx:/nowhere/m.onnx").contains("check the path"));
    }
}
