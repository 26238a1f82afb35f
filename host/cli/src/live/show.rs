//! The loop between worker, keys and screen.

use super::dashboard::{Dashboard, Ending, Phase};
use super::draw::{draw, Theme};
use super::events::{Command, Event, EventSender, Pause};
use super::keys::{Action, Keys};
use super::plain::Plain;
use super::screen::Screen;
use super::Setting;
use crate::interrupt;
use crossbeam::channel::{bounded, Receiver, Sender};
use hge_driver::{Cancel, Health};
use std::io::{self, IsTerminal};
use std::panic::resume_unwind;
use std::time::{Duration, Instant};

/// Interval of polls of worker and keys: twenty pictures a second.
const TICK: Duration = Duration::from_millis(50);

/// Size of the queue of events; the worker waits when it is full.
const WAITING_EVENTS: usize = 1024;

/// A view of some work.
pub struct Show {
    dashboard: Dashboard,
    cancel: Cancel,
    health: Health,
    leaving: Leaving,
}

/// When the view closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// With the work: a caller waits for the result.
    AtOnce,
    /// When the user quits.
    Asked,
}

/// Destination of the view.
enum Surface {
    Screen(Box<Screen>, Theme),
    Plain(Plain),
}

impl Surface {
    /// A terminal for drawing and keys, or lines.
    fn choose() -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        if io::stderr().is_terminal() && !dumb {
            if let Ok(screen) = Screen::open() {
                let no_color = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
                let theme = if no_color { Theme::colourless() } else { Theme::coloured() };
                return Surface::Screen(Box::new(screen), theme);
            }
        }
        Surface::Plain(Plain::default())
    }
}

/// The view's end of the worker.
struct Worker {
    events: Receiver<Event>,
    commands: Sender<Command>,
    pause: Pause,
    keys: Keys,
}

impl Show {
    /// A view with these facts.
    pub fn new(setting: Setting, cancel: Cancel, health: Health, leaving: Leaving) -> Self {
        Show { dashboard: Dashboard::new(setting), cancel, health, leaving }
    }

    /// Shows `work` until it has ended and the user has quit; `ending` describes the result.
    pub fn watch<T: Send>(
        mut self,
        work: impl FnOnce(EventSender) -> Result<T, String> + Send,
        ending: impl FnOnce(&T) -> Ending,
    ) -> Result<T, String> {
        let (sender, events) = bounded(WAITING_EVENTS);
        let (commands, inbox) = bounded(WAITING_EVENTS);
        let pause = Pause::default();
        let (waits, cancel) = (pause.clone(), self.cancel.clone());
        let event_sender = EventSender { events: sender, commands: inbox, pause: waits, cancel };
        let mut surface = Surface::choose();
        let keys = match surface {
            Surface::Screen(..) => Keys::listen(),
            Surface::Plain(_) => Keys::none(),
        };
        let worker = Worker { events, commands, pause, keys };
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || work(event_sender));
            let begun = Instant::now();
            while !thread.is_finished() {
                self.dashboard.elapsed = begun.elapsed();
                self.look(&mut surface, &worker);
            }
            let result = match thread.join() {
                Ok(result) => result,
                // The hook has given the terminal back and printed what happened.
                Err(panic) => resume_unwind(panic),
            };
            self.take_events(&worker);
            self.dashboard.elapsed = begun.elapsed();
            self.dashboard.phase = Phase::Ended(match &result {
                Ok(done) => ending(done),
                Err(why) => Ending::Failed(why.clone()),
            });
            self.end(&mut surface, &worker);
            result
        })
    }

    /// One poll of worker and keys, and one picture.
    fn look(&mut self, surface: &mut Surface, worker: &Worker) {
        self.take_events(worker);
        let paused = worker.pause.holds();
        match self.dashboard.phase {
            _ if self.cancel.is_cancelled() => self.dashboard.phase = Phase::Stopping,
            Phase::Pausing if paused => self.dashboard.phase = Phase::Paused,
            _ => {}
        }
        match surface {
            Surface::Plain(plain) => {
                plain.print(&self.dashboard, false);
                std::thread::sleep(TICK);
            }
            Surface::Screen(..) => {
                if self.picture(surface).is_err() {
                    // The terminal has gone, and whoever watched with it.
                    self.cancel.cancel();
                }
                if let Some(wanted) = worker.keys.pressed(TICK) {
                    self.act(wanted, worker);
                }
            }
        }
    }

    /// The work is over: stays until the user quits.
    fn end(&mut self, surface: &mut Surface, worker: &Worker) {
        if let Surface::Plain(plain) = surface {
            plain.print(&self.dashboard, true);
            return;
        }
        while self.leaving == Leaving::Asked && !interrupt::is_asked() {
            if self.picture(surface).is_err() {
                return;
            }
            match worker.keys.pressed(TICK) {
                Some(Action::Quit | Action::Interrupt) => return,
                Some(Action::Help) => self.dashboard.help ^= true,
                _ => {}
            }
        }
    }

    /// Applies the events of the worker and the state of its driver.
    fn take_events(&mut self, worker: &Worker) {
        for event in worker.events.try_iter().take(WAITING_EVENTS) {
            self.dashboard.take(event);
        }
        self.dashboard.signs = self.health.signs();
    }

    fn picture(&self, surface: &mut Surface) -> io::Result<()> {
        match surface {
            Surface::Screen(screen, theme) => {
                screen.draw(|frame| draw(frame, &self.dashboard, theme))
            }
            Surface::Plain(_) => Ok(()),
        }
    }

    fn act(&mut self, wanted: Action, worker: &Worker) {
        self.dashboard.notice = None;
        match wanted {
            Action::Help => self.dashboard.help ^= true,
            Action::Pause => self.pause(worker),
            Action::Disarm if self.dashboard.setting.commanded => {
                // Full: the worker has the same order before it.
                let _ = worker.commands.try_send(Command::Disarm);
            }
            Action::Disarm => self.cancel.cancel(),
            Action::Quit => {
                self.leaving = Leaving::AtOnce;
                self.cancel.cancel();
            }
            Action::Interrupt => {
                self.leaving = Leaving::AtOnce;
                interrupt::ask();
            }
        }
    }

    fn pause(&mut self, worker: &Worker) {
        if !self.dashboard.setting.pausable {
            let text = "nothing to pause: the loop does not run in this program";
            self.dashboard.notice = Some(text.into());
        } else if !self.cancel.is_cancelled() {
            let waits = worker.pause.toggle();
            self.dashboard.phase = if waits { Phase::Pausing } else { Phase::Running };
        }
    }
}
