//! An instrument that measures given points: voltages of inputs and controls, one window each.

use super::keeping::{Codes, KeepingBench};
use super::{ReproduceError, Setup};
use hge_core::experiment::{Experiment, Job};
use hge_core::measure::{waveform, MeasureError};
use hge_core::plan::{Configuration, OutputLimits, Plan};
use hge_core::session::{Reading, Session, SessionError};
use hge_driver::{Beside, Instrument};
use hge_lab::server::{InProcess, Pace, Server};
use hge_protocol::frame::Window;
use hge_protocol::number::SINE_PEAK;
use hge_protocol::registers as map;
use hge_protocol::table::SlotWord;
use hge_sim::device::{self, Device};

/// Windows of one run at most.
const MOST_REPEATED: usize = 4096;

/// A session on a simulated instrument of its own.
pub struct SimSetup {
    session: Session,
    /// Amplitude of the tones on the inputs' electrodes, while they are on.
    of_inputs_v: Vec<f64>,
    codes: Codes,
}

/// The plan of the study's experiment, its inputs allowed `inputs_v` (low and high each).
///
/// # Errors
/// The experiment is wrong.
pub fn plan(setup: &Setup, inputs_v: &[(f64, f64)]) -> Result<Plan, ReproduceError> {
    let task = Job::new(setup.experiment.clone(), &setup.source)?.task;
    let mut configuration = task.plan.configuration().clone();
    for (&input, &(low_v, high_v)) in configuration.inputs.iter().zip(inputs_v) {
        let safe_v = 0.0;
        let limits = OutputLimits { low_v: low_v.min(0.0), high_v: high_v.max(0.0), safe_v };
        configuration.limits[input] = limits;
    }
    Ok(Plan::new(configuration, task.plan.parameters())?)
}

/// The plan of a linear device with one case: control k is electrode k and has slope k; two inputs after them have no effect.
///
/// # Errors
/// The experiment is wrong.
pub fn linear(setup: &mut Setup, slopes_na_per_v: &[f64]) -> Result<Plan, ReproduceError> {
    let controls = slopes_na_per_v.len();
    let slopes: Vec<String> = slopes_na_per_v.iter().map(f64::to_string).collect();
    setup.experiment.device = format!("linear:{},0,0", slopes.join(","));
    setup.source.overrule("device");
    setup.experiment.electrodes.controls = (0..controls).collect();
    setup.experiment.electrodes.inputs = vec![controls, controls + 1];
    let base = plan(setup, &[])?;
    let cases_v = vec![vec![0.0; 2]];
    let configuration = Configuration { cases_v, ..base.configuration().clone() };
    Ok(Plan::new(configuration, base.parameters())?)
}

/// Powers up the instrument of a job in virtual time; the study's cancellation ends it.
///
/// # Errors
/// There is no engine, or the instrument does not answer.
pub fn power_up(setup: &Setup, job: Job) -> Result<Instrument, ReproduceError> {
    connect(setup, hge_lab::server(job, Pace::Virtual, false)?)
}

fn connect(setup: &Setup, server: Server) -> Result<Instrument, ReproduceError> {
    let settings =
        hge_driver::Settings { cancel: setup.cancel.clone(), ..hge_driver::Settings::default() };
    Ok(Instrument::connect_with(Box::new(InProcess::serve(server)), settings)?)
}

/// The study's device, to be asked outside any instrument.
///
/// # Errors
/// It cannot be opened, or does not provide slopes.
pub fn device(setup: &Setup) -> Result<Box<dyn Device>, ReproduceError> {
    let device = open(setup)?;
    if device.jacobian_na_per_v(&vec![0.0; device.electrodes()]).is_none() {
        return Err(ReproduceError::Slopes { device: device.name() });
    }
    Ok(device)
}

fn open(setup: &Setup) -> Result<Box<dyn Device>, ReproduceError> {
    device::open(&setup.experiment.device).map_err(|problem| {
        let place = setup.source.locate("device");
        hge_core::experiment::ExperimentError::Device { place, problem }.into()
    })
}

/// The voltages of all electrodes.
pub fn row_v(plan: &Plan, electrodes: usize, inputs_v: &[f64], controls_v: &[f64]) -> Vec<f64> {
    let mut row = plan.outputs_v(inputs_v, controls_v);
    row.resize(electrodes, 0.0);
    row
}

