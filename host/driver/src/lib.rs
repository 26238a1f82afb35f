//! Driver of an instrument for homodyne gradient extraction.
//!
//! A [`link::Link`] is the byte stream to the instrument: a serial port, a TCP connection, or one of another crate. An
//! [`Instrument`] on it reads and writes registers, arms and disarms the guard, makes runs and returns their telemetry. It
//! disarms when it is dropped; until then its thread feeds the watchdog.
//!
//! ```no_run
//! use hge_driver::link::{open, LinkSpec};
//! use hge_driver::Instrument;
//! use hge_protocol::registers as map;
//!
//! let link: LinkSpec = "serial:/dev/ttyUSB1".parse()?;
//! let instrument = Instrument::connect(open(&link, None)?)?;
//! println!("{} slots", instrument.parameters().slots);
//! println!("status {:#x}", instrument.read(map::STATUS)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | content |
//! |---|---|
//! | [`link`] | serial ports and TCP connections, and the trait for others |
//! | [`scale`] | codes and SI values |
//! | [`quantity`] | registers by name, in SI units |
//! | [`text`] | numbers and external text in messages |
//! | [`Instrument`] | connecting, disarming when dropped |
//! | `arming` | arming, disarming, and the interval of watchdog requests |
//! | `request`, `round_trip` | requests, each executed once; when to repeat them |
//! | `registers` | registers by address and name |
//! | `analogue` | the analogue scale stored in the instrument |
//! | `reader` | the thread that splits bytes into frames |
//! | `telemetry` | frames for subscribers, with exact gaps |
//! | `run`, `reorder_buffer` | a run, with repetition of lost frames |
//! | `replay_epoch` | repetition of the last epoch |
//! | `capture` | ADC codes |
//! | `watchdog_feeder` | the thread that feeds the watchdog |
//! | `provoke` | silence and damaged frames, for the self-test |
//! | `tap`, `topic` | a record of the data between host and instrument, and its channels |
//! | `health` | state of link and guard, for an observer |
//! | `state`, `fault_flags` | state of the instrument and causes of a trip, in words |

mod analogue;
mod arming;
mod cancel;
mod capture;
mod error;
mod fault_flags;
mod health;
pub mod link;
mod provoke;
pub mod quantity;
mod reader;
mod registers;
mod reorder_buffer;
mod replay_epoch;
mod request;
mod round_trip;
mod run;
pub mod scale;
mod settings;
mod state;
mod tap;
mod telemetry;
pub mod text;
mod topic;
mod watchdog_feeder;
mod watcher;

pub use cancel::Cancel;
pub use capture::{Beside, RUN_CODES};
pub use error::{Cause, DriverError};
pub use fault_flags::FaultFlags;
pub use health::{Health, LinkStatistics};
pub use run::{Run, RunEvent};
pub use settings::Settings;
pub use state::{ArmMode, State};
pub use tap::{Notes, Tap, TraceEvent};
pub use telemetry::{Subscription, TelemetryItem};
pub use topic::Topic;
pub use watcher::{Connected, Watcher};

use crate::link::{Link, LinkError};
use crate::scale::Scale;
use hge_protocol::frame::{Operation, Reply, Status};
use hge_protocol::registers::{self as map, command};
use hge_protocol::Parameters;
use reader::Shared;
use request::{refused, Ask, Requests, RetryPolicy};
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use watchdog_feeder::WatchdogFeeder;

/// A simulated instrument may be compiled before it is powered up.
const RESTART_TOTAL: Duration = Duration::from_secs(7);

/// Time limit for disarming when the program ends.
const FAREWELL: RetryPolicy =
    RetryPolicy { timeout: Duration::from_millis(250), total: Duration::from_millis(750) };

/// A write of this value to the command register has no effect.
const NO_COMMAND: u32 = 0;

