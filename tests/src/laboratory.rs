//! A linear laboratory: one case, every output a control or unused, any device, the model as engine.

use hge_core::carrier::Carrier;
use hge_core::cost::Cost;
use hge_core::experiment::{Job, Source};
use hge_core::gradient::{Estimator, Response};
use hge_core::plan::{Configuration, Control, OutputLimits, Plan, PlanError, Protection, Timing};
use hge_core::session::Session;
use hge_driver::scale::Scale;
use hge_driver::{ArmMode, DriverError, Instrument, RunEvent};
use hge_lab::server::{InProcess, Pace};
use hge_protocol::frame::Window;
use hge_protocol::registers::{self as map, mode};
use hge_protocol::Parameters;
use hge_sim::bench::{AnalogueBench, Bench, Chain, Delayed};
use hge_sim::device::Device;
use hge_sim::engine::Engine;
use hge_sim::model::Model;

/// A session with this plan on the instrument of an experiment, in virtual time.
///
/// # Panics
/// There is no engine, or the instrument refuses.
pub fn session(job: Job, plan: Plan, estimator: Estimator) -> Session {
    Session::open(instrument(job), plan, estimator).expect("a session")
}

/// The instrument of an experiment, in virtual time.
///
/// # Panics
/// There is no engine.
pub fn instrument(job: Job) -> Instrument {
    let server = hge_lab::server(job, Pace::Virtual, false).expect("an engine");
    Instrument::connect(Box::new(InProcess::serve(server))).expect("a link")
}

/// The job in the text of an experiment file.
///
/// # Panics
/// It is wrong.
pub fn job(text: &str) -> Job {
    let parsed = Source::parse("experiment.toml", text.into());
    let (experiment, source) = parsed.unwrap_or_else(|error| panic!("{error}"));
    Job::new(experiment, &source).unwrap_or_else(|error| panic!("{error}"))
}

/// What a measurement is made with.
pub struct Laboratory {
    /// Generics of the gateware.
    pub parameters: Parameters,
    /// The analogue chain.
    pub chain: Chain,
    /// Samples of a window.
    pub window_samples: u32,
    /// Amplitude of every tone.
    pub amplitudes_v: Vec<f64>,
    /// Periods of every tone in a window.
    pub cycles: Vec<u32>,
    /// Working point of every control.
    pub controls_v: Vec<f64>,
    /// What the slots carry.
    pub carrier: Carrier,
    /// A cost demodulated in place of the current.
    pub cost: Option<Cost>,
    /// First-order noise shaping of the bits that the DAC drops.
    pub shaping: bool,
    /// Seed of the noise.
    pub seed: u64,
}

/// Sample rate of all measurements.
pub const RATE_HZ: f64 = 10_000.0;

impl Laboratory {
    /// The plan of the measurement.
    ///
    /// # Errors
    /// The plan cannot be.
    pub fn plan(&self) -> Result<Plan, PlanError> {
        let chain = &self.chain;
        let scale = Scale {
            adc_bits: chain.adc_bits,
            ..Scale::new(chain.analogue.clone(), &self.parameters)
        };
        let (low_v, high_v) = scale.output(0).ends_v();
        let limits = OutputLimits { low_v, high_v, safe_v: 0.0 };
        let tones = self.cycles.iter().zip(&self.amplitudes_v).enumerate();
        let controls = tones.map(|(output, (&cycles, &amplitude_v))| Control {
            output,
            low_v: limits.low_v,
            high_v: limits.high_v,
            cycles,
            amplitude_v,
        });
        Plan::new(
            Configuration {
                timing: Timing {
                    rate_hz: RATE_HZ,
                    window_samples: self.window_samples,
                    settle_s: 0.0,
                    lead_in_s: 0.0005,
                    ramp_v_per_s: 1000.0,
                    gap_samples: 4,
                },
                inputs: Vec::new(),
                cases_v: vec![Vec::new()],
                controls: controls.collect(),
                noise_slots: Vec::new(),
                limits: vec![limits; self.parameters.outputs as usize],
                step_v: None,
                carrier: self.carrier,
                cost: self.cost.clone(),
                // Planned for in any case: without it a plan of small tones would be refused.
                shaping: true,
                compact_records: false,
                continuous: false,
                protection: Protection::default(),
                scale,
            },
            &self.parameters,
        )
    }

    /// The plan, and an instrument on `device` that is configured for it, disarmed.
    ///
    /// # Errors
    /// The instrument refuses.
    ///
    /// # Panics
    /// The plan cannot be.
    pub fn instrument(&self, device: Box<dyn Device>) -> Result<(Plan, Instrument), DriverError> {
        let model = Model::new(self.parameters, self.bench(device));
        self.instrument_with(Box::new(model))
    }

    /// The bench with `device`, as an engine meets it.
    pub fn bench(&self, device: Box<dyn Device>) -> Box<dyn Bench> {
        let outputs = self.parameters.outputs as usize;
        let inputs = self.parameters.inputs as usize;
        let bench =
            AnalogueBench::new(self.chain.clone(), device, outputs, inputs, RATE_HZ, self.seed);
        let latency = self.parameters.converter_latency_samples as usize;
        Box::new(Delayed::new(Box::new(bench), outputs, latency))
    }

    /// The same with an engine of choice, made with [`bench`](Self::bench).
    ///
    /// # Errors
    /// The instrument refuses.
    ///
    /// # Panics
    /// The plan cannot be.
    pub fn instrument_with(
        &self,
        engine: Box<dyn Engine>,
    ) -> Result<(Plan, Instrument), DriverError> {
        let plan = self.plan().unwrap_or_else(|error| panic!("{error}"));
        let mut instrument = Instrument::connect(Box::new(InProcess::new(engine)))?;
        plan.configure(&mut instrument)?;
        Ok((plan, instrument))
    }

    /// `repetitions` windows on `device`, each as its slots' responses at every input.
    ///
    /// # Errors
    /// The instrument refuses.
    ///
    /// # Panics
    /// The plan cannot be.
    pub fn windows(
        &self,
        device: Box<dyn Device>,
        repetitions: u32,
    ) -> Result<(Plan, Vec<Window>), DriverError> {
        let (plan, instrument) = self.instrument(device)?;
        self.windows_of(plan, instrument, repetitions)
    }

    /// The same of an instrument that is configured.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn windows_of(
        &self,
        plan: Plan,
        mut instrument: Instrument,
        repetitions: u32,
    ) -> Result<(Plan, Vec<Window>), DriverError> {
        instrument.write_all(&plan.control_writes(&self.controls_v))?;
        instrument.write(map::EPOCHS, repetitions)?;
        instrument.arm(ArmMode::Host)?;
        let mut windows = Vec::new();
        let unshaped = if self.shaping { 0 } else { mode::SHAPING };
        instrument.run(mode::PERTURB | (plan.mode_bits() & !unshaped), |event| {
            if let RunEvent::Window(window) = event {
                windows.push(window);
            }
        })?;
        Ok((plan, windows))
    }

    /// Slopes of one window, in phase, nA/V.
    pub fn slopes_na_per_v(&self, plan: &Plan, window: &Window) -> Vec<f64> {
        let slots = window.slots.iter().zip(&self.cycles).enumerate();
        let latency = plan.parameters().loop_latency_samples();
        slots
            .map(|(k, (&sums, &cycles))| {
                Response::of(sums, cycles, self.window_samples, latency).slope_na_per_v(
                    plan.amplitude_v(k),
                    plan.scale(),
                    Estimator::InPhase,
                )
            })
            .collect()
    }
}
