//! State of a training between epochs.

use super::significance::Test;
use super::{HostState, Outcome};
use crate::experiment::Experiment;
use crate::targets::Targets;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// State of a training: everything needed to continue, besides the instrument.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Between two epochs of the loop through the host.
    Host(Box<HostState>),
    /// Between two runs of the standalone loop.
    Standalone(Box<StandaloneState>),
}

/// State of a standalone training between two runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StandaloneState {
    /// Draws the starts to come.
    pub(super) starts: ChaCha8Rng,
    /// Runs made.
    pub runs: usize,
    /// Epochs of all starts.
    pub epochs: u32,
    /// Starts tried.
    pub restarts: u32,
    pub(super) saturated: bool,
    /// Starts in which outputs clipped.
    #[serde(default)]
    pub(super) clipped_starts: u32,
    /// Samples of all runs.
    pub samples: u64,
    pub(super) best: Option<Outcome>,
}

impl StandaloneState {
    /// Before the first start, which `starts` draws.
    pub(super) fn new(starts: ChaCha8Rng) -> Self {
        StandaloneState {
            starts,
            runs: 0,
            epochs: 0,
            restarts: 0,
            saturated: false,
            clipped_starts: 0,
            samples: 0,
            best: None,
        }
    }

    pub(super) fn test(&self, experiment: &Experiment, targets: &Targets) -> Test {
        Test::of(experiment, targets, self.epochs + self.restarts)
    }

    pub(super) fn is_over(&self, experiment: &Experiment) -> bool {
        let solved = self.best.as_ref().is_some_and(|best| best.solved);
        solved || self.restarts >= experiment.restarts
    }
}
