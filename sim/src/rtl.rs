//! The engine of rust-hdl's own simulation of the gateware, clock by clock.

use crate::bench::Bench;
use crate::engine::{Engine, EngineError, Passed, Time};
use hge_gateware::engine::{Pass, Pipelined, Stepped};
use hge_gateware::gated::{clock_edge, MOST_PASSES};
use hge_gateware::instrument::Instrument;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;
use std::collections::VecDeque;

/// Idle clocks after which no byte can follow: a byte taken shows in the link's state two clocks later.
const QUIET_CLOCKS: u32 = 8;

/// Outputs of a clock.
struct Clocked {
    /// Byte that the instrument sent.
    sent: Option<u8>,
    /// A sample began.
    tick: bool,
}

/// The instrument made for `parameters` in rust-hdl's simulation, after its power-on reset.
///
/// # Errors
/// A generic out of range.
pub fn open(parameters: Parameters, bench: Box<dyn Bench>) -> Result<Box<dyn Engine>, EngineError> {
    Ok(match parameters.slot_clocks {
        1 => Box::new(RtlEngine::<Pipelined>::new(parameters, bench)?),
        _ => Box::new(RtlEngine::<Stepped>::new(parameters, bench)?),
    })
}

/// The instrument in rust-hdl's simulation, wired to a bench.
pub struct RtlEngine<P: Pass> {
    instrument: Box<Instrument<P>>,
    bench: Box<dyn Bench>,
    codes: Vec<i16>,
    input: VecDeque<u8>,
    /// The instrument was not at rest in the last clock.
    stirs: bool,
}

impl<P: Pass> RtlEngine<P> {
    /// An instrument after its power-on reset.
    ///
    /// # Errors
    /// A generic out of range.
    pub fn new(parameters: Parameters, bench: Box<dyn Bench>) -> Result<Self, EngineError> {
        let instrument =
            Instrument::new(&parameters).map_err(|error| EngineError::Tool(error.to_string()))?;
        let mut engine = RtlEngine {
            instrument: Box::new(instrument),
            bench,
            codes: vec![0; parameters.outputs as usize],
            input: VecDeque::new(),
            stirs: false,
        };
        engine.instrument.locked.next = true;
        engine.instrument.interlock.next = true;
        Ok(engine)
    }

    /// One clock.
    fn clock(&mut self) -> Result<Clocked, EngineError> {
        let instrument = &mut *self.instrument;
        let waiting = self.input.front().copied();
        instrument.rx_valid.next = waiting.is_some();
        instrument.rx_byte.next = Bits::from(u64::from(waiting.unwrap_or(0)));
        settle(instrument)?;
        let tick = instrument.tick.val();
        if tick {
            let mut adc = vec![0; instrument.adc.len()];
            self.bench.samples(&self.codes, &mut adc);
            for (pin, code) in instrument.adc.iter_mut().zip(adc) {
                pin.next = signed_cast(Bits::from(u64::from(code as u16)));
            }
            // The code must stand before the edge that takes it.
            settle(instrument)?;
        }
        if instrument.dac_write.val() {
            let index = instrument.dac_index.val().index();
            if let Some(code) = self.codes.get_mut(index) {
                *code = instrument.dac_code.val().inner().to_u16() as i16;
            }
        }
        if waiting.is_some() && instrument.rx_ready.val() {
            self.input.pop_front();
        }
        let sends = instrument.tx_valid.val() && instrument.tx_ready.val();
        let sent = sends.then(|| instrument.tx_byte.val().to_u8());
        self.stirs = !instrument.resting.val();
        clock_edge(instrument);
        Ok(Clocked { sent, tick })
    }
}

fn settle<P: Pass>(instrument: &mut Instrument<P>) -> Result<(), EngineError> {
    if simulate(instrument, MOST_PASSES) {
        Ok(())
    } else {
        Err(EngineError::Tool("the gateware's signals do not settle".into()))
    }
}

impl<P: Pass> Engine for RtlEngine<P> {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.input.extend(bytes);
        Ok(())
    }

    fn advance(
        &mut self,
        time: Time,
        samples: u32,
        room: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError> {
        let most = into.len().saturating_add(room);
        let (mut passed, mut quiet) = (0, 0);
        self.instrument.hold.next = time == Time::Virtual;
        loop {
            let full = into.len() >= most;
            self.instrument.tx_ready.next = !full;
            let Clocked { sent, tick } = self.clock()?;
            into.extend(sent);
            passed += u32::from(tick);
            let stirs = sent.is_some() || !self.input.is_empty() || self.stirs;
            quiet = if stirs { 0 } else { quiet + 1 };
            let resting = quiet >= QUIET_CLOCKS;
            let stands = time == Time::Virtual && (resting || full);
            if passed >= samples || stands {
                return Ok(Passed { samples: passed, resting });
            }
        }
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError> {
        self.instrument.interlock.next = closed;
        Ok(())
    }
}
