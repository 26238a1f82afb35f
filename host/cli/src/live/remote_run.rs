//! Telemetry of a run by another client, as events of the view.

use super::events::Event;
use hge_core::experiment::Task;
use hge_core::measure::telemetry::{reason, Line, Meaning};
use hge_core::session::reading;
use hge_core::targets::Targets;
use hge_core::train::Progress;
use hge_protocol::frame::{flag, EndReason, Record, Window};

/// Assembles epochs from frames, as far as the frames contain them.
pub struct RemoteRun {
    task: Task,
    meaning: Meaning,
    now: Progress,
    /// Cases of the present run received so far, with tones on.
    read_cases: Vec<bool>,
    /// Epochs of the present run have their own frames.
    is_reported: bool,
    /// Samples of completed runs.
    before: u64,
}

impl RemoteRun {
    /// For an instrument that is assumed to run this task.
    pub fn new(task: Task, meaning: Meaning) -> Self {
        let cases = task.data.train.targets.rows();
        let now = Progress {
            outputs_na: vec![f64::NAN; cases],
            slopes_na_per_v: vec![Vec::new(); cases],
            ..Progress::default()
        };
        RemoteRun {
            task,
            meaning,
            now,
            read_cases: vec![false; cases],
            is_reported: false,
            before: 0,
        }
    }

    /// Events of a frame.
    pub fn frame(&mut self, number: u32, record: &Record) -> Vec<Event> {
        match record {
            Record::Window(window) if usize::from(window.input) < self.targets().outputs => {
                self.window(window)
            }
            Record::Epoch(_) => self.epoch(&self.meaning.line(number, record)),
            Record::End(end) => {
                self.before += u64::from(end.sample_clock);
                let events = self.end(end.reason);
                (self.is_reported, self.read_cases) = (false, vec![false; self.read_cases.len()]);
                events
            }
            Record::Window(_) | Record::Event(_) | Record::Block(_) => Vec::new(),
        }
    }

    fn targets(&self) -> &Targets {
        &self.task.data.train.targets
    }

    fn window(&mut self, window: &Window) -> Vec<Event> {
        let row = self.targets().row(window.case.into(), window.input.into());
        let ended = u64::from(window.sample_clock) + u64::from(self.meaning.window_samples);
        self.now.samples = self.before + ended;
        let estimator = self.task.experiment.host.estimator;
        // Where the guard cut, there is no current worth having.
        let reading = reading(&self.task.plan, estimator, window).ok();
        if let Some(reading) = reading.filter(|_| row < self.read_cases.len()) {
            self.now.outputs_na[row] = reading.mean_na;
            self.now.clipped = reading.clipped || (self.now.clipped && row > 0);
            if window.flags & flag::UNPERTURBED == 0 {
                self.read_cases[row] = true;
                self.now.slopes_na_per_v[row] = reading.slopes_na_per_v;
            }
        }
        vec![self.present()]
    }

    /// For the standalone loop.
    fn epoch(&mut self, line: &Line) -> Vec<Event> {
        let Line::Epoch { epoch, start, loss_na2, controls_v, .. } = line else {
            return Vec::new();
        };
        self.is_reported = true;
        let controls = self.task.plan.configuration().controls.iter();
        let volts = controls.map(|control| controls_v.get(control.output).copied());
        self.now.controls_v = volts.map(|volts| volts.unwrap_or(f64::NAN)).collect();
        (self.now.restart, self.now.epoch) = (u32::from(*start) + 1, u32::from(*epoch) + 1);
        vec![self.point(*loss_na2), self.present()]
    }