/// A connected instrument. Dropping it disarms it.
pub struct Instrument {
    requests: Arc<Mutex<Requests>>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
    /// `None` only while it is dropped.
    watchdog_feeder: Option<WatchdogFeeder>,
    armed: Mutex<Option<ArmMode>>,
    parameters: Parameters,
    build_hash: u32,
    name: String,
    settings: Settings,
    samples: u64,
    /// Interval of requests that keep control over the link.
    keep_alive: Option<Duration>,
    /// Something was written.
    writes: AtomicBool,
    /// A capture was begun, and its end has not been seen.
    capturing: bool,
    /// ADC input of captures.
    capture_input: u8,
    notes: Notes,
}

impl Instrument {
    /// Begins a session, reads the info block and refuses unknown gateware.
    ///
    /// # Errors
    /// The link breaks or is in use, or the other side is not an instrument with this register map.
    pub fn connect(link: Box<dyn Link>) -> Result<Self, DriverError> {
        Instrument::connect_with(link, Settings::default())
    }

    /// As [`Instrument::connect`], with another retry policy.
    ///
    /// # Errors
    /// As [`Instrument::connect`].
    pub fn connect_with(link: Box<dyn Link>, settings: Settings) -> Result<Self, DriverError> {
        let mut instrument = Instrument::open(link, settings)?;
        instrument.introduce()?;
        Ok(instrument)
    }

    /// Starts the threads, before the first request.
    fn open(link: Box<dyn Link>, settings: Settings) -> Result<Self, DriverError> {
        let (name, timeout, keep_alive) = (link.name(), link.reply_timeout(), link.keep_alive());
        let (source, sink) = link.split()?;
        let shared = Arc::new(Shared::new(settings.health.clone()));
        let (answers, reader) = reader::spawn(source, name.clone(), shared.clone());
        let requests =
            Requests::new(sink, answers, shared.clone(), name.clone(), timeout, &settings);
        let requests = Arc::new(Mutex::new(requests));
        Ok(Instrument {
            watchdog_feeder: Some(WatchdogFeeder::spawn(requests.clone())),
            requests,
            shared,
            reader: Some(reader),
            armed: Mutex::new(None),
            parameters: Parameters::default(),
            build_hash: 0,
            name,
            settings,
            samples: 0,
            keep_alive,
            writes: AtomicBool::new(false),
            capturing: false,
            capture_input: 0,
            notes: Notes::default(),
        })
    }

    fn introduce(&mut self) -> Result<(), DriverError> {
        let found = self.read(map::IDENTITY)?;
        if found != map::IDENTITY_WORD {
            return Err(DriverError::Identity { found, expected: map::IDENTITY_WORD });
        }
        let mut info = HashMap::new();
        // The identity is the first.
        for block in map::INFO[1..].chunk_by(|one, next| one + 1 == *next) {
            let words = self.read_many(block[0], block.len())?;
            info.extend(block.iter().copied().zip(words));
        }
        let word = |address: u16| info.get(&address).copied().unwrap_or(0);
        let (found, expected) = (word(map::MAP_HASH), map::map_hash());
        if found != expected {
            return Err(DriverError::MapHash { found, expected });
        }
        self.build_hash = word(map::BUILD_HASH);
        self.parameters = Parameters::from_info(word);
        self.shared.expect(self.read(map::FRAMES)?);
        Ok(())
    }

    /// The generics of the gateware.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// First 32 bits of the git commit the gateware was made from, 0 in simulation.
    pub fn build_hash(&self) -> u32 {
        self.build_hash
    }

    /// Where the link leads.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Samples of all runs so far.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Starts the count of samples here: that of a resumed run.
    pub fn count_from(&mut self, samples: u64) {
        self.samples = samples;
    }

    /// Frames from the instrument that the line damaged.
    pub fn damaged_frames(&self) -> u64 {
        self.shared.damaged()
    }

    /// Ends every wait of this driver, from another thread or a signal handler.
    pub fn cancel(&self) -> Cancel {
        self.settings.cancel.clone()
    }

