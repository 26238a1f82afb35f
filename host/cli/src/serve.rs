//! `hge serve`: a simulated instrument for other programs.

use crate::interrupt;
use crate::lab::{read_token, Simulation};
use crate::output::{json_line, text};
use crate::streams::{note, print};
use clap::{Args, ValueHint};
use hge_core::apparatus::Apparatus;
use hge_core::experiment::{Experiment, Job, Source};
use hge_driver::link::{self, LinkSpec, Token, DEFAULT_BAUD};
use hge_driver::Settings;
use hge_lab::scpi::{self, ScpiServer};
use hge_lab::server::{tcp, udp, Pace, Presence, Server, ServerError, Stop, DEFAULT_LIMIT};
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

#[derive(Args)]
pub struct Arguments {
    /// Gate or experiment file: instrument, bench and device
    #[arg(value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath, default_value = "xor")]
    what: String,
    /// Address to listen on; a port without an address is for programs of this computer, port 0 selects a free one
    #[arg(long, value_name = "[ADDR:]PORT", required_unless_present_any = ["pty", "udp"])]
    tcp: Option<String>,
    /// Serve datagrams, at the rate of a line of 100 Mbit/s; a port alone or with an address of this computer, port 0 selects a free one
    #[arg(long, value_name = "[ADDR:]PORT", conflicts_with_all = ["tcp", "pty", "token_file"])]
    udp: Option<String>,
    /// With --tcp: also a SCPI socket at this port of this computer, for PyVISA and pymeasure; port 0 selects a free one
    #[arg(long, value_name = "PORT", requires = "tcp")]
    scpi: Option<u16>,
    /// Serve as a serial port
    #[arg(long, conflicts_with = "tcp")]
    pty: bool,
    /// Time of the instrument: virtual, or by the wall clock
    #[arg(long, value_name = "virtual|real[:FACTOR]", default_value = "virtual")]
    time: Time,
    /// In real time, baud rate of the simulated line [default: 3000000; with --udp 100 Mbit/s]
    #[arg(long, value_name = "BAUD")]
    baud: Option<u32>,
    /// In virtual time, keep the state of the instrument for the next client
    #[arg(long)]
    keep: bool,
    /// Over TCP and UDP, a client loses control after this time without a request, and an armed guard is disarmed
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_LIMIT.as_secs_f64(), value_parser = seconds)]
    idle: f64,
    /// Longest watchdog time: a longer one is reduced to it
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_LIMIT.as_secs_f64(), value_parser = seconds)]
    watchdog: f64,
    /// Over TCP, require the token in this file; a missing file is created with a random token
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "pty")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    simulation: Simulation,
    /// Print the first line as a JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Rate of the simulated line: ten bits a byte.
    fn line_baud(&self) -> u32 {
        let of_link =
            if self.udp.is_some() { link::udp::LINE_BITS_PER_S / 8 * 10 } else { DEFAULT_BAUD };
        self.baud.unwrap_or(of_link)
    }
}

/// Accepted seconds of a limit: twice the interval of requests of a client in control, to an hour.
const LIMITS_S: std::ops::RangeInclusive<f64> = 1.0..=3600.0;

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if LIMITS_S.contains(&seconds) => Ok(seconds),
        _ => Err("write seconds from 1 to 3600, e.g. 10".into()),
    }
}

/// Time of the instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Time {
    Virtual,
    Real(f64),
}

/// Accepted seconds of the instrument in a second.
const FACTORS: std::ops::RangeInclusive<f64> = 1e-3..=1e3;

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let factor = match text.split_once(':') {
            None if text == "virtual" => return Ok(Time::Virtual),
            None if text == "real" => Ok(1.0),
            Some(("real", factor)) => factor.parse(),
            _ => return Err("write virtual, real or real:FACTOR".into()),
        };
        match factor {
            Ok(factor) if FACTORS.contains(&factor) => Ok(Time::Real(factor)),
            _ => Err("write a factor from 0.001 to 1000, e.g. real:10".into()),
        }
    }
}