    /// A run of the host loop is one epoch; its loss, known only to that host, is computed here.
    fn end(&mut self, why: EndReason) -> Vec<Event> {
        if !matches!(why, EndReason::Complete | EndReason::LossReached) {
            return vec![Event::Notice(format!("a run has ended: {}", reason(why)))];
        }
        if self.is_reported || !self.read_cases.iter().all(|is_read| *is_read) {
            return Vec::new();
        }
        self.now.restart = 1;
        self.now.epoch += 1;
        let loss = self.task.experiment.loss(self.targets());
        let (loss, _) = loss.evaluate(&self.now.outputs_na, self.targets());
        vec![self.point(loss), self.present()]
    }

    fn point(&self, loss: f64) -> Event {
        Event::Loss { start: self.now.restart, epoch: self.now.epoch, loss }
    }

    fn present(&self) -> Event {
        Event::Now(Box::new(self.now.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_core::experiment::{Job, Source};
    use hge_protocol::frame::{End, SlotSums};

    fn remote_run() -> RemoteRun {
        let (experiment, source) = Source::parse("xor.toml", "gate = \"xor\"\n".into()).unwrap();
        let task = Job::new(experiment, &source).unwrap().task;
        let window_samples = task.experiment.timing.window_samples;
        let scale = task.plan.scale().clone();
        RemoteRun::new(task, Meaning { scale, window_samples })
    }

    fn window(remote_run: &RemoteRun, case: u8, flags: u16) -> Record {
        let slots = remote_run.task.plan.configuration().controls.len();
        Record::Window(Window {
            input: 0,
            epoch: 0,
            case,
            start: 0,
            sample_clock: 1000 * u32::from(case),
            flags,
            sum_first: 0,
            sum_second: 0,
            min: 0,
            max: 0,
            slots: vec![SlotSums { in_phase: 0, quadrature: 0 }; slots],
        })
    }

    fn end(reason: EndReason) -> Record {
        let (best_start, best_loss, sample_clock) = (0, 0, 5000);
        Record::End(End { reason, best_start, best_loss, sample_clock })
    }

    #[test]
    fn a_run_of_all_cases_with_tones_is_an_epoch_whose_loss_is_worked_out() {
        let mut remote_run = remote_run();
        for case in 0..4 {
            let record = window(&remote_run, case, 0);
            let events = remote_run.frame(0, &record);
            let [Event::Now(now)] = &events[..] else { panic!("{events:?}") };
            assert_eq!(now.outputs_na[usize::from(case)], 0.0);
            assert_eq!(
                now.outputs_na.iter().filter(|na| na.is_finite()).count(),
                usize::from(case) + 1
            );
        }
        let events = remote_run.frame(4, &end(EndReason::Complete));
        // Equal outputs: correlation and separation are zero.
        let wanted = 1.1 / (1.0 / (1.0 + (5.0_f64 / 3.0).exp()) + 0.05);
        let [Event::Loss { start: 1, epoch: 1, loss }, Event::Now(_)] = &events[..] else {
            panic!("{events:?}")
        };
        assert!((loss - wanted).abs() < 1e-9, "{loss} {wanted}");
    }

    #[test]
    fn a_pass_without_tones_or_with_a_case_missing_is_no_epoch() {
        let mut remote_run = remote_run();
        for case in 0..4 {
            let record = window(&remote_run, case, flag::UNPERTURBED);
            remote_run.frame(0, &record);
        }
        assert!(remote_run.frame(4, &end(EndReason::Complete)).is_empty());
        for case in 0..3 {
            let record = window(&remote_run, case, 0);
            remote_run.frame(5, &record);
        }
        assert!(remote_run.frame(8, &end(EndReason::Complete)).is_empty());
    }

    #[test]
    fn samples_go_on_from_run_to_run_and_a_trip_is_told() {
        let mut remote_run = remote_run();
        let events = remote_run.frame(0, &end(EndReason::Tripped));
        assert!(matches!(&events[..], [Event::Notice(text)] if text.contains("tripped")));
        let record = window(&remote_run, 1, 0);
        let events = remote_run.frame(1, &record);
        let [Event::Now(now)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(now.samples, 5000 + 1000 + 256);
    }
}
