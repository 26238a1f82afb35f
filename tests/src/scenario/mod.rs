//! Runs with equal bytes on every engine: a script of the host, and a bench fixed by a seed.

mod bench;
mod random;
mod script;

pub use bench::{IntegerBench, Log};
pub use random::{continuous, random};
pub use script::Script;

use hge_protocol::Parameters;
use hge_sim::bench::Bench;
use hge_sim::engine::{Engine, EngineError, Time};
use hge_sim::model::Model;
use std::sync::PoisonError;

/// A small instrument, which simulates several times as fast as the default one.
pub const LITTLE: Parameters = Parameters {
    outputs: 3,
    slots: 5,
    cases: 4,
    starts: 2,
    clock_hz: 1_000_000,
    ..Parameters::DEFAULT
};

/// A run as what the host says.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the gateware is made for.
    pub parameters: Parameters,
    /// Lines of bytes, in order.
    pub lines: Vec<Vec<u8>>,
    /// From this line on the host waits until the instrument rests before it sends the next.
    pub patience: usize,
    /// Lines that are sent after these, each a number of samples after the one before, while a run goes on.
    pub later: Vec<(u32, Vec<u8>)>,
    /// Seed of the bench.
    pub bench_seed: u64,
}

/// What an instrument sent, and at every sample the DAC codes that stood and the ADC codes given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What the host sent, line by line.
    pub lines: Vec<Vec<u8>>,
    /// Bytes of its frames.
    pub received: Vec<u8>,
    /// Codes and ADC codes of every sample.
    pub samples: Vec<(Vec<i16>, Vec<i16>)>,
}

impl Scenario {
    /// What the engine that `open` wires to the bench says, to each line and until it is at rest; and the engine.
    ///
    /// # Errors
    /// The engine is not there.
    ///
    /// # Panics
    /// It is lost.
    pub fn record<E: Engine>(
        &self,
        open: impl FnOnce(Box<dyn Bench>) -> Result<E, EngineError>,
    ) -> Result<(E, Record), EngineError> {
        let Parameters { outputs, inputs, .. } = self.parameters;
        let bench = IntegerBench::new(outputs, inputs, self.bench_seed);
        let log = bench.log.clone();
        let mut engine = open(Box::new(bench))?;
        let received = self.play(&mut engine).unwrap_or_else(|error| panic!("{error}"));
        let samples = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let later = self.later.iter().map(|(_, line)| line);
        let lines = self.lines.iter().chain(later).cloned().collect();
        Ok((engine, Record { lines, received, samples }))
    }

    fn play(&self, engine: &mut dyn Engine) -> Result<Vec<u8>, EngineError> {
        let mut received = Vec::new();
        for (number, line) in self.lines.iter().enumerate() {
            engine.send(line)?;
            if number >= self.patience {
                while engine.receive(&mut received)? {}
            }
        }
        for (samples, line) in &self.later {
            engine.advance(Time::Virtual, *samples, usize::MAX, &mut received)?;
            engine.send(line)?;
        }
        while engine.receive(&mut received)? {}
        Ok(received)
    }

    /// What the model says.
    ///
    /// # Errors
    /// None of the model's own.
    pub fn model_record(&self) -> Result<Record, EngineError> {
        let open = |bench| Ok(Model::new(self.parameters, bench));
        self.record(open).map(|(_, record)| record)
    }

    /// Plays on the engine that `open` wires to the bench, and on the model: every byte, DAC code and ADC code must
    /// agree. The engine, as the run left it.
    ///
    /// # Errors
    /// The engine is not there.
    ///
    /// # Panics
    /// They do not agree, or the engine is lost.
    pub fn assert_equals_model<E: Engine>(
        &self,
        open: impl FnOnce(Box<dyn Bench>) -> Result<E, EngineError>,
    ) -> Result<E, EngineError> {
        let (engine, found) = self.record(open)?;
        let model = self.model_record()?;
        let sample = model.samples.iter().zip(&found.samples).position(|(one, other)| one != other);
        assert_eq!(sample, None, "first sample that differs, of {}", model.samples.len());
        assert_eq!(model.samples.len(), found.samples.len(), "samples");
        let byte = model.received.iter().zip(&found.received).position(|(one, other)| one != other);
        assert_eq!(byte, None, "first byte that differs, of {}", model.received.len());
        assert_eq!(model.received.len(), found.received.len(), "bytes");
        assert!(!model.samples.is_empty() && !model.received.is_empty());
        Ok(engine)
    }
}
