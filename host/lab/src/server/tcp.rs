//! A server over TCP: every client receives telemetry and may read; the first that writes takes control, as long as it sends requests.

use super::connection::{Connection, Shared};
use super::control::Control;
use super::listening::{whole, Listening};
use super::running::{write_all, Running};
use super::{Bytes, Presence, Server, ServerError, Stop, STOP_INTERVAL};
use crossbeam::channel::bounded;
use hge_protocol::frame::{Frame, Notice};
use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Queue of messages for a client: when it is full, a receiving client loses frames, and virtual time waits for the one in control.
const CLIENT_QUEUE: usize = 256;

/// Most clients at a time.
const MOST_CLIENTS: usize = 64;

/// Time limit for the last message to a client.
const FAREWELL: Duration = Duration::from_secs(1);

/// Keep-alive of a silent client: idle time, interval and count after which a vanished computer is detected.
#[cfg(unix)]
const KEEP_ALIVE: (Duration, Duration, u32) = (Duration::from_secs(10), Duration::from_secs(5), 4);

/// Serves at `address`: a port alone is one of this computer for its own programs; with a host before it, others
/// can reach it too, and a token is asked for. Port 0 is any that is free.
///
/// # Errors
/// The address is taken or makes no sense, or is open to others without a token.
pub fn listen(server: Server, address: &str) -> Result<Listening, ServerError> {
    let whole = whole(address);
    let unbound = |error: std::io::Error| ServerError::Bind {
        address: whole.clone(),
        what: error.to_string(),
    };
    let listener = TcpListener::bind(&whole).map_err(unbound)?;
    listener.set_nonblocking(true).map_err(unbound)?;
    let address = listener.local_addr().map_err(unbound)?;
    if !address.ip().to_canonical().is_loopback() && server.settings.token.is_none() {
        return Err(ServerError::Open { address: whole });
    }
    let control = Control::new(server.settings.idle);
    let (observer, token) = (server.observer.clone(), server.settings.token.clone());
    let running = Running::spawn(server, Stop::default(), move |events, stop| {
        let (events, stop) = (events.clone(), stop.clone());
        accept(&listener, &Shared { control, observer, events, stop, token });
    });
    Ok(Listening { address, running })
}

fn accept(listener: &TcpListener, shared: &Shared) {
    let mut clients: Vec<JoinHandle<()>> = Vec::new();
    while !shared.stop.is_stopped() {
        clients.retain(|client| !client.is_finished());
        match listener.accept() {
            Ok((stream, from)) if clients.len() >= MOST_CLIENTS => turn_away(stream, from, shared),
            // A connection that ended before it began is nobody's loss.
            Ok((stream, from)) => clients.extend(welcome(stream, from, shared)),
            // Out of handles, or a client that has gone already: the next may fare better.
            Err(_) => std::thread::sleep(STOP_INTERVAL),
        }
    }
    for client in clients {
        // A thread that panicked has printed it.
        let _ = client.join();
    }
}

/// There is no room for another client.
fn turn_away(mut stream: TcpStream, from: SocketAddr, shared: &Shared) {
    let sentence = format!("the server has {MOST_CLIENTS} clients: end one of them, or try again");
    // A new connection has room for it, or else has gone already.
    let _ = stream.set_nonblocking(true);
    let _ = stream.write_all(&Frame::Notice(Notice::Full, sentence).to_bytes());
    shared.observer.send(|| Presence::Refused(from.to_string(), "there are too many clients"));
}

/// Two threads for a new client, of which the first is returned and waits for the second.
fn welcome(
    stream: TcpStream,
    from: SocketAddr,
    shared: &Shared,
) -> std::io::Result<JoinHandle<()>> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(STOP_INTERVAL))?;
    stream.set_write_timeout(Some(STOP_INTERVAL))?;
    keep_alive(&stream)?;
    let (mut reads, mut writes) = (stream.try_clone()?, stream);
    let (queue, outgoing) = bounded::<Bytes>(CLIENT_QUEUE);
    shared.observer.send(|| Presence::Connected(from.to_string()));
    let connection = Connection::new(from, shared.clone(), queue);
    let seen = shared.stop.clone();
    Ok(std::thread::spawn(move || {
        let writer = std::thread::spawn(move || {
            write_all(&mut writes, &outgoing, &seen);
            // The reader of a connection that takes nothing any more ends, too.
            let _ = writes.shutdown(Shutdown::Both);
        });
        connection.serve(&mut reads);
        // Nobody sends any more: the writer ends with the last words, unless the client does not take them.
        let deadline = Instant::now() + FAREWELL;
        while !writer.is_finished() && Instant::now() < deadline {
            std::thread::sleep(STOP_INTERVAL / 4);
        }
        let _ = reads.shutdown(Shutdown::Both);
        // A thread that panicked has printed it.
        let _ = writer.join();
    }))
}

#[cfg(unix)]
fn keep_alive(stream: &TcpStream) -> std::io::Result<()> {
    use rustix::net::sockopt;
    let (idle, interval, count) = KEEP_ALIVE;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, idle)?;
    sockopt::set_tcp_keepintvl(stream, interval)?;
    sockopt::set_tcp_keepcnt(stream, count)?;
    Ok(())
}

#[cfg(not(unix))]
fn keep_alive(_: &TcpStream) -> std::io::Result<()> {
    Ok(())
}
