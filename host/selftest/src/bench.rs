//! A simulated bench for the self-test: a resistor that can be moved from output to output, and an interlock that can be opened.

use super::Operator;
use hge_sim::device::Device;
use hge_sim::engine::{Engine, EngineError, Passed, Time};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;

/// Wire and interlock of a simulated bench. Clones share the same wire.
#[derive(Clone, Debug)]
pub struct SimulatedBench {
    connected: Arc<AtomicUsize>,
    interlock_closed: Arc<AtomicBool>,
}

impl Default for SimulatedBench {
    /// Output 0 is connected, the interlock closed.
    fn default() -> Self {
        let interlock_closed = Arc::new(AtomicBool::new(true));
        SimulatedBench { connected: Arc::default(), interlock_closed }
    }
}

impl SimulatedBench {
    /// The resistor of this conductance on the output that is connected.
    pub fn resistor(&self, outputs: usize, conductance_na_per_v: f64) -> Box<dyn Device> {
        let connected = self.connected.clone();
        Box::new(Resistor { connected, outputs, conductance_na_per_v })
    }

    /// The engine with this bench's interlock.
    pub fn interlocked(&self, engine: Box<dyn Engine>) -> Box<dyn Engine> {
        Box::new(Interlocked { engine, closed: self.interlock_closed.clone(), applied: true })
    }
}

impl Operator for SimulatedBench {
    fn connect(&mut self, output: usize) -> Result<(), String> {
        self.connected.store(output, Ordering::SeqCst);
        Ok(())
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), String> {
        self.interlock_closed.store(closed, Ordering::SeqCst);
        Ok(())
    }
}

struct Resistor {
    connected: Arc<AtomicUsize>,
    outputs: usize,
    conductance_na_per_v: f64,
}

impl Device for Resistor {
    fn name(&self) -> String {
        "resistor".into()
    }

    fn electrodes(&self) -> usize {
        self.outputs
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        let connected = self.connected.load(Ordering::SeqCst);
        let rows = voltages_v.chunks_exact(self.outputs);
        for (row, current_na) in rows.zip(current_na) {
            let volts = row.get(connected).copied().unwrap_or(0.0);
            *current_na = self.conductance_na_per_v * volts;
        }
    }

    fn jacobian_na_per_v(&self, _: &[f64]) -> Option<Vec<f64>> {
        let mut slopes = vec![0.0; self.outputs];
        *slopes.get_mut(self.connected.load(Ordering::SeqCst))? = self.conductance_na_per_v;
        Some(slopes)
    }
}

struct Interlocked {
    engine: Box<dyn Engine>,
    closed: Arc<AtomicBool>,
    applied: bool,
}

impl Interlocked {
    /// Moves the engine's interlock where the bench's is.
    fn follow(&mut self) -> Result<(), EngineError> {
        let closed = self.closed.load(Ordering::SeqCst);
        if closed != self.applied {
            self.engine.set_interlock(closed)?;
            self.applied = closed;
        }
        Ok(())
    }
}

impl Engine for Interlocked {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.follow()?;
        self.engine.send(bytes)
    }

    fn advance(
        &mut self,
        time: Time,
        samples: u32,
        room: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError> {
        self.follow()?;
        self.engine.advance(time, samples, room, into)
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError> {
        self.closed.store(closed, Ordering::SeqCst);
        self.follow()
    }
}
