//! A server over TCP: every client watches, and one controls: the first to make a request, until it leaves.

use super::running::{is_wait, tell, write_all, Running};
use super::{Event, Observer, Presence, Server, ServerError, Stop, QUEUE, STOP_INTERVAL};
use crossbeam::channel::{bounded, Sender};
use hge_protocol::frame::Frame;
use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Messages that wait for one who watches, before frames are lost to it.
const WATCHER_QUEUE: usize = 256;

/// A server and where it listens.
#[derive(Debug)]
pub struct TcpServer {
    address: SocketAddr,
    running: Running,
}

impl TcpServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
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

/// Serves at `address`: a port alone is one of this computer for its own programs; with a host before it, others
/// can reach it too. Port 0 is any that is free.
///
/// # Errors
/// The address is taken or makes no sense.
pub fn listen(server: Server, address: &str) -> Result<TcpServer, ServerError> {
    let whole = match address.parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}"),
        Err(_) => address.to_owned(),
    };
    let unbound = |error: std::io::Error| ServerError::Bind {
        address: whole.clone(),
        what: error.to_string(),
    };
    let listener = TcpListener::bind(&whole).map_err(unbound)?;
    listener.set_nonblocking(true).map_err(unbound)?;
    let address = listener.local_addr().map_err(unbound)?;
    let observer = server.observer.clone();
    let running = Running::spawn(server, Stop::default(), move |events, stop| {
        accept(&listener, &observer, events, stop);
    });
    Ok(TcpServer { address, running })
}

/// How long a request waits for the client before to leave: one that has just ended is still being noticed.
const GRACE: Duration = Duration::from_millis(200);

/// Who is in control, in the words another hears.
#[derive(Clone, Default)]
struct Control(Arc<Mutex<Option<String>>>);

impl Control {
    fn holder(&self) -> MutexGuard<'_, Option<String>> {
        // What it guards is whole between any two statements that could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives control to `from`, or says who has it.
    fn take(&self, from: SocketAddr, stop: &Stop) -> Result<(), String> {
        let deadline = Instant::now() + GRACE;
        loop {
            let mut holder = self.holder();
            match holder.as_ref() {
                None => {
                    *holder = Some(format!("{from} since {} UTC", clock()));
                    return Ok(());
                }
                Some(name) if Instant::now() >= deadline || stop.is_stopped() => {
                    return Err(name.clone())
                }
                Some(_) => {}
            }
            drop(holder);
            std::thread::sleep(STOP_INTERVAL / 4);
        }
    }

    fn leave(&self) {
        *self.holder() = None;
    }
}

fn accept(listener: &TcpListener, observer: &Observer, events: &Sender<Event>, stop: &Stop) {
    let control = Control::default();
    let mut clients: Vec<JoinHandle<()>> = Vec::new();
    while !stop.is_stopped() {
        match listener.accept() {
            Ok((stream, from)) => {
                // A connection that ended before it began is nobody's loss.
                let client = welcome(stream, from, &control, observer, events, stop);
                clients.extend(client.into_iter().flatten());
            }
            // Out of handles, or a client that has gone already: the next may fare better.
            Err(_) => std::thread::sleep(STOP_INTERVAL),
        }
        clients.retain(|client| !client.is_finished());
    }
    for client in clients {
        // A thread that panicked has said so.
        let _ = client.join();
    }
}

/// A new client watches; with its first request it takes control, if nobody else has it.
fn welcome(
    stream: TcpStream,
    from: SocketAddr,
    control: &Control,
    observer: &Observer,
    events: &Sender<Event>,
    stop: &Stop,
) -> std::io::Result<[JoinHandle<()>; 2]> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(STOP_INTERVAL))?;
    stream.set_write_timeout(Some(STOP_INTERVAL))?;
    let (reads, mut writes) = (stream.try_clone()?, stream);
    let (watching, heard) = bounded::<Arc<[u8]>>(WATCHER_QUEUE);
    let (controlling, said) = bounded::<Vec<u8>>(QUEUE);
    observer.tell(|| Presence::Connected(from.to_string()));
    tell(events, Event::Watches(watching.clone()), stop);
    let client = Client {
        from,
        control: control.clone(),
        observer: observer.clone(),
        events: events.clone(),
        stop: stop.clone(),
    };
    let seen = stop.clone();
    let reading = std::thread::spawn(move || client.serve(reads, watching, controlling));
    let writing = std::thread::spawn(move || {
        // The first queue ends when the client takes control or leaves.
        write_all(&mut writes, &heard, &seen);
        drop(heard);
        write_all(&mut writes, &said, &seen);
        // The reader of a connection that takes nothing any more ends, too.
        let _ = writes.shutdown(Shutdown::Both);
    });
    Ok([reading, writing])
}

/// What one client's reader knows.
struct Client {
    from: SocketAddr,
    control: Control,
    observer: Observer,
    events: Sender<Event>,
    stop: Stop,
}

impl Client {
    /// Reads until the client leaves.
    fn serve(
        self,
        mut reads: TcpStream,
        watching: Sender<Arc<[u8]>>,
        controlling: Sender<Vec<u8>>,
    ) {
        let mut waiting = Some((watching, controlling));
        while let Some(bytes) = read(&mut reads, &self.stop) {
            if bytes.is_empty() {
                continue;
            }
            if let Some((watching, controlling)) = waiting.take() {
                if let Err(holder) = self.control.take(self.from, &self.stop) {
                    // What one who watches says is not for the instrument.
                    let sentence =
                        format!("the instrument is controlled by {holder}; you may watch");
                    // Full: it does not read, and this is of no interest to it.
                    let _ = watching.try_send(Frame::Notice(sentence).to_bytes().into());
                    waiting = Some((watching, controlling));
                    continue;
                }
                self.observer.tell(|| Presence::Controls(self.from.to_string()));
                tell(&self.events, Event::Unwatches(watching), &self.stop);
                tell(&self.events, Event::Joined(controlling), &self.stop);
            }
            if !tell(&self.events, Event::Bytes(bytes), &self.stop) {
                break;
            }
        }
        match waiting {
            Some((watching, _)) => {
                tell(&self.events, Event::Unwatches(watching), &self.stop);
            }
            None => {
                // First the server, then the next who wants control.
                tell(&self.events, Event::Left, &self.stop);
                self.control.leave();
            }
        }
        self.observer.tell(|| Presence::Left(self.from.to_string()));
        let _ = reads.shutdown(Shutdown::Both);
    }
}

/// What has come, perhaps nothing. `None`: nothing will, or `stop`.
fn read(stream: &mut TcpStream, stop: &Stop) -> Option<Vec<u8>> {
    if stop.is_stopped() {
        return None;
    }
    let mut bytes = [0; 4096];
    match stream.read(&mut bytes) {
        Ok(0) => None,
        Ok(count) => Some(bytes[..count].to_vec()),
        Err(error) if is_wait(&error) => Some(Vec::new()),
        Err(_) => None,
    }
}

/// Time of day.
fn clock() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let second = since.as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}