impl SimSetup {
    /// Powers up the study's instrument with the noise of `seed`, in virtual time.
    ///
    /// # Errors
    /// The experiment is wrong, or the instrument refuses.
    pub fn open(setup: &Setup, plan: &Plan, seed: u64) -> Result<Self, ReproduceError> {
        let experiment = Experiment { seed, ..setup.experiment.clone() };
        let instrument = power_up(setup, Job::new(experiment, &setup.source)?)?;
        Self::with(setup, plan, instrument, Codes::default())
    }

    /// As [`SimSetup::open`]; keeps the bench's ADC codes for [`SimSetup::captured`]. A capture by the instrument would have the same
    /// codes, but its time advances while it waits for requests, so that the noise would depend on the speed of the host.
    ///
    /// # Errors
    /// As [`SimSetup::open`].
    pub fn open_with_codes(setup: &Setup, plan: &Plan, seed: u64) -> Result<Self, ReproduceError> {
        let experiment = Experiment { seed, ..setup.experiment.clone() };
        let settings = hge_lab::settings(&experiment, Pace::Virtual, false);
        let codes = Codes::default();
        let kept = codes.clone();
        let factory = hge_lab::factory_around(Job::new(experiment, &setup.source)?, move |bench| {
            Box::new(KeepingBench { bench, codes: kept.clone() })
        });
        let instrument = connect(setup, Server::new(factory, settings)?)?;
        Self::with(setup, plan, instrument, codes)
    }

    fn with(
        setup: &Setup,
        plan: &Plan,
        instrument: Instrument,
        codes: Codes,
    ) -> Result<Self, ReproduceError> {
        let estimator = setup.experiment.host.estimator;
        let session = Session::open(instrument, plan.clone(), estimator)?;
        Ok(SimSetup { session, of_inputs_v: Vec::new(), codes })
    }

    /// The plan in force.
    pub fn plan(&self) -> &Plan {
        self.session.plan()
    }

    /// The session, for other operations.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Samples of all runs so far.
    pub fn samples(&self) -> u64 {
        self.session.samples()
    }

