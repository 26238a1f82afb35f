//! Converters on a board's pins, connected to the bench.

use super::{AdcKind, ConverterFault, DacKind, DacPins, Place, SpiAdc, SpiDac, PS_PER_NS};
use crate::bench::Bench;

/// Longest that a DAC's outputs take to settle.
const SETTLING_PS: u64 = 10_000 * PS_PER_NS;

/// Setup time of the board's flip-flop, pads included.
const SET_UP_PS: u64 = 5 * PS_PER_NS;

/// Levels of a board's pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pins {
    /// The DAC.
    pub dac: DacPins,
    /// The ADC's serial clock.
    pub adc_sclk: bool,
    /// The ADC's select line.
    pub adc_cs_n: bool,
    /// The switch behind the DAC is closed; while it is open every electrode is at zero volts.
    pub output_enable: bool,
}

/// DAC, bench and ADC.
///
/// The bench is asked once for every update of the outputs, and its answer holds for all conversions until the next.
pub struct Circuit {
    dac: SpiDac,
    adc: SpiAdc,
    bench: Box<dyn Bench>,
    outputs: usize,
    pins: Option<Pins>,
    /// Updates that the bench knows of, and its answer.
    updates: u64,
    input: i16,
    samples: u64,
}

impl Circuit {
    /// Just powered up; `outputs` of the DAC's eight lead to the bench.
    pub fn new(dac: DacKind, adc: AdcKind, outputs: usize, bench: Box<dyn Bench>) -> Self {
        Circuit {
            dac: SpiDac::new(dac),
            adc: SpiAdc::new(adc),
            bench,
            outputs,
            pins: None,
            updates: 0,
            input: 0,
            samples: 0,
        }
    }

    /// Levels from `at_ps` on; `sampled` is the level of the ADC's line that the board took at `at_ps`, if it took one.
    ///
    /// # Errors
    /// A part is driven as its data sheet forbids, outputs had not settled when they were measured, or the board took a
    /// bit that the ADC did not give.
    pub fn step(&mut self, at_ps: u64, pins: Pins, sampled: bool) -> Result<(), ConverterFault> {
        let place = Place { part: "board", at_ps };
        let before = self.pins.replace(pins).unwrap_or(pins);
        if before.adc_sclk && !pins.adc_sclk && !before.adc_cs_n {
            let given = self.adc.data_at(at_ps.saturating_sub(SET_UP_PS));
            if given != Some(sampled) {
                let what = format!("the bit {sampled} is taken while the ADC gives {given:?}");
                return Err(place.wrong(what));
            }
        }
        self.dac.step(at_ps, pins.dac)?;
        let (updated_ps, updates) = self.dac.updated();
        if self.adc.samples(pins.adc_cs_n) {
            place.least("settling of the outputs before a conversion", updated_ps, SETTLING_PS)?;
            if updates != self.updates {
                self.updates = updates;
                self.samples += 1;
                let closed = pins.output_enable;
                let codes = self.dac.codes().map(|code| if closed { code } else { 0 });
                let mut adc = [0];
                self.bench.samples(&codes[..self.outputs], &mut adc);
                self.input = adc[0];
            }
        }
        self.adc.step(at_ps, pins.adc_sclk, pins.adc_cs_n, self.input)
    }

    /// Samples computed by the bench.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The levels now; none before the first.
    pub fn pins(&self) -> Option<Pins> {
        self.pins
    }

    /// The DAC.
    pub fn dac(&self) -> &SpiDac {
        &self.dac
    }

    /// The ADC.
    pub fn adc(&self) -> &SpiAdc {
        &self.adc
    }
}
