//! The sections of an experiment file.

use super::file;
use super::one_or_many::OneOrMany;
use crate::gradient::Estimator;
use crate::loss::Loss;
use crate::method::Method;
use crate::optimiser;
use crate::settling::{Correction, Unsettled};
use hge_protocol::keys;
use hge_protocol::keys::Rule::{
    self, Count, Entries, NotNegative, Positive, PositiveToDacRange, Share, Within,
};
use serde::{Deserialize, Serialize};

/// What a register of 16 bits counts.
const EPOCHS: Rule = Count { least: 1, most: 65535, problem: "cannot be run" };

/// A count of which none makes no sense, with what it would do.
pub(super) const fn at_least_one(problem: &'static str) -> Rule {
    Count { least: 1, most: u32::MAX, problem }
}

keys! {
    /// Timing, see [`crate::plan::Timing`].
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct TimingKeys {
        /// Samples a second; rounded to a whole number of clocks and reported.
        rate_hz: f64 [Positive] = 5000.0;
        /// A power of two, 16 to 65536.
        window_samples: u32 = 256;
        /// Wait after a ramp, tones off.
        settle_s: f64 [NotNegative] = 0.002;
        /// Time with tones on before the window.
        lead_in_s: f64 [NotNegative] = 0.002;
        /// Rate of all ramps.
        ramp_v_per_s: f64 [Positive] = 180.0;
        /// Minimum gap between a window and the next ramp; longer where the gateware needs more time.
        gap_samples: u32 = 4;
        /// Window records with 16 bits a sum and one exponent for all, a third of the bytes, for slow lines: a slope is exact to a part in 2^14 of the
        /// largest answer ([protocol.md](protocol.md#telemetry)).
        compact_records: bool = false;
        /// One case without dead time: tones run on from window to window. An update of the standalone loop acts one window late, stable for half the rates; a step of
        /// the host's loop follows from the first window with its controls ([standalone.md](standalone.md#continuous-mode)). Needs `instrument.update = "hardware"`.
        continuous: bool = false;
    }
}

keys! {
    /// Roles of the electrodes; electrode i is connected to output i, counted from 0.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct ElectrodeKeys {
        /// Electrodes that carry the inputs.
        inputs: Vec<usize> = vec![1, 2];
        /// Voltage of a logic 0.
        input_low_v: f64 = -1.2;
        /// Voltage of a logic 1.
        input_high_v: f64 = 0.6;
        /// Electrodes that are trained.
        controls: Vec<usize> = vec![0, 3, 4, 5, 6];
        /// Low ends of the controls' ranges, tone included.
        control_low_v: Vec<f64> = vec![-1.2, -1.2, -1.2, -0.7, -0.7];
        /// High ends of the controls' ranges, tone included.
        control_high_v: Vec<f64> = vec![0.6, 0.6, 0.6, 0.3, 0.3];
    }
}

/// Choice of amplitudes that are not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AmplitudeChoice {
    /// From the device's curvature and noise, measured before the run: [`crate::measure::amplitudes`].
    Auto,
}

keys! {
    /// Tones.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct ToneKeys {
        /// auto: `hge train` and `hge gradient` choose the amplitude of each control, from a quarter of `amplitude_v` to twice of it, from the device's
        /// curvature and noise: the least sum of squared bias and squared standard error, of one window for `train` and of `--windows` for `gradient`
        /// ([theory.md](theory.md#amplitude-from-curvature-and-noise)). This takes 384 windows of four cases, 23 s with the default timing. The run's record
        /// stores the result as `amplitudes_v`, which `replay` and `resume` use; it is also in `--json`. Excludes `amplitudes_v`; other commands take
        /// `amplitude_v`.
        #[serde(skip_serializing_if = "Option::is_none")]
        amplitude: Option<AmplitudeChoice> = None;
        /// Amplitude of every tone.
        amplitude_v: f64 [Positive] = 0.03;
        /// Amplitudes control by control, instead.
        amplitudes_v: Option<Vec<f64>> [Positive] = None;
        /// Band in which tones are chosen so that no product of second order, and where possible none of third, falls on a tone, and no pair has crosstalk
        /// above -105 dB ([theory.md](theory.md#planning-of-tones)).
        #[serde(deserialize_with = "file::pair")]
        band_hz: [f64; 2] [NotNegative] = [150.0, 500.0];
        /// Mains frequency whose harmonics chosen tones avoid; default `bench.hum_hz`, if the bench has hum.
        mains_hz: Option<f64> [Within(1e-6, 1e9)] = None;
        /// Frequencies control by control, instead; on the grid of rate_hz / window_samples; pairs with crosstalk above -100 dB get a warning.
        frequencies_hz: Option<Vec<f64>> = None;
        /// First-order noise shaping of the bits that the DAC drops; useful from 4096 samples a window. It allows amplitudes down to a quarter of the DAC's
        /// step instead of one step: at 95 of 100 voltages a tone of 0.3 steps at 0.9 % of the rate is exact to 0.28 %, without shaping to 103 % (`cargo
        /// test --release -p hge-tests --test experiments small_signals -- --nocapture`).
        shaping: bool = false;
    }
}

