//! A server over UDP, as a board on a network of its own: one client at a time, the one whose request came first, until it
//! leaves or is silent.
//!
//! Its line is one of 100 Mbit/s: datagrams go out no faster, in virtual time too, where the instrument waits for them.

use super::listening::{whole, Listening};
use super::running::{is_wait, send, Running};
use super::{Bytes, Event, Observer, Presence, Server, ServerError, Stop, QUEUE, STOP_INTERVAL};
use crossbeam::channel::{bounded, Receiver, RecvTimeoutError, Sender};
use hge_driver::link::udp::{datagrams, AROUND_BYTES, LINE_BITS_PER_S};
use hge_protocol::frame::Operation;
use hge_protocol::wire::{Deframer, MOST_REQUEST_WORDS};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Most by which a datagram may be early: below it a thread's sleep is too inexact.
const EARLY: Duration = Duration::from_millis(1);

/// Silence of a client after which a hello of another one is obeyed: four times the interval of a driver's requests.
const SILENCE: Duration = Duration::from_secs(2);

/// Serves at `address`, a port of this computer with or without a host before it. Port 0 is any that is free.
///
/// # Errors
/// The address is taken or makes no sense, or other computers can reach it.
pub fn listen(server: Server, address: &str) -> Result<Listening, ServerError> {
    let whole = whole(address);
    let unbound = |error: std::io::Error| ServerError::Bind {
        address: whole.clone(),
        what: error.to_string(),
    };
    let socket = UdpSocket::bind(&whole).map_err(unbound)?;
    socket.set_read_timeout(Some(STOP_INTERVAL)).map_err(unbound)?;
    let address = socket.local_addr().map_err(unbound)?;
    if !address.ip().to_canonical().is_loopback() {
        return Err(ServerError::OpenDatagrams { address: whole });
    }
    let (observer, idle) = (server.observer.clone(), server.settings.idle);
    let running = Running::spawn(server, Stop::default(), move |events, stop| {
        let (events, stop) = (events.clone(), stop.clone());
        Listener { socket: Arc::new(socket), observer, events, stop, idle, client: None }.serve();
    });
    Ok(Listening { address, running })
}

/// The client.
struct Client {
    from: SocketAddr,
    last_datagram: Instant,
    writer: JoinHandle<()>,
}

struct Listener {
    socket: Arc<UdpSocket>,
    observer: Observer,
    events: Sender<Event>,
    stop: Stop,
    /// The client leaves after so long without a datagram.
    idle: Duration,
    client: Option<Client>,
}

impl Listener {
    fn serve(mut self) {
        let mut bytes = [0; 4096];
        while !self.stop.is_stopped() {
            match self.socket.recv_from(&mut bytes) {
                Ok((count, from)) => self.take(&bytes[..count], from),
                Err(error) if is_wait(&error) => {}
                // The client's port has gone.
                Err(_) => self.leave(),
            }
            if self
                .client
                .as_ref()
                .is_some_and(|client| client.last_datagram.elapsed() >= self.idle)
            {
                self.leave();
            }
        }
        self.leave();
    }

    fn take(&mut self, bytes: &[u8], from: SocketAddr) {
        let known = self.client.as_ref().is_some_and(|client| client.from == from);
        if known && bytes.is_empty() {
            return self.leave();
        }
        if !known && !self.welcome(bytes, from) {
            return;
        }
        if let Some(client) = &mut self.client {
            client.last_datagram = Instant::now();
        }
        send(&self.events, Event::Bytes(bytes.to_vec()), &self.stop);
    }

    /// Whether these bytes make a client of their sender.
    fn welcome(&mut self, bytes: &[u8], from: SocketAddr) -> bool {
        let (mut is_request, mut is_hello) = (false, false);
        Deframer::new(MOST_REQUEST_WORDS).push(bytes, |body| {
            let operation = body.map(|body| body[0].get() as u8);
            is_request |= operation.is_some();
            is_hello |= operation == Some(Operation::Hello.code());
        });
        let silent =
            self.client.as_ref().is_none_or(|client| client.last_datagram.elapsed() >= SILENCE);
        if !is_request || !silent || (self.client.is_some() && !is_hello) {
            return false;
        }
        self.leave();
        let (sender, queue) = bounded::<Bytes>(QUEUE);
        let (socket, stop) = (self.socket.clone(), self.stop.clone());
        let writer = std::thread::spawn(move || write_all(&socket, from, &queue, &stop));
        self.client = Some(Client { from, last_datagram: Instant::now(), writer });
        self.observer.send(|| Presence::Controls(from.to_string()));
        send(&self.events, Event::Joined { client: sender, session: None }, &self.stop)
    }

    fn leave(&mut self) {
        let Some(Client { from, writer, .. }) = self.client.take() else { return };
        self.observer.send(|| Presence::Left(from.to_string()));
        send(&self.events, Event::Left, &self.stop);
        // It ends with the server's end of its queue. A thread that panicked has printed it.
        let _ = writer.join();
    }
}

/// Sends the bytes from `queue` at the line's rate until its sender is dropped, or `stop`.
fn write_all(socket: &UdpSocket, to: SocketAddr, queue: &Receiver<Bytes>, stop: &Stop) {
    let mut free = Instant::now();
    while !stop.is_stopped() {
        let bytes = match queue.recv_timeout(STOP_INTERVAL) {
            Ok(bytes) => bytes,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        // What the client's computer does not take is lost, as on any such line.
        let _: std::io::Result<()> = datagrams(&bytes, |datagram| {
            let now = Instant::now();
            let early = free.saturating_duration_since(now);
            if early > EARLY {
                std::thread::sleep(early);
            }
            let bits = 8 * (datagram.len() + AROUND_BYTES) as u64;
            let takes = Duration::from_nanos(bits * 1_000_000_000 / u64::from(LINE_BITS_PER_S));
            free = free.max(now) + takes;
            socket.send_to(datagram, to).map(|_| ())
        });
    }
}
