//! A server over TCP: one client controls, others watch.

use super::running::{is_wait, tell, write_all, Running};
use super::{Event, Server, ServerError, Stop, QUEUE, STOP_INTERVAL};
use crossbeam::channel::{bounded, Sender};
use hge_protocol::frame::Frame;
use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

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
    let running = Running::spawn(server, Stop::default(), move |events, stop| {
        accept(&listener, events, stop);
    });
    Ok(TcpServer { address, running })
}

/// Who is in control, in the words a newcomer hears.
type Control = Arc<Mutex<Option<String>>>;

fn accept(listener: &TcpListener, events: &Sender<Event>, stop: &Stop) {
    let control = Control::default();
    let mut clients: Vec<JoinHandle<()>> = Vec::new();
    while !stop.is_stopped() {
        match listener.accept() {
            Ok((stream, from)) => {
                // A connection that ended before it began is nobody's loss.
                clients.extend(welcome(stream, from, &control, events, stop).into_iter().flatten());
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

fn welcome(
    stream: TcpStream,
    from: SocketAddr,
    control: &Control,
    events: &Sender<Event>,
    stop: &Stop,
) -> std::io::Result<[JoinHandle<()>; 2]> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(STOP_INTERVAL))?;
    stream.set_write_timeout(Some(STOP_INTERVAL))?;
    let (mut reads, mut writes) = (stream.try_clone()?, stream);
    let mut holder = control.lock().unwrap_or_else(PoisonError::into_inner);
    let (events, control, seen) = (events.clone(), control.clone(), stop.clone());
    let stop = stop.clone();
    if let Some(holder) = holder.as_ref() {
        let notice = format!("the instrument is controlled by {holder}; you may watch");
        let (sender, queue) = bounded::<Arc<[u8]>>(WATCHER_QUEUE);
        // The queue is empty: there is room for the first message.
        let _ = sender.send(Frame::Notice(notice).to_bytes().into());
        tell(&events, Event::Watches(sender), &stop);
        let reading = std::thread::spawn(move || {
            // What one who watches says is not for the instrument.
            while read(&mut reads, &stop).is_some() {}
            let _ = reads.shutdown(Shutdown::Both);
        });
        return Ok([reading, std::thread::spawn(move || write_all(&mut writes, &queue, &seen))]);
    }
    *holder = Some(format!("{from} since {} UTC", clock()));
    let (sender, queue) = bounded::<Vec<u8>>(QUEUE);
    tell(&events, Event::Joined(sender), &stop);
    let reading = std::thread::spawn(move || {
        while let Some(bytes) = read(&mut reads, &stop) {
            if !bytes.is_empty() && !tell(&events, Event::Bytes(bytes), &stop) {
                break;
            }
        }
        // First the server, then the next who wants control.
        tell(&events, Event::Left, &stop);
        *control.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let _ = reads.shutdown(Shutdown::Both);
    });
    let writing = std::thread::spawn(move || {
        write_all(&mut writes, &queue, &seen);
        // The reader of a connection that takes nothing any more ends, too.
        let _ = writes.shutdown(Shutdown::Both);
    });
    Ok([reading, writing])
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
