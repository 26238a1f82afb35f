//! Calibrations with the device in place, with resistors instead of it or with open contacts.

use super::MeasureError;
use crate::calibration::codes::CodeCalibration;
use crate::calibration::{
    fit, fit_open, fit_resistor, Calibration, CalibrationError, OpenContacts, LEAST_POINTS,
};
use crate::session::{Reading, Session, SessionError};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Factor of operating points drawn over those requested, for replacing those with clipping.
const DRAWS: u32 = 4;

/// Steps of the ADC below which a current is not resolved: rounding errors then do not average away.
const LEAST_STEPS: u32 = 3;

/// Measures at `points` operating points, `windows` windows of every case each, all inputs that the session reads; `seed` draws the points.
///
/// # Errors
/// Too few points, a current that clips or spans too few ADC steps, responses without a line, a lag without a pole; or the instrument fails.
pub fn in_place(
    session: &mut Session,
    points: u32,
    windows: u32,
    seed: u64,
) -> Result<Calibration, MeasureError> {
    if points < LEAST_POINTS {
        return Err(CalibrationError::Points { found: points }.into());
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut answers = Answers::of(session);
    let (mut taken, mut drawn) = (0, 0);
    while taken < points {
        if drawn == DRAWS * points {
            let clipped = drawn - taken;
            return Err(CalibrationError::Clipped { clipped, points: drawn }.into());
        }
        drawn += 1;
        let controls_v = session.plan().draw_controls_v(&mut random);
        taken += u32::from(answers.add(session, &controls_v, windows)?);
    }
    let plan = session.plan();
    let found = answers.each(|input, answers| {
        answers.check()?;
        fit(plan, input, &answers.of_tones)
    })?;
    Calibration::joined(found).ok_or(MeasureError::Nothing { what: "inputs" })
}

/// Measures resistors of this conductance at some controls, or at all, in place of the device, at all inputs that the session reads; `open` are the responses
/// of the contacts without them.
///
/// # Errors
/// No resistor, a current that clips or spans too few ADC steps, a lag without a pole, responses that without `open` do not separate lag from capacitance; or
/// the instrument fails.
pub fn with_resistor(
    session: &mut Session,
    conductance_na_per_v: f64,
    windows: u32,
    open: Option<&OpenContacts>,
) -> Result<Calibration, MeasureError> {
    let answers = in_the_middle(session, windows)?;
    let plan = session.plan();
    let found = answers.each(|input, answers| {
        answers.check()?;
        let open = open.map(|open| {
            open.inputs().nth(input).ok_or(CalibrationError::Stale { what: "number of outputs" })
        });
        fit_resistor(plan, input, &answers.of_tones, conductance_na_per_v, open.transpose()?)
    })?;
    Calibration::joined(found).ok_or(MeasureError::Nothing { what: "inputs" })
}

/// Measures open contacts at all inputs that the session reads: only capacitances remain.
///
/// # Errors
/// A contact that conducts, a current that clips; or the instrument fails.
pub fn open_contacts(session: &mut Session, windows: u32) -> Result<OpenContacts, MeasureError> {
    let answers = in_the_middle(session, windows)?;
    let plan = session.plan();
    let found = answers.each(|input, answers| fit_open(plan, input, &answers.of_tones))?;
    OpenContacts::joined(found).ok_or(MeasureError::Nothing { what: "inputs" })
}

/// Responses with the controls in the middle of their ranges.
fn in_the_middle(session: &mut Session, windows: u32) -> Result<Answers, MeasureError> {
    let mut answers = Answers::of(session);
    let controls_v = session.plan().middle_controls_v();
    match answers.add(session, &controls_v, windows)? {
        true => Ok(answers),
        false => Err(CalibrationError::Clipped { clipped: 1, points: 1 }.into()),
    }
}

/// Measures the response of the session's codes with resistors of this conductance, one control at a time: `windows` windows each of the first case.
///
/// # Errors
/// The current clips, codes have equal responses, or the instrument fails.
pub fn codes_with_resistor(
    session: &mut Session,
    conductance_na_per_v: f64,
    windows: u32,
) -> Result<CodeCalibration, MeasureError> {
    let controls_v = session.plan().middle_controls_v();
    let count = controls_v.len();
    let mut response = vec![vec![0.0; count]; count];
    for sounding in 0..count {
        let writes = session.plan().solo_writes(sounding);
        session.instrument().write_all(&writes).map_err(SessionError::from)?;
        for _ in 0..windows.max(1) {
            let reading = session.pass(&controls_v, true)?.swap_remove(0);
            if reading.clipped {
                return Err(CalibrationError::Clipped { clipped: 1, points: 1 }.into());
            }
            for (row, [answer, _]) in response.iter_mut().zip(&reading.answers_na_per_v) {
                row[sounding] += answer / (conductance_na_per_v * f64::from(windows.max(1)));
            }
        }
    }
    let writes = session.plan().slot_writes();
    session.instrument().write_all(&writes).map_err(SessionError::from)?;
    Ok(CodeCalibration::new(&response)?)
}

/// Responses at every input.
struct Answers(Vec<OfInput>);

/// Responses of every tone at one input, case by case and operating point by operating point.
#[derive(Clone)]
struct OfInput {
    of_tones: Vec<Vec<[f64; 2]>>,
    /// Steps of the ADC in the widest window.
    steps: u32,
}

impl Answers {
    fn of(session: &Session) -> Self {
        let tones = session.plan().configuration().controls.len();
        Answers(vec![OfInput { of_tones: vec![Vec::new(); tones], steps: 0 }; session.inputs()])
    }

    /// Adds an operating point. `false`: a current clips there.
    fn add(
        &mut self,
        session: &mut Session,
        controls_v: &[f64],
        windows: u32,
    ) -> Result<bool, MeasureError> {
        let passes = (0..windows.max(1))
            .map(|_| session.measure(controls_v, true))
            .collect::<Result<Vec<Vec<Reading>>, _>>()?;
        if passes.iter().flatten().any(|reading| reading.clipped) {
            return Ok(false);
        }
        for (row, (_, input)) in session.rows().enumerate() {
            let Some(OfInput { of_tones, steps }) = self.0.get_mut(input) else { continue };
            for pass in &passes {
                *steps = (*steps).max(pass[row].span_steps);
            }
            for (k, of_tone) in of_tones.iter_mut().enumerate() {
                let of = |axis: usize| {
                    passes.iter().map(|pass| pass[row].answers_na_per_v[k][axis]).sum::<f64>()
                        / passes.len() as f64
                };
                of_tone.push([of(0), of(1)]);
            }
        }
        Ok(true)
    }

    /// What a fit makes of every input; of several an error names the output.
    fn each<T>(
        &self,
        fit: impl Fn(usize, &OfInput) -> Result<T, CalibrationError>,
    ) -> Result<Vec<T>, CalibrationError> {
        let of_inputs = self.0.iter().enumerate();
        of_inputs
            .map(|(output, answers)| {
                fit(output, answers).map_err(|error| error.of_output(output, self.0.len()))
            })
            .collect()
    }
}

impl OfInput {
    fn check(&self) -> Result<(), CalibrationError> {
        if self.steps < LEAST_STEPS {
            return Err(CalibrationError::GainTooSmall { steps: self.steps });
        }
        Ok(())
    }
}
