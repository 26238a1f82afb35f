//! What is to be learnt, on what, and how: the content of an experiment file.
//!
//! Every key has a default, and the defaults are the experiment that `hge train GATE` runs. The
//! figures behind them:
//!
//! | key | default | reason |
//! |---|---|---|
//! | `rate_hz` | 5000 | ten samples a period of the fastest tone; white noise does not depend on it, simulation time does |
//! | `window_samples` | 256 | 51.2 ms: three periods of mains less 9 ms, 10 periods of the slowest tone |
//! | `amplitude_v` | 0.03 | standard error sqrt(S/T)/A = 2.3 nA/V at 2.5e-4 nA^2/Hz, beside slopes of 2 to 18 nA/V; curvature costs 7 % there, 11 % at 0.1 V |
//! | `band_hz` | 150 to 500 | above mains and 1/f, below the I-V converter's pole |
//! | `ramp_v_per_s` | 180 | an input moves its 1.8 V in 10 ms |

mod file;
mod resolve;

pub use file::{ExperimentError, Source};
pub use resolve::Job;

use crate::engine::EngineKind;
use crate::gate::Gate;
use crate::gradient::Estimator;
use crate::loss::Loss;
use crate::optimiser::Rule;
use serde::{Deserialize, Serialize};

/// Who closes the loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Closing {
    /// The host computes loss and step from streamed gradients.
    #[default]
    Host,
    /// The gateware alone.
    Standalone,
}

impl Closing {
    /// Name, as in `--loop NAME`.
    pub fn name(self) -> &'static str {
        match self {
            Closing::Host => "host",
            Closing::Standalone => "standalone",
        }
    }
}

/// An experiment file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Experiment {
    /// Gate to learn; or give `case` tables.
    pub gate: Option<Gate>,
    /// Fixes the random starts and the bench's noise.
    pub seed: u64,
    /// Random starts at most.
    pub restarts: u32,
    /// Device: `builtin`, `hopping:SEED`, `onnx:PATH` or `linear:G0,G1,...`.
    pub device: String,
    /// What executes the gateware.
    pub engine: EngineKind,
    /// Who closes the loop.
    #[serde(rename = "loop")]
    pub closing: Closing,
    /// What the gateware is generated for.
    pub instrument: InstrumentKeys,
    /// Converters, I-V converter and noise.
    pub bench: BenchKeys,
    /// Pace.
    pub timing: TimingKeys,
    /// Roles and ranges of the electrodes.
    pub electrodes: ElectrodeKeys,
    /// Perturbation.
    pub tones: ToneKeys,
    /// Limits of the outputs.
    pub guard: GuardKeys,
    /// The loop through the host.
    pub host: HostKeys,
    /// The loop inside the gateware.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StandaloneKeys {
    /// Which side of the target costs.
    pub cost: Cost,
    /// Targets and rates, taken in turn: one run of the gateware each.
    pub targets: Vec<TargetKeys>,
    /// Starts of one run, before the next targets are tried.
    pub starts_per_run: u32,
    /// Weigh the rarer label up, so that both labels weigh alike.
    pub balance: bool,
    /// Epochs a start.
    pub epochs: u32,
    /// The run ends when the errors are so small that the outputs are surely this far apart.
    pub stop_separation_na: f64,
}

impl Default for StandaloneKeys {
    fn default() -> Self {
        StandaloneKeys {
            cost: Cost::Margin,
            targets: vec![
                TargetKeys { high_na: -15.0, low_na: -35.0, rate_v2_per_na2: 3e-5 },
                TargetKeys { high_na: 6.0, low_na: 0.0, rate_v2_per_na2: 5e-3 },
            ],
            starts_per_run: 4,
            balance: false,
            epochs: 200,
            stop_separation_na: 2.0,
        }
    }
}

/// What one run of the gateware aims at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetKeys {
    /// Current wanted of high cases.
    pub high_na: f64,
    /// Current wanted of low cases.
    pub low_na: f64,
    /// Step of a control for an error of 1 nA and a slope of 1 nA/V.
    pub rate_v2_per_na2: f64,
}

/// One case of a data set of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseKeys {
    /// Voltage of every input electrode.
    pub inputs_v: Vec<f64>,
    /// Label.
    pub high: bool,
}
