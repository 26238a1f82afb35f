//! Device specifications: the short text by which an experiment names its device.

use super::{
    CrossbarDevice, Device, DeviceError, HoppingDevice, HoppingParams, LinearDevice, MziDevice,
    ProcessDevice, CROSSBAR_SEED, MZI_SEED,
};
use hge_system::text::{quoted, QUOTED_CHARS};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A device; parsed from text such as `hopping:12` by [`FromStr`].
#[derive(Clone, Debug, PartialEq)]
pub enum DeviceSpec {
    /// The fixed specimen of the hopping device that ships with the project.
    Builtin,
    /// Another specimen of the hopping device.
    Hopping {
        /// Seed of its dopants; has nothing to do with the seed of a run.
        seed: u64,
        /// Its temperature in K, where it is not the default 139 K.
        temperature_k: Option<f64>,
    },
    /// A specimen of the photonic mesh.
    Mzi {
        /// Seed of its phases and couplers.
        seed: u64,
    },
    /// A specimen of the memristor crossbars.
    Crossbar {
        /// Seed of its conductances.
        seed: u64,
    },
    /// A surrogate network.
    Onnx {
        /// Path of the `.onnx` file.
        path: PathBuf,
    },
    /// A device that another process computes.
    Process {
        /// Program and arguments, in a shell's quotes.
        command: String,
    },
    /// Known slopes without offset.
    Linear {
        /// Slope of every electrode in nA/V.
        slopes_na_per_v: Vec<f64>,
    },
}

impl DeviceSpec {
    /// Builds the device.
    ///
    /// # Errors
    /// A model file that cannot be used, a process that does not start, or coefficients that are empty or not
    /// finite.
    pub fn open(&self) -> Result<Box<dyn Device>, DeviceError> {
        Ok(match self {
            Self::Builtin => Box::new(HoppingDevice::builtin()),
            Self::Hopping { seed, temperature_k: None } => Box::new(HoppingDevice::new(*seed)),
            Self::Hopping { seed, temperature_k: Some(kelvin) } => {
                Box::new(HoppingDevice::with_params(*seed, HoppingParams::at_kelvin(*kelvin))?)
            }
            Self::Mzi { seed } => Box::new(MziDevice::new(*seed)),
            Self::Crossbar { seed } => Box::new(CrossbarDevice::new(*seed)),
            #[cfg(feature = "onnx")]
            Self::Onnx { path } => Box::new(super::OnnxDevice::load(path)?),
            #[cfg(not(feature = "onnx"))]
            Self::Onnx { .. } => return Err(DeviceError::WithoutOnnx),
            Self::Process { command } => Box::new(ProcessDevice::start(command)?),
            Self::Linear { slopes_na_per_v } => {
                Box::new(LinearDevice::new(0.0, slopes_na_per_v.clone())?)
            }
        })
    }
}

impl FromStr for DeviceSpec {
    type Err = DeviceError;

