//! Opening of the engines.

use hge_core::experiment::EngineKind;
use hge_gateware::board::Converters;
use hge_gateware::converter::{AdcPart, DacPart};
use hge_gateware::link::line::Line;
use hge_protocol::recording::Recording;
use hge_protocol::Parameters;
use hge_sim::bench::{Bench, Delayed};
use hge_sim::engine::{Engine, EngineError};
use hge_sim::model::Model;
use hge_sim::rtl;
use hge_sim::verilog::{BoardEngine, Compiler, VerilogEngine};

/// Opens an instrument with these generics, connected to `bench` by converters with their latency.
///
/// # Errors
/// The engine is not there or cannot be built.
pub fn open_engine(
    kind: EngineKind,
    parameters: Parameters,
    bench: Box<dyn Bench>,
) -> Result<Box<dyn Engine>, EngineError> {
    let late = |bench| behind_converters(&parameters, bench);
    match kind {
        EngineKind::Model => Ok(Box::new(Model::new(parameters, late(bench)))),
        EngineKind::Rtl => rtl::open(parameters, late(bench)),
        EngineKind::Verilog => Ok(Box::new(VerilogEngine::new(parameters, late(bench))?)),
        EngineKind::Board => board(&parameters, bench),
    }
}

/// Clocks a bit of a simulated board's line, so that no time is lost: 3 Mbaud at 24 MHz.
const CLOCKS_PER_BIT: u32 = 8;

/// A board's top with the converters that have these widths.
fn board(parameters: &Parameters, bench: Box<dyn Bench>) -> Result<Box<dyn Engine>, EngineError> {
    let tool = |problem: String| EngineError::Tool(problem);
    let dac = DacPart::ALL.into_iter().find(|part| part.bits() == parameters.dac_bits);
    let adc = AdcPart::ALL.into_iter().find(|part| part.bits() == parameters.adc_bits);
    let (Some(dac), Some(adc)) = (dac, adc) else {
        return Err(tool(format!(
            "a board has a DAC of 12, 14 or 16 bits and an ADC of 12 or 16, not {} and {}: set \
             instrument.dac_bits and instrument.adc_bits",
            parameters.dac_bits, parameters.adc_bits
        )));
    };
    let converters = Converters { dac, adc };
    let made = converters.parameters(parameters).map_err(|error| tool(error.to_string()))?;
    if made != *parameters {
        return Err(tool(format!(
            "a board with an {} and an {} has another latency or minimum period: \
             set instrument.converter_latency_samples = {} and instrument.converter_period_clocks = {}",
            dac.name(),
            adc.name(),
            made.converter_latency_samples,
            made.converter_period_clocks
        )));
    }
    let compiler = Compiler::locate()?;
    let none = Recording::default();
    let line = Line::Uart { baud: parameters.clock_hz / CLOCKS_PER_BIT };
    let engine = BoardEngine::new(&compiler, parameters, converters, line, &none, bench)?;
    Ok(Box::new(engine))
}

fn behind_converters(parameters: &Parameters, bench: Box<dyn Bench>) -> Box<dyn Bench> {
    match parameters.converter_latency_samples as usize {
        0 => bench,
        latency => Box::new(Delayed::new(bench, parameters.outputs as usize, latency)),
    }
}
