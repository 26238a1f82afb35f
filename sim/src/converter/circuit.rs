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
    /// The DACs' serial clock.
    pub dac_sclk: bool,
    /// The DACs' select line, low for a frame.
    pub dac_sync_n: bool,
    /// The DACs' data lines, a bit a chip.
    pub dac_data: u8,
    /// The ADC's serial clock.
    pub adc_sclk: bool,
    /// The ADC's select line.
    pub adc_cs_n: bool,
    /// The switch behind the DAC is closed; while it is open every electrode is at zero volts.
    pub output_enable: bool,
}

/// DACs, bench and an ADC for each input. With n DACs output k is channel k div n of DAC k mod n.
///
/// The bench is asked once for every update of the outputs, and its answer holds for all conversions until the next.
pub struct Circuit {
    dacs: Vec<SpiDac>,
    adcs: Vec<SpiAdc>,
    bench: Box<dyn Bench>,
    outputs: usize,
    pins: Option<Pins>,
    /// Updates that the bench knows of, and its answer.
    updates: u64,
    inputs: Vec<i16>,
    samples: u64,
}

impl Circuit {
    /// Just powered up; `outputs` of the channels lead to the bench, of as many DACs as they take (1, 2, 4 or 8), and `inputs` ADCs measure it.
    pub fn new(
        dac: DacKind,
        adc: AdcKind,
        outputs: usize,
        inputs: usize,
        bench: Box<dyn Bench>,
    ) -> Self {
        Circuit {
            dacs: (0..outputs.div_ceil(8).next_power_of_two()).map(|_| SpiDac::new(dac)).collect(),
            adcs: (0..inputs).map(|_| SpiAdc::new(adc)).collect(),
            bench,
            outputs,
            pins: None,
            updates: 0,
            inputs: vec![0; inputs],
            samples: 0,
        }
    }

    /// Levels from `at_ps` on; `sampled` has a bit for each input, the level of its ADC's line that the board took at `at_ps`, if it took one.
    ///
    /// # Errors
    /// A part is driven as its data sheet forbids, outputs had not settled when they were measured, or the board took a
    /// bit that the ADC did not give.
    pub fn step(&mut self, at_ps: u64, pins: Pins, sampled: u8) -> Result<(), ConverterFault> {
        let place = Place { part: "board", at_ps };
        let before = self.pins.replace(pins).unwrap_or(pins);
        if before.adc_sclk && !pins.adc_sclk && !before.adc_cs_n {
            for (input, adc) in self.adcs.iter().enumerate() {
                let given = adc.data_at(at_ps.saturating_sub(SET_UP_PS));
                let taken = sampled >> input & 1 == 1;
                if given != Some(taken) {
                    let what = format!(
                        "the bit {taken} is taken at input {input} while the ADC gives {given:?}"
                    );
                    return Err(place.wrong(what));
                }
            }
        }
        for (chip, dac) in self.dacs.iter_mut().enumerate() {
            let data = pins.dac_data >> chip & 1 == 1;
            let dac_pins = DacPins { sclk: pins.dac_sclk, sync_n: pins.dac_sync_n, data };
            dac.step(at_ps, dac_pins)?;
        }
        // All are updated by the same edge.
        let (updated_ps, updates) = self.dacs[0].updated();
        if self.adcs.first().is_some_and(|adc| adc.samples(pins.adc_cs_n)) {
            place.least("settling of the outputs before a conversion", updated_ps, SETTLING_PS)?;
            if updates != self.updates {
                self.updates = updates;
                self.samples += 1;
                let closed = pins.output_enable;
                let codes: Vec<[i16; 8]> = self.dacs.iter().map(SpiDac::codes).collect();
                let chips = codes.len();
                let outputs: Vec<i16> = (0..self.outputs)
                    .map(|output| if closed { codes[output % chips][output / chips] } else { 0 })
                    .collect();
                self.bench.samples(&outputs, &mut self.inputs);
            }
        }
        for (adc, &code) in self.adcs.iter_mut().zip(&self.inputs) {
            adc.step(at_ps, pins.adc_sclk, pins.adc_cs_n, code)?;
        }
        Ok(())
    }

    /// Samples computed by the bench.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The levels now; none before the first.
    pub fn pins(&self) -> Option<Pins> {
        self.pins
    }

    /// The DACs.
    pub fn dacs(&self) -> &[SpiDac] {
        &self.dacs
    }

    /// The ADCs, one for each input.
    pub fn adcs(&self) -> &[SpiAdc] {
        &self.adcs
    }
}
