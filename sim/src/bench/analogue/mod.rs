//! A device on its bench.

#[cfg(test)]
mod tests;

use super::stages::Rest;
use super::{Bench, Chain, Converter, ElectrodeDrift, Stages};
use crate::device::Device;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// A bench around one device: DAC, drift of the electrodes, device, and for every input of the instrument the [`Stages`] from the
/// current of its output to the ADC code.
pub struct AnalogueBench {
    /// One for each electrode.
    dacs: Vec<Converter>,
    drift: Option<ElectrodeDrift>,
    device: Box<dyn Device>,
    outputs: usize,
    /// One for each input.
    stages: Vec<Stages>,
    /// The stages before the last call.
    before: Vec<Stages>,
    /// Voltages and currents of the last call, to take samples back; rows of electrodes, and of the device's outputs.
    /// The device's currents depend on samples before.
    remembers: bool,
    volts: Vec<f64>,
    felt_v: Vec<f64>,
    device_na: Vec<f64>,
    /// Currents at one input.
    current_na: Vec<f64>,
    non_finite: Arc<AtomicBool>,
}

impl AnalogueBench {
    /// Wires `device` to an instrument with `outputs` outputs and `inputs` inputs sampling at `rate_hz`. Before the first
    /// sample the outputs have long stood at mid-scale. The noise is white up to half the rate and, with the hum's phase, fixed by `seed`.
    ///
    /// Input m measures output m of the device. Outputs beyond the inputs are not measured; an input beyond the outputs is open: a
    /// current of zero with noise and hum, without what comes through the device, that is drift and feed-through.
    pub fn new(
        chain: Chain,
        mut device: Box<dyn Device>,
        outputs: usize,
        inputs: usize,
        rate_hz: f64,
        seed: u64,
    ) -> Self {
        let dacs: Vec<Converter> =
            (0..device.electrodes()).map(|output| Converter::dac(&chain, output)).collect();
        let volts: Vec<f64> = dacs.iter().map(|dac| dac.volts(0)).collect();
        let remembers = device.rest(rate_hz, &volts);
        let mut rest_na = vec![0.0; device.outputs()];
        if chain.remembers() {
            device.currents_na(&volts, &mut rest_na);
        }
        let stages_of = |input: usize| {
            let given_na = rest_na.get(input).copied();
            let current_na = given_na.filter(|current_na| current_na.is_finite()).unwrap_or(0.0);
            let rest = Rest { volts: volts.clone(), current_na };
            match given_na {
                Some(_) => Stages::new(&chain, rate_hz, &rest, input, seed),
                None => Stages::new(&open_input(&chain), rate_hz, &rest, input, seed),
            }
        };
        let stages: Vec<Stages> = (0..inputs).map(stages_of).collect();
        AnalogueBench {
            drift: ElectrodeDrift::of(&chain, device.electrodes(), rate_hz),
            dacs,
            device,
            remembers,
            outputs,
            before: stages.clone(),
            stages,
            volts: Vec::new(),
            felt_v: Vec::new(),
            device_na: Vec::new(),
            current_na: Vec::new(),
            non_finite: Arc::default(),
        }
    }

    /// Inputs of the instrument, the width of a row of ADC codes.
    pub fn inputs(&self) -> usize {
        self.stages.len()
    }

    /// Set as soon as the current of any output of the device is not finite: no engine can say so, a bench's owner can.
    pub fn non_finite(&self) -> Arc<AtomicBool> {
        self.non_finite.clone()
    }

    /// Passes the device's currents through the stages of every input.
    fn pass(&mut self, adc: &mut [i16]) {
        self.before.clone_from(&self.stages);
        let (measured, inputs) = (self.device.outputs(), self.stages.len());
        for (input, stages) in self.stages.iter_mut().enumerate() {
            self.current_na.clear();
            if input < measured {
                let column = self.device_na.iter().skip(input).step_by(measured);
                self.current_na.extend(column);
            } else {
                self.current_na.resize(self.device_na.len() / measured, 0.0);
            }
            stages.pass(&self.volts, &mut self.current_na);
            let codes = adc.iter_mut().skip(input).step_by(inputs);
            for (code, &current_na) in codes.zip(&self.current_na) {
                *code = stages.code(current_na);
            }
        }
    }
}

/// The chain of an input that no output of the device is connected to.
fn open_input(chain: &Chain) -> Chain {
    Chain {
        feed_through_pf: 0.0,
        feed_throughs_pf: None,
        drift_na_per_s: 0.0,
        slow_drift_na: 0.0,
        ..chain.clone()
    }
}

impl Bench for AnalogueBench {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        self.volts.clear();
        for row in codes.chunks_exact(self.outputs) {
            for (electrode, dac) in self.dacs.iter().enumerate() {
                self.volts.push(dac.volts(row.get(electrode).copied().unwrap_or(0)));
            }
        }
        let samples = adc.len() / self.stages.len().max(1);
        self.device_na.resize(samples * self.device.outputs(), 0.0);
        match &mut self.drift {
            Some(drift) => {
                self.felt_v.clone_from(&self.volts);
                drift.pass(&mut self.felt_v);
                self.device.follow_na(&self.felt_v, &mut self.device_na);
            }
            None => self.device.follow_na(&self.volts, &mut self.device_na),
        }
        if !self.device_na.iter().all(|current_na| current_na.is_finite()) {
            self.non_finite.store(true, Ordering::Relaxed);
        }
        self.pass(adc);
    }

    fn rewind(&mut self, samples: usize) {
        let measured = self.device.outputs();
        let asked = self.device_na.len() / measured;
        let kept = asked.saturating_sub(samples);
        self.stages.clone_from(&self.before);
        if let Some(drift) = &mut self.drift {
            drift.rewind(samples.min(asked));
        }
        self.device_na.truncate(kept * measured);
        self.volts.truncate(kept * self.device.electrodes());
        if self.remembers {
            let felt_v = if self.drift.is_some() { &self.felt_v } else { &self.volts };
            self.device.step_back();
            self.device.follow_na(&felt_v[..kept * self.device.electrodes()], &mut self.device_na);
        }
        self.pass(&mut vec![0; kept * self.stages.len()]);
    }
}
