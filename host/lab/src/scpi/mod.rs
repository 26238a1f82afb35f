//! A small SCPI socket in front of an instrument, for programs that speak nothing else: lines of text over TCP (`TCPIP::HOST::PORT::SOCKET`).
//!
//! | command | does |
//! |---|---|
//! | `*IDN? *RST *CLS *ESE *ESR? *OPC *SRE *STB? *TST? *WAI` | IEEE 488.2 |
//! | `SYSTem:ERRor?`, `SYSTem:VERSion?` | the oldest error of the queue, the version of SCPI |
//! | `OUTPut ON`, `OFF`, `?` | arms and disarms |
//! | `SOURce<k>:VOLTage`, `?`, `? MIN`, `? MAX` | control k from 1, in V |
//! | `SOURce<k>:FREQuency?`, `:AMPLitude?` | its tone |
//! | `MEASure:CURRent?` | mean current of every case and output, without tones, in A |
//! | `MEASure:GRADient?`, `FETCh:GRADient:ERRor?` | slopes in A/V, in each row those of the controls; the standard errors of these |
//! | `REGister? "NAME"`, `REGister "NAME",VALUE` | a register in its SI unit |
//!
//! Every client has an instrument of its own making, which is disarmed when it disconnects. The socket is for programs of this computer alone. A
//! connection whose first line has no known command ends, so that no request of a browser is carried out.

mod header;
mod interpreter;
mod status;

use crate::server::{ServerError, Stop};
use hge_core::apparatus::Apparatus;
use interpreter::Interpreter;
use status::ScpiError;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Interval of checks of the stop handle.
const STOP_INTERVAL: Duration = Duration::from_millis(20);

/// Longest line.
const MOST_BYTES: usize = 4096;

/// Most clients at a time.
const MOST_CLIENTS: usize = 8;

/// Connects an instrument for a client; an error is one sentence.
pub type Connect = Arc<dyn Fn() -> Result<Apparatus, String> + Send + Sync>;

/// A socket and where it listens. Dropping it ends its clients.
pub struct ScpiServer {
    address: SocketAddr,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl ScpiServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for ScpiServer {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has printed it.
            let _ = thread.join();
        }
    }
}

/// Listens at a port of this computer; port 0 is any that is free.
///
/// # Errors
/// The port is taken.
pub fn listen(port: u16, connect: Connect) -> Result<ScpiServer, ServerError> {
    let unbound = |error: std::io::Error| ServerError::Bind {
        address: format!("127.0.0.1:{port}"),
        what: error.to_string(),
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(unbound)?;
    listener.set_nonblocking(true).map_err(unbound)?;
    let address = listener.local_addr().map_err(unbound)?;
    let stop = Stop::default();
    let seen = stop.clone();
    let thread = std::thread::spawn(move || accept(&listener, &connect, &seen));
    Ok(ScpiServer { address, stop, thread: Some(thread) })
}

fn accept(listener: &TcpListener, connect: &Connect, stop: &Stop) {
    let mut clients: Vec<JoinHandle<()>> = Vec::new();
    while !stop.is_stopped() {
        clients.retain(|client| !client.is_finished());
        match listener.accept() {
            Ok((stream, _)) if clients.len() < MOST_CLIENTS => {
                let (connect, stop) = (connect.clone(), stop.clone());
                // A connection that breaks is the client's to notice.
                clients.push(std::thread::spawn(move || drop(serve(stream, &connect, &stop))));
            }
            Ok(_) | Err(_) => std::thread::sleep(STOP_INTERVAL),
        }
    }
    for client in clients {
        // A thread that panicked has printed it.
        let _ = client.join();
    }
}

fn serve(mut stream: TcpStream, connect: &Connect, stop: &Stop) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(STOP_INTERVAL))?;
    let (mut held, mut bytes) = (Vec::new(), [0; 1024]);
    let mut client = None;
    while !stop.is_stopped() {
        match stream.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(count) => held.extend_from_slice(&bytes[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        while let Some(end) = held.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = held.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let is_first = client.is_none();
            let interpreter = match &mut client {
                Some(interpreter) => interpreter,
                None => match connect() {
                    Ok(apparatus) => client.insert(Interpreter::new(apparatus)),
                    Err(sentence) => return writeln!(stream, "-365,\"{sentence}\""),
                },
            };
            let (response, known) = interpreter.line(line.trim());
            if is_first && !known {
                return Ok(());
            }
            if let Some(response) = response {
                stream.write_all(format!("{response}\n").as_bytes())?;
            }
        }
        if held.len() > MOST_BYTES {
            held.clear();
            match &mut client {
                Some(interpreter) => {
                    interpreter.failed(ScpiError::new(-363, "Input buffer overrun"));
                }
                None => return Ok(()),
            }
        }
    }
    Ok(())
}