impl ToneKeys {
    /// Replaces the choice by chosen amplitudes.
    pub fn take(&mut self, amplitudes_v: Vec<f64>) {
        (self.amplitude, self.amplitudes_v) = (None, Some(amplitudes_v));
    }
}

keys! {
    /// The guard. By default its limits are the electrodes' ranges.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct GuardKeys {
        /// Low limit of every output.
        low_v: Option<f64> = None;
        /// High limit of every output.
        high_v: Option<f64> = None;
        /// Maximum step a sample.
        step_v: Option<f64> [Positive] = None;
        /// The guard trips when the magnitude of four samples in a row reaches this current; without it there is no over-current trip.
        overcurrent_na: Option<f64> [Positive] = None;
    }
}

keys! {
    /// The host loop.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct HostKeys {
        /// Loss function. Default: cor-sigmoid for labels, cross-entropy for classes, mse for target currents.
        #[serde(skip_serializing_if = "Option::is_none")]
        loss: Option<Loss> [Loss::RULE] = None;
        /// Rule from a gradient to a step.
        optimiser: optimiser::Rule [optimiser::Rule::RULE] = optimiser::Rule::Adam;
        /// Adam's step.
        adam_rate_v: f64 [PositiveToDacRange] = 0.02;
        /// Rate of the other optimisers, V² a unit of loss.
        descent_rate_v2: f64 [Positive] = 0.02;
        /// Rate of the natural gradient, nA² a unit of loss: 0.5 is a full Gauss-Newton step under mse.
        natural_rate_na2: f64 [Positive] = 0.5;
        /// Damping of the natural gradient: what is added to every diagonal entry of the mean outer product of the slopes, as a share of their mean. Of
        /// levenberg-marquardt and newton that of a start's first step, a share of the mean size of the diagonal of the loss's second derivatives.
        damping: f64 [Positive] = 0.1;
        /// Decay of past gradients under momentum.
        momentum: f64 [Share] = 0.9;
        /// Method of measuring slopes. With `cost` the lock-in multiplies the squared distance from the target, and `loss` must be mse.
        method: Method [Method::RULE] = Method::Homodyne;
        /// Estimator of derivatives.
        estimator: Estimator [Estimator::RULE] = Estimator::InPhase;
        /// Correction of a current that drifts during a window.
        drift: Correction [Correction::RULE] = Correction::Calibrated;
        /// Time constant, if `drift` is a relaxation.
        relaxation_s: f64 [Within(1e-6, 1e6)] = 0.022;
        /// Treatment of windows whose drift may shift a slope by more than 2 % and its error.
        unsettled: Unsettled [Unsettled::RULE] = Unsettled::Flag;
        /// Maximum epochs a start.
        epochs: u32 [EPOCHS] = 200;
        /// A start ends at this loss once its outputs are 1.5 nA apart.
        stop_loss: f64 [NotNegative] = 0.3;
        /// A start ends when its loss has not fallen by 2 % in this number of epochs; of a file of cases, of passes over them.
        patience_epochs: u32 [at_least_one("would end every start at once")] = 60;
        /// Target current of high cases, under mse.
        high_na: f64 = 20.0;
        /// Target current of low cases, under mse.
        low_na: f64 = 0.0;
        /// Current that changes the odds of two classes by a factor of e, under cross-entropy.
        softmax_na: f64 [Positive] = 3.0;
    }
}

choices! {
    /// Outputs with an error in the standalone loop.
    pub enum Cost else Margin {
        /// Squared distance from the target, on both sides.
        Squared = "squared",
        /// High cases have an error only below `high_na`, low cases only above `low_na`.
        Margin = "margin",
    }
}