    /// Switches only one tone on; the others are still demodulated.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn solo(&mut self, tone: usize) -> Result<(), ReproduceError> {
        let writes = self.plan().solo_writes(tone);
        Ok(self.session.instrument().write_all(&writes)?)
    }

    /// Begins the tones of all controls at these phases, in 256ths of a turn, and lets `only` one of them sound where it is given. A tone
    /// that does not begin at zero sounds from the first zero crossing on: the lead-in must be longer than a period.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn begin_at(&mut self, phases: &[u8], only: Option<usize>) -> Result<(), ReproduceError> {
        let slots = self.plan().slot_writes().into_iter().zip(phases).enumerate();
        let writes: Vec<(u16, u32)> = slots
            .map(|(slot, ((to, word), &start_phase))| {
                let word = SlotWord { start_phase, ..SlotWord::from_word(word) };
                let sounds = only.is_none_or(|only| only == slot);
                let amplitude = if sounds { word.amplitude } else { 0 };
                (to, SlotWord { amplitude, ..word }.to_word())
            })
            .collect();
        Ok(self.session.instrument().write_all(&writes)?)
    }

    /// Lets the inputs' electrodes sound too, each at the line of one of the plan's noise slots, which then read the
    /// slopes with the inputs.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn sound_inputs(&mut self, amplitude_v: f64) -> Result<(), ReproduceError> {
        let plan = self.plan();
        let Configuration { inputs, controls, .. } = plan.configuration();
        let scale = plan.scale();
        let slot = |(n, &output): (usize, &usize)| {
            let amplitude = scale.output(output).amplitude_code(amplitude_v);
            let output = output as u8;
            let word =
                SlotWord { amplitude, output, drives: true, last: true, ..SlotWord::default() };
            (map::SLOT + (controls.len() + n) as u16, word.to_word())
        };
        let mut writes: Vec<(u16, u32)> = inputs.iter().enumerate().map(slot).collect();
        let sounding = inputs.iter().chain(controls.iter().map(|control| &control.output));
        writes.extend(map::mask_writes(map::TONE_MASKS, sounding.copied()));
        let made_v = inputs.iter().map(|&output| {
            let scale = scale.output(output);
            f64::from(scale.amplitude_code(amplitude_v)) * f64::from(SINE_PEAK)
                / 32768.0
                / scale.codes_per_v()
        });
        self.of_inputs_v = made_v.collect();
        Ok(self.session.instrument().write_all(&writes)?)
    }

    /// Slopes for the inputs, from a reading with their tones on.
    pub fn slopes_of_inputs_na_per_v(&self, reading: &Reading) -> Vec<f64> {
        let sounding = reading.empty_na.iter().zip(&self.of_inputs_v);
        sounding.map(|(held_na, amplitude_v)| held_na[0] / amplitude_v).collect()
    }

    /// Gives tones these tuning words, on the grid or off it.
    ///
    /// # Errors
    /// The instrument refuses.
    pub fn tune(&mut self, words: &[u32]) -> Result<(), ReproduceError> {
        let slots = words.iter().enumerate();
        let writes: Vec<(u16, u32)> =
            slots.map(|(slot, &word)| (map::TUNING + slot as u16, word)).collect();
        Ok(self.session.instrument().write_all(&writes)?)
    }

    /// The windows of these inputs at these controls, as they come.
    ///
    /// # Errors
    /// As [`SimSetup::readings`].
    pub fn windows(
        &mut self,
        inputs_v: &[Vec<f64>],
        controls_v: &[f64],
    ) -> Result<Vec<Window>, ReproduceError> {
        let mut windows = Vec::with_capacity(inputs_v.len());
        for piece in pieces(inputs_v, self.plan()) {
            self.present(piece)?;
            windows.extend(self.session.windows(controls_v, true, piece.len())?);
        }
        Ok(windows)
    }

    /// A window of the plan's only case, and its ADC codes.
    ///
    /// # Errors
    /// The instrument fails; the simulated setup is none that [keeps codes](SimSetup::open_with_codes).
    pub fn captured(&mut self, controls_v: &[f64]) -> Result<(Window, Vec<i16>), ReproduceError> {
        let samples = self.plan().grid().window_samples;
        self.codes.take();
        let mut windows = self.session.windows(controls_v, true, 1)?;
        let codes = Beside { codes: self.codes.take(), missing: Vec::new(), decimation: 1 };
        let first = waveform::place(&codes, &windows, samples).ok_or(MeasureError::Apart)?;
        let found = windows.len();
        let window = windows.pop().ok_or(SessionError::Windows { found, expected: 1 })?;
        let begin = first + window.sample_clock as usize;
        let codes = codes.codes.get(begin..begin + samples as usize).ok_or(MeasureError::Apart)?;
        Ok((window, codes.to_vec()))
    }

    /// This number of consecutive windows of the plan's only case.
    ///
    /// # Errors
    /// The instrument fails.
    pub fn repeated(
        &mut self,
        controls_v: &[f64],
        count: usize,
    ) -> Result<Vec<Window>, ReproduceError> {
        let mut windows = Vec::with_capacity(count);
        while windows.len() < count {
            let asked = (count - windows.len()).min(MOST_REPEATED);
            self.session.instrument().write(map::EPOCHS, asked as u32)?;
            windows.extend(self.session.windows(controls_v, true, asked)?);
        }
        self.session.instrument().write(map::EPOCHS, 1)?;
        Ok(windows)
    }

    /// Readings of each of these inputs at these controls, in as many runs as needed.
    ///
    /// # Errors
    /// The instrument fails, or the guard had to act.
    pub fn readings(
        &mut self,
        inputs_v: &[Vec<f64>],
        controls_v: &[f64],
        perturb: bool,
    ) -> Result<Vec<Reading>, ReproduceError> {
        let mut readings = Vec::with_capacity(inputs_v.len());
        for piece in pieces(inputs_v, self.plan()) {
            self.present(piece)?;
            readings.extend(self.session.measure(controls_v, perturb)?);
        }
        Ok(readings)
    }

    fn present(&mut self, cases_v: &[Vec<f64>]) -> Result<(), ReproduceError> {
        if self.plan().configuration().cases_v == cases_v {
            return Ok(());
        }
        let configuration =
            Configuration { cases_v: cases_v.to_vec(), ..self.plan().configuration().clone() };
        let plan = Plan::new(configuration, self.plan().parameters())?;
        Ok(self.session.present(plan)?)
    }

    /// Sends the outputs to their safe values.
    ///
    /// # Errors
    /// The instrument fails.
    pub fn close(self) -> Result<(), ReproduceError> {
        self.session.close()?;
        Ok(())
    }
}

/// Rows in as many equal pieces as the case table makes necessary.
fn pieces<'a>(rows: &'a [Vec<f64>], plan: &Plan) -> impl Iterator<Item = &'a [Vec<f64>]> {
    let most = (plan.parameters().cases as usize).max(1);
    let count = rows.len().div_ceil(most).max(1);
    rows.chunks(rows.len().div_ceil(count).max(1))
}