/// Address of the server.
#[derive(Serialize)]
struct Reached {
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    udp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pty: Option<String>,
    link: String,
    /// Address of the SCPI socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    scpi: Option<String>,
    /// Credentials that clients must present.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let (experiment, source) = arguments.simulation.read(&arguments.what)?;
    let asked = (experiment.clone(), source.clone());
    let job = Job::new(experiment, &source).map_err(text)?;
    let pace = match arguments.time {
        Time::Virtual => Pace::Virtual,
        Time::Real(factor) => Pace::Real { factor, baud: arguments.line_baud() },
    };
    let token = arguments.token_file.as_deref().map(token).transpose()?;
    let secret = token.as_ref().map(|token| token.secret().to_owned());
    let [idle, watchdog] = [arguments.idle, arguments.watchdog].map(Duration::from_secs_f64);
    let server = hge_lab::server(job, pace, arguments.keep).map_err(text)?.observed(print_presence);
    serve(server.limited(idle, watchdog, token.clone()), &arguments, secret, |address| {
        let port = arguments.scpi?;
        let link = LinkSpec::Tcp { address: address.to_string() };
        Some(scpi::listen(port, Arc::new(move || apparatus(&link, token.as_ref(), &asked))))
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The token in a file, which is created if missing.
fn token(path: &Path) -> Result<Token, String> {
    if path.symlink_metadata().is_ok() {
        return read_token(path);
    }
    let token = Token::random()?;
    let made = write_secret(path, &format!("{}\n", token.secret()));
    made.map_err(|error| {
        format!("the token file {} cannot be created: {error}; choose another file", path.display())
    })?;
    Ok(token)
}

/// Writes a new file readable by its owner only.
fn write_secret(path: &Path, content: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(content.as_bytes())
}

/// Logs connections on standard error, if it is open.
fn print_presence(presence: Presence) {
    note(&presence.to_string());
}

/// An instrument for a client of the SCPI socket: a client of this server.
fn apparatus(
    link: &LinkSpec,
    token: Option<&Token>,
    (experiment, source): &(Experiment, Source),
) -> Result<Apparatus, String> {
    let link = link::open(link, token).map_err(text)?;
    Apparatus::connect(link, Settings::default(), experiment.clone(), source).map_err(text)
}

/// Serves until an interrupt, with what `beside` opens at the address.
fn serve(
    server: Server,
    arguments: &Arguments,
    token: Option<String>,
    beside: impl FnOnce(SocketAddr) -> Option<Result<ScpiServer, ServerError>>,
) -> Result<(), String> {
    if let Some(address) = &arguments.udp {
        return serve_datagrams(server, address, arguments.json);
    }
    let Some(address) = &arguments.tcp else {
        return serve_port(server, arguments.json);
    };
    let served = tcp::listen(server, address).map_err(text)?;
    end_on_interrupt(served.handle());
    let address = served.address();
    let (tcp, link) = (Some(address.to_string()), format!("tcp:{address}"));
    let beside = beside(address).transpose().map_err(text)?;
    let scpi = beside.as_ref().map(|server| server.address().to_string());
    announce(&Reached { tcp, udp: None, pty: None, link, scpi, token }, arguments.json)?;
    let served = served.wait().map_err(text);
    drop(beside);
    served
}

fn serve_datagrams(server: Server, address: &str, json: bool) -> Result<(), String> {
    let served = udp::listen(server, address).map_err(text)?;
    end_on_interrupt(served.handle());
    let (udp, link) = (served.address().to_string(), format!("udp:{}", served.address()));
    let udp = Some(udp);
    announce(&Reached { tcp: None, udp, pty: None, link, scpi: None, token: None }, json)?;
    served.wait().map_err(text)
}

#[cfg(unix)]
fn serve_port(server: Server, json: bool) -> Result<(), String> {
    let served = hge_lab::server::pty::open(server).map_err(text)?;
    end_on_interrupt(served.handle());
    let path = served.path().display().to_string();
    let link = format!("serial:{path}");
    let pty = Some(path);
    announce(&Reached { tcp: None, udp: None, pty, link, scpi: None, token: None }, json)?;
    served.wait().map_err(text)
}

#[cfg(not(unix))]
fn serve_port(_: Server, _: bool) -> Result<(), String> {
    Err("this system has no pseudo-terminals: serve with --tcp".into())
}

fn end_on_interrupt(stop: Stop) {
    interrupt::on(move || stop.stop());
}

fn announce(reached: &Reached, json: bool) -> Result<(), String> {
    if json {
        return json_line(reached);
    }
    print(&format!("{}\n", reached.link))?;
    if let Some(scpi) = &reached.scpi {
        print(&format!("scpi:{scpi}\n"))?;
    }
    if let Some(token) = &reached.token {
        note(&format!("token: {token}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_or_answered_by_what_to_write() {
        assert_eq!("virtual".parse(), Ok(Time::Virtual));
        assert_eq!("real".parse(), Ok(Time::Real(1.0)));
        assert_eq!("real:2.5".parse(), Ok(Time::Real(2.5)));
        for wrong in ["", "Real", "real:", "real:0", "real:-1", "real:nan", "real:1e9", "virtual:2"]
        {
            assert!(
                wrong.parse::<Time>().is_err_and(|error| error.starts_with("write ")),
                "{wrong}"
            );
        }
    }
}
