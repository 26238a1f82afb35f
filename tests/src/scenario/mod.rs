//! Runs that every engine must answer with the same bytes: what a host says, and a bench fixed by a seed.

mod bench;
mod random;
mod script;

pub use bench::{IntegerBench, Log};
pub use random::random;
pub use script::Script;

use hge_protocol::Parameters;
use hge_sim::engine::{Engine, EngineError};
use hge_sim::model::Model;

/// A run as what the host says.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the gateware is made for.
    pub parameters: Parameters,
    /// Lines of bytes, in order.
    pub lines: Vec<Vec<u8>>,
    /// From this line on the host waits until the instrument rests before it sends the next.
    pub patience: usize,
    /// Seed of the bench.
    pub bench_seed: u64,
}

impl Scenario {
    /// The bench of this scenario.
    pub fn bench(&self) -> IntegerBench {
        IntegerBench::new(self.parameters.outputs, self.bench_seed)
    }

    /// All that `engine` says: to each line, then until it is at rest.
    ///
    /// # Errors
    /// The engine is lost.
    pub fn play(&self, engine: &mut dyn Engine) -> Result<Vec<u8>, EngineError> {
        let mut said = Vec::new();
        for (number, line) in self.lines.iter().enumerate() {
            engine.send(line)?;
            if number >= self.patience {
                while engine.receive(&mut said)? {}
            }
        }
        Ok(said)
    }

    /// Plays on `engine`, whose bench keeps `log`, and on the model: every byte, DAC code and ADC code must agree.
    ///
    /// # Panics
    /// They do not, or the engine is lost.
    pub fn assert_equals_model(&self, engine: &mut dyn Engine, log: &Log) {
        let bench = self.bench();
        let model_log = bench.log.clone();
        let mut model = Model::new(self.parameters, Box::new(bench));
        let lost = |error: EngineError| -> Vec<u8> { panic!("{error}") };
        let from_model = self.play(&mut model).unwrap_or_else(lost);
        let from_engine = self.play(engine).unwrap_or_else(lost);
        let entries = |log: &Log| log.lock().map(|log| log.clone()).unwrap_or_default();
        let (of_model, of_engine) = (entries(&model_log), entries(log));
        let sample = of_model.iter().zip(&of_engine).position(|(one, other)| one != other);
        assert_eq!(sample, None, "first sample that differs, of {}", of_model.len());
        assert_eq!(of_model.len(), of_engine.len(), "samples");
        let byte = from_model.iter().zip(&from_engine).position(|(one, other)| one != other);
        assert_eq!(byte, None, "first byte that differs, of {}", from_model.len());
        assert_eq!(from_model.len(), from_engine.len(), "bytes");
        assert!(!of_model.is_empty() && !from_model.is_empty());
    }
}
