//! Experiment files: task, device and method.
//!
//! Every key has a default, and the defaults are the experiment of `hge train GATE`. The
//! figures behind them:
//!
//! | key | default | reason |
//! |---|---|---|
//! | `rate_hz` | 5000 | ten samples a period of the fastest tone; white noise does not depend on it, simulation time does |
//! | `window_samples` | 256 | 51.2 ms: a grid of 19.5 Hz, 8 periods of the slowest tone |
//! | `amplitude_v` | 0.03 | standard error sqrt(S/T)/A = 2.3 nA/V at 2.5e-4 nA^2/Hz, beside median slopes of 2 to 18 nA/V; curvature costs 6 % at 0.02 V, 11 % at 0.1 V |
//! | `band_hz` | 150 to 500 | above mains and 1/f, below the I-V converter's pole |
//! | `ramp_v_per_s` | 180 | an input moves its 1.8 V in 10 ms |

mod analogue;
mod bench;
mod cases;
mod documentation;
mod engine;
mod file;
mod one_or_many;
mod problem_key;
mod reading;
mod resolve;
mod rule;
mod sections;
mod values;

pub use documentation::with_tables;
pub use engine::EngineKind;
pub use file::{ExperimentError, Source, GREATEST_SEED};
pub use one_or_many::OneOrMany;
pub use resolve::{context, Job, Task};
pub use sections::{
    AmplitudeChoice, CaseKeys, Cost, DataKeys, ElectrodeKeys, GuardKeys, HostKeys, StandaloneKeys,
    TargetKeys, TimingKeys, ToneKeys,
};

use crate::gate::Gate;
use hge_protocol::keys::Rule::{Entries, NotNegative, Positive, Section, Within};
use hge_protocol::{Analogue, Parameters};
use hge_sim::bench::Chain;
use sections::at_least_one;
use serde::{Deserialize, Serialize};

choices! {
    /// Where the loop is closed.
    pub enum LoopMode else Host {
        /// The host computes loss and step from streamed gradients.
        Host = "host",
        /// The gateware computes loss and step.
        Standalone = "standalone",
    }
}

hge_protocol::keys! {
    /// An experiment file.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Experiment {
        /// Gate to learn: and, or, nand, nor, xor or xnor; or give cases.
        gate: Option<Gate> = None;
        /// Seed of the random starts and the bench's noise.
        seed: u64 = 1;
        /// Maximum number of random starts.
        restarts: u32 [at_least_one("would try no start")] = 20;
        /// Required gap: lowest high output minus highest low output, without tones; the default is thirty times the standard error of a window's mean at
        /// 2.5e-4 nA²/Hz and 51.2 ms. Solved means a larger gap with 99.9 % confidence, corrected for all epochs and starts searched
        /// ([theory](theory.md#solved)).
        separation_na: f64 [NotNegative] = 1.5;
        /// Required RMS error of a task with target currents. Solved means a smaller one with 99.9 % confidence, as above.
        rms_error_na: f64 [Positive] = 0.5;
        /// Required share of right cases, in place of the gap, of a task with labels or classes. Solved means that every repeated measurement of the result has
        /// more.
        #[serde(skip_serializing_if = "Option::is_none")]
        accuracy: Option<f64> [Within(0.0, 1.0)] = None;
        /// Simulated device: [devices.md](devices.md) lists them. `process:COMMAND` runs that program. Tables `[[device]]` wire devices to each other
        /// ([devices.md](devices.md#networks)).
        #[serde(deserialize_with = "file::device")]
        device: String = "builtin".into();
        /// Simulator of the gateware (an example with `board`: `experiments/board.toml`).
        engine: EngineKind [EngineKind::RULE] = EngineKind::Model;
        /// Where the loop is closed.
        loop_mode as "loop": LoopMode [LoopMode::RULE] = LoopMode::Host;
        /// Sizes of the gateware.
        instrument: Parameters [Section(Parameters::KEYS)] = Parameters::default();
        /// Ranges, gains and offsets around the instrument; without it those stored in the instrument, or the defaults in simulation.
        #[serde(skip_serializing_if = "Option::is_none")]
        analogue: Option<Analogue> [Section(Analogue::KEYS)] = None;
        /// Noise and errors of the simulated bench.
        bench: Chain [Section(Chain::KEYS)] = Chain::default();
        /// Timing.
        timing: TimingKeys [Section(TimingKeys::KEYS)] = TimingKeys::default();
        /// Roles and ranges of the electrodes.
        electrodes: ElectrodeKeys [Section(ElectrodeKeys::KEYS)] = ElectrodeKeys::default();
        /// Tones.
        tones: ToneKeys [Section(ToneKeys::KEYS)] = ToneKeys::default();
        /// Limits of the outputs.
        guard: GuardKeys [Section(GuardKeys::KEYS)] = GuardKeys::default();
        /// The host loop.
        host: HostKeys [Section(HostKeys::KEYS)] = HostKeys::default();
        /// The standalone loop.
        standalone: StandaloneKeys [Section(StandaloneKeys::KEYS)] = StandaloneKeys::default();
        /// A file of cases, instead of a gate.
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<DataKeys> [Section(DataKeys::KEYS)] = None;
        /// Cases, instead of a gate: tables, see below.
        cases as "case": Vec<CaseKeys> [Entries(CaseKeys::KEYS)] = Vec::new();
    }
}

#[cfg(test)]
mod tests;