keys! {
    /// The standalone loop.
    ///
    /// A loss local to a case needs levels in nA, and no single pair suits every gate and device. Shares
    /// of ten to twelve starts that solve AND OR NAND NOR XOR XNOR, on which the defaults were tuned:
    ///
    /// | targets | rate | built-in | measured surrogate |
    /// |---|---|---|---|
    /// | 10/0 nA | 1e-4 | .9 1 .4 .2 .5 0 | .6 .9 .9 .9 .8 .1 |
    /// | -15/-35 nA | 3e-5 | NOR .58, XNOR .42 | |
    /// | 6/0 nA | 5e-3 | | AND 1, XNOR .67 |
    ///
    /// In turn, four starts each, on seeds 101 to 108 not used for the tuning: all solved within 20
    /// starts except one XNOR in eight on the surrogate. Two-sided squared error at 20/0 nA and 5e-5 solved
    /// NOR on the built-in device from none of 100 starts.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct StandaloneKeys {
        /// Side of the target with an error.
        cost: Cost [Cost::RULE] = Cost::Margin;
        /// List of `high_na`, `low_na`, `rate_v2_per_na2`, one run each, in turn.
        targets: Vec<TargetKeys> [Entries(TargetKeys::KEYS)] = vec![
            TargetKeys { high_na: 10.0, low_na: 0.0, rate_v2_per_na2: 1e-4 },
            TargetKeys { high_na: -15.0, low_na: -35.0, rate_v2_per_na2: 3e-5 },
            TargetKeys { high_na: 6.0, low_na: 0.0, rate_v2_per_na2: 5e-3 },
        ];
        /// Starts of one run.
        starts_per_run: u32 [at_least_one("would try no start")] = 4;
        /// Give the rarer label a larger weight.
        balance: bool = false;
        /// Epochs a start.
        epochs: u32 [EPOCHS] = 200;
        /// A run ends when its errors are so small that the outputs must be at least this far apart.
        stop_separation_na: f64 [NotNegative] = 2.0;
    }
}

keys! {
    /// What one run of the gateware aims at.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct TargetKeys {
        /// Target current of high cases.
        high_na: f64;
        /// Target current of low cases.
        low_na: f64;
        /// Step of a control for an error of 1 nA and a slope of 1 nA/V.
        rate_v2_per_na2: f64 [Positive];
    }
}

keys! {
    /// One case. Exactly one of `high`, `class` and `target_na` is given, the same one in all cases.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct CaseKeys {
        /// Voltage of every input electrode.
        inputs_v: Vec<f64>;
        /// Label, or one for every output: high outputs must be `separation_na` above low ones. Each output has its own threshold.
        high: Option<OneOrMany<bool>>;
        /// Output that must be above all others of the case, counted from 0, each less an offset that is learnt.
        class: Option<usize>;
        /// Target current, or one for every output. Solved means an RMS error below `rms_error_na`.
        target_na: Option<OneOrMany<f64>>;
        /// Weight of the squared error from `target_na`, or one for every output; default 1.
        weight: Option<OneOrMany<f64>> [NotNegative];
    }
}

impl CaseKeys {
    /// A case with one label.
    pub fn labelled(inputs_v: Vec<f64>, high: bool) -> Self {
        CaseKeys {
            inputs_v,
            high: Some(OneOrMany::One(high)),
            class: None,
            target_na: None,
            weight: None,
        }
    }
}

keys! {
    /// A file of cases. Paths are relative to the experiment's folder.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct DataKeys {
        /// File.csv with a line of column names, or file.npz with one-dimensional arrays, each a column.
        file: String = String::new();
        /// Columns of the input voltages, in the order of `electrodes.inputs`.
        inputs: Vec<String> = Vec::new();
        /// Column of the label, 0 or 1, or one column for every output.
        #[serde(skip_serializing_if = "Option::is_none")]
        high: Option<Vec<String>> = None;
        /// Column of the class: the output that must be above all others, counted from 0.
        class: Option<String> = None;
        /// Column of the target current, nA, or one column for every output.
        #[serde(skip_serializing_if = "Option::is_none")]
        target_na: Option<Vec<String>> = None;
        /// Column of the weight of the squared error from `target_na`, or one column for every output.
        #[serde(skip_serializing_if = "Option::is_none")]
        weight: Option<Vec<String>> = None;
        /// Cases of an epoch, at most `instrument.cases`; default: as many as the instrument has. Every pass draws them in a new order.
        batch: Option<u32> [at_least_one("would train on nothing")] = None;
        /// Share of the cases that choose the best epoch and end a start, but are not trained on.
        validation_share: f64 [Share] = 0.0;
        /// Share of the cases that only the result is measured on.
        test_share: f64 [Share] = 0.0;
    }
}