    fn from_str(spec: &str) -> Result<Self, DeviceError> {
        let bad = |what: String, change| DeviceError::BadSpec {
            spec: quoted(spec, QUOTED_CHARS),
            what,
            change,
        };
        let seeded = |seed: &str, change| match seed.trim().parse::<u64>() {
            Ok(seed) => Ok(seed),
            Err(_) => Err(bad(format!("`{}` is not a seed", quoted(seed, QUOTED_CHARS)), change)),
        };
        match spec.trim().split_once(':') {
            None if spec.trim() == "builtin" => Ok(Self::Builtin),
            None if spec.trim() == "mzi" => Ok(Self::Mzi { seed: MZI_SEED }),
            None if spec.trim() == "crossbar" => Ok(Self::Crossbar { seed: CROSSBAR_SEED }),
            Some(("hopping", specimen)) => {
                let (seed, kelvin) = match specimen.split_once('@') {
                    Some((seed, kelvin)) => (seed, Some(kelvin)),
                    None => (specimen, None),
                };
                let change = "write a whole number from 0 to 2^64 - 1, e.g. `hopping:12`";
                let temperature_k = kelvin.map(|text| {
                    temperature_k(text).ok_or_else(|| {
                        let what =
                            format!("`{}` is not a temperature", quoted(text.trim(), QUOTED_CHARS));
                        bad(what, "write kelvins, e.g. `hopping:924@77K`")
                    })
                });
                let temperature_k = temperature_k.transpose()?;
                Ok(Self::Hopping { seed: seeded(seed, change)?, temperature_k })
            }
            Some(("mzi", seed)) => Ok(Self::Mzi {
                seed: seeded(seed, "write a whole number from 0 to 2^64 - 1, e.g. `mzi:12`")?,
            }),
            Some(("crossbar", seed)) => Ok(Self::Crossbar {
                seed: seeded(seed, "write a whole number from 0 to 2^64 - 1, e.g. `crossbar:12`")?,
            }),
            Some(("process", command)) if command.trim().is_empty() => Err(bad(
                "the command is empty".into(),
                "write a program and its arguments, e.g. `process:python3 device.py`",
            )),
            Some(("process", command)) => Ok(Self::Process { command: command.trim().into() }),
            Some(("onnx", path)) if path.trim().is_empty() => Err(bad(
                "the path is empty".into(),
                "write the model's path, e.g. `onnx:rnpu.onnx`",
            )),
            Some(("onnx", path)) => Ok(Self::Onnx { path: path.trim().into() }),
            Some(("linear", slopes)) => {
                let slope = |text: &str| {
                    match text.trim().parse::<f64>() {
                    Ok(value) if value.is_finite() => Ok(value),
                    _ => Err(bad(
                        format!("`{}` is not a slope", quoted(text.trim(), QUOTED_CHARS)),
                        "write one finite number in nA/V for each electrode, e.g. `linear:5,-2.5,8`",
                    )),
                }
                };
                let slopes_na_per_v = slopes.split(',').map(slope).collect::<Result<_, _>>()?;
                Ok(Self::Linear { slopes_na_per_v })
            }
            _ => Err(DeviceError::UnknownSpec { spec: quoted(spec, QUOTED_CHARS) }),
        }
    }
}

/// A temperature such as `77K`, in K.
fn temperature_k(text: &str) -> Option<f64> {
    let kelvin: f64 = text.trim().strip_suffix(['K', 'k'])?.trim_end().parse().ok()?;
    kelvin.is_finite().then_some(kelvin)
}

/// Opens the device that `spec` names: `builtin`, `hopping:SEED[@KELVIN]`, `mzi`, `mzi:SEED`, `crossbar`,
/// `crossbar:SEED`, `onnx:PATH`, `process:COMMAND` or `linear:G0,G1,...` (one slope in nA/V for each
/// electrode).
///
/// # Errors
/// One sentence that says what was found and what to change.
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
    spec.parse::<DeviceSpec>()?.open()
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
        assert_eq!(linear.gradient_na_per_v(&[0.0; 3]), Some(vec![1.0, -2.0, 30.0]));
    }

    #[test]
    fn an_unusable_specification_is_answered_by_what_to_write() {
        for spec in ["", "silicon", "hopping", "builtin:1", "Linear:1"] {
            assert!(message(spec).contains("write `builtin`"), "{}", message(spec));
        }
        assert!(message("hopping:-1").contains("`-1` is not a seed"));
        for (spec, what) in [("3@77", "`77` is"), ("3@K", "`K` is"), ("3@nanK", "`nanK` is")] {
            let message = message(&format!("hopping:{spec}"));
            assert!(message.contains(&format!("{what} no temperature")), "{message}");
        }
        assert!(message("hopping:3@4K").contains("must lie from 0.005 to 0.2 (eV)"));
        assert!(message("mzi:1.5").contains("e.g. `mzi:12`"));
        assert!(message("crossbar:").contains("e.g. `crossbar:12`"));
        assert!(message("process: ").contains("command is empty"));
        assert!(message("onnx:").contains("path is empty"));
        assert!(message("linear:1,,2").contains("`` is no slope"));
        assert!(message("linear:1,inf").contains("`inf` is no slope"));
        assert!(message("onnx:/nowhere/m.onnx").contains("check the path"));
    }
}