    /// State of link and guard, for an observer in another thread.
    pub fn health(&self) -> Health {
        self.settings.health.clone()
    }

    /// All telemetry from here on. The queue holds `capacity` frames; later ones are lost to this subscription only.
    pub fn subscribe(&self, capacity: usize) -> Subscription {
        Subscription::new(&self.shared, capacity, self.settings.cancel.clone())
    }

    /// Disarms, sets the analogue scale where the instrument has none, and makes `writes`: a configuration made for a gateware with these
    /// parameters and for this scale.
    ///
    /// # Errors
    /// The instrument has another gateware or another analogue scale, or an access fails.
    pub fn configure(
        &mut self,
        parameters: &Parameters,
        scale: &Scale,
        writes: &[(u16, u32)],
    ) -> Result<(), DriverError> {
        if *parameters != self.parameters {
            return Err(DriverError::Parameters {
                found: Box::new(self.parameters),
                planned: Box::new(*parameters),
            });
        }
        self.disarm()?;
        self.join_scale(scale)?;
        self.write_all(writes)
    }

    /// Takes control of a served instrument before the first change, by a command without effect.
    ///
    /// # Errors
    /// Another client is in control, or the link breaks.
    pub fn take_control(&self) -> Result<(), DriverError> {
        self.write(map::COMMAND, NO_COMMAND)
    }

    /// Powers a simulated instrument up again, with this seed for its noise. `false`: it is a board, and
    /// unchanged.
    ///
    /// # Errors
    /// The link breaks, or the server's engine cannot be built.
    pub fn restart(&mut self, seed: u64) -> Result<bool, DriverError> {
        let values = vec![seed as u32, (seed >> 32) as u32];
        let ask = Ask { operation: Operation::Restart, address: 0, count: 2, values };
        let mut requests = self.requests();
        let mut patience = requests.patience;
        patience.total = patience.total.max(RESTART_TOTAL);
        let (reply, _) = requests.ask(&ask, patience)?;
        drop(requests);
        match reply.status {
            Status::Ok => {
                self.note_disarmed();
                Ok(true)
            }
            Status::BadRequest => Ok(false),
            _ => Err(refused(&ask, &reply)),
        }
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        // A panic in the midst of a request leaves its fate unknown, which the next one takes into account.
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, ask: &Ask) -> Result<(Reply, u64), DriverError> {
        let mut requests = self.requests();
        let patience = requests.patience;
        requests.ask(ask, patience)
    }

    fn check_cancel(&self) -> Result<(), DriverError> {
        if self.settings.cancel.is_cancelled() {
            return Err(DriverError::Cancelled);
        }
        Ok(())
    }

    /// Why no more frames arrive.
    fn link_end(&self) -> DriverError {
        let closed = LinkError::Closed { name: self.name.clone() };
        self.shared.ended().unwrap_or(closed).into()
    }
}

impl Drop for Instrument {
    fn drop(&mut self) {
        self.watchdog_feeder = None;
        let armed = self.is_armed();
        let mut requests = self.requests();
        requests.ignore_cancel();
        let farewell = [(armed, command::DISARM), (self.capturing, command::STOP)];
        for (_, word) in farewell.into_iter().filter(|(wanted, _)| *wanted) {
            if requests.is_taken() {
                break;
            }
            let (operation, address, count) = (Operation::Write, map::COMMAND, 1);
            let order = Ask { operation, address, count, values: vec![word] };
            // Where nobody answers any more, the watchdog trips.
            let answered = requests.ask(&order, FAREWELL).is_ok();
            if answered && word == command::DISARM {
                self.settings.health.armed(None);
            }
        }
        requests.close();
        drop(requests);
        self.shared.stop();
        if let Some(reader) = self.reader.take() {
            // It has nothing to say but that it panicked, which the panic has printed.
            let _ = reader.join();
        }
    }
}
