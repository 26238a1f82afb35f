//! A server behind a pseudo-terminal, which clients open as a serial port.
//!
//! Only the open port shows that there is a client: while it is closed, the terminal's other end reads
//! as hung up.

use super::running::{is_wait, send, write_all, Running};
use super::{Bytes, Event, Observer, Presence, Server, ServerError, Stop, QUEUE, STOP_INTERVAL};
use crossbeam::channel::{bounded, Sender};
use serialport::{SerialPort, TTYPort};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

/// A server and the path of its port.
#[derive(Debug)]
pub struct PtyServer {
    path: PathBuf,
    running: Running,
}

impl PtyServer {
    /// Path of the port for clients.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends the server from elsewhere.
    pub fn handle(&self) -> Stop {
        self.running.handle()
    }

    /// Waits until the server has ended.
    ///
    /// # Errors
    /// Its engine failed.
    pub fn wait(self) -> Result<(), ServerError> {
        self.running.wait()
    }
}

/// Serves on a new pseudo-terminal.
///
/// # Errors
/// The system gives none.
pub fn open(server: Server) -> Result<PtyServer, ServerError> {
    let fails = |error: serialport::Error| ServerError::Pty { what: error.description };
    let (mut master, slave) = TTYPort::pair().map_err(fails)?;
    let path = slave.name().ok_or(ServerError::Pty { what: "it has no name".into() })?.into();
    // Its last settings, raw bytes, stay with the terminal.
    drop(slave);
    master.set_timeout(STOP_INTERVAL).map_err(fails)?;
    let writes = master.try_clone_native().map_err(fails)?;
    let observer = server.observer.clone();
    let running = Running::spawn(server, Stop::default(), move |events, stop| {
        serve(master, &writes, &observer, events, stop);
    });
    Ok(PtyServer { path, running })
}

fn serve(
    mut master: TTYPort,
    writes: &TTYPort,
    observer: &Observer,
    events: &Sender<Event>,
    stop: &Stop,
) {
    let mut writer: Option<JoinHandle<()>> = None;
    let mut bytes = [0; 4096];
    while !stop.is_stopped() {
        let read = master.read(&mut bytes);
        let count = match read {
            Ok(count) => count,
            Err(error) if is_wait(&error) => 0,
            Err(_) => {
                if let Some(thread) = writer.take() {
                    send(events, Event::Left, stop);
                    observer.send(|| Presence::Left("the client".into()));
                    // A thread that panicked has printed it.
                    let _ = thread.join();
                }
                std::thread::sleep(STOP_INTERVAL / 4);
                continue;
            }
        };
        if writer.is_none() {
            let Ok(mut port) = writes.try_clone_native() else { return };
            let (sender, queue) = bounded::<Bytes>(QUEUE);
            let seen = stop.clone();
            let thread = std::thread::spawn(move || write_all(&mut port, &queue, &seen));
            writer = Some(thread);
            observer.send(|| Presence::Controls("a client".into()));
            send(events, Event::Joined { client: sender, session: None }, stop);
        }
        if count > 0 {
            send(events, Event::Bytes(bytes[..count].to_vec()), stop);
        }
    }
    if let Some(thread) = writer {
        // A thread that panicked has printed it.
        let _ = thread.join();
    }
}
