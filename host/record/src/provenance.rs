//! Provenance of a run.

use hge_core::experiment::{LoopMode, Task};
use hge_driver::link::SIMULATED;
use hge_protocol::registers::map_hash;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// Where a run comes from: enough to know whether another one should equal it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of the log.
    pub format: String,
    /// Name of the run.
    pub name: String,
    /// The program.
    pub program: Program,
    /// The instrument.
    pub instrument: InstrumentFacts,
    /// Seed of starts, noise and codes.
    pub seed: u64,
    /// Who closes the loop.
    #[serde(rename = "loop")]
    pub loop_mode: LoopMode,
    /// The device was tracked after training.
    pub followed: bool,
    /// Tones, control by control.
    pub tones: Vec<ToneFacts>,
    /// Whether slopes were corrected by a calibration, which is in `calibration.json`.
    pub calibrated: bool,
    /// The computer.
    pub host: Host,
    /// Segments of the run; more than one after a resumption.
    #[serde(alias = "sittings")]
    pub segments: Vec<RunSegment>,
}

/// The program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Version.
    pub version: String,
    /// First 32 bits of the git commit, in hexadecimal digits; zeros outside a clone.
    pub commit: String,
    /// The clone held changes that were not committed when the program was built.
    pub dirty: bool,
    /// Arguments of the command line.
    pub arguments: Vec<String>,
}

/// The instrument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstrumentFacts {
    /// Where it was: `sim` in this process, or the link.
    pub link: String,
    /// Simulator of the gateware; `remote` behind a link.
    pub engine: String,
    /// The device, if it is simulated here.
    pub device: String,
    /// Hash of the register map.
    pub map_hash: String,
    /// First 32 bits of the commit its bitstream was made from; zeros in simulation.
    pub build_hash: String,
}

impl InstrumentFacts {
    /// Whether it was simulated in the program's own process.
    pub fn is_simulated(&self) -> bool {
        self.link == SIMULATED
    }
}

/// A tone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ToneFacts {
    pub electrode: usize,
    pub frequency_hz: f64,
    pub periods: u32,
    pub amplitude_v: f64,
    pub low_v: f64,
    pub high_v: f64,
}

/// A computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Host {
    pub name: String,
    pub system: String,
    pub processors: usize,
}

/// One segment of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSegment {
    /// Begin in UTC, RFC 3339.
    pub began: String,
    /// End; `None` if it was cut off or is in progress.
    pub ended: Option<String>,
    /// Duration in seconds.
    pub wall_s: Option<f64>,
    /// Error at the end, if any.
    pub failure: Option<String>,
    /// Seconds by which the computer's clock had been set back since the previous segment.
    pub clock_back_s: f64,
}

impl RunSegment {
    /// A segment that begins now.
    pub fn begin() -> Self {
        let (began, ended, wall_s, failure, clock_back_s) = (now(), None, None, None, 0.0);
        RunSegment { began, ended, wall_s, failure, clock_back_s }
    }
}

/// Now in UTC, RFC 3339.
pub(super) fn now() -> String {
    humantime::format_rfc3339_micros(SystemTime::now()).to_string()
}

impl Provenance {
    /// Provenance of a task on an instrument behind `link` (`None`: simulated in this process), with the commit `build_hash`.
    pub fn of(
        name: &str,
        task: &Task,
        link: Option<&str>,
        build_hash: u32,
        program: Program,
    ) -> Self {
        let (experiment, plan) = (&task.experiment, &task.plan);
        let controls = plan.configuration().controls.iter().enumerate();
        let tones = controls.map(|(k, control)| ToneFacts {
            electrode: control.output,
            frequency_hz: plan.grid().frequency_hz(control.cycles),
            periods: control.cycles,
            amplitude_v: plan.amplitude_v(k),
            low_v: control.low_v,
            high_v: control.high_v,
        });
        let here = |text: &str| if link.is_none() { text.to_owned() } else { "remote".to_owned() };
        Provenance {
            format: super::format::PROFILE.into(),
            name: name.into(),
            program,
            instrument: InstrumentFacts {
                link: link.unwrap_or(SIMULATED).into(),
                engine: here(experiment.engine.name()),
                device: here(&hge_sim::device::label(&experiment.device)),
                map_hash: format!("{:08x}", map_hash()),
                build_hash: format!("{build_hash:08x}"),
            },
            seed: experiment.seed,
            loop_mode: experiment.loop_mode,
            followed: false,
            tones: tones.collect(),
            calibrated: task.calibration.is_some(),
            host: Host {
                name: gethostname::gethostname().to_string_lossy().into_owned(),
                system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
                processors: std::thread::available_parallelism().map_or(1, Into::into),
            },
            segments: vec![RunSegment::begin()],
        }
    }
}
