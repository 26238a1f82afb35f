//! `hge serve`: a simulated instrument for others.

use crate::interrupt;
use crate::lab::Simulation;
use crate::output::{json_line, text};
use crate::streams::{note, print};
use clap::{Args, ValueHint};
use hge_host::experiment::Job;
use hge_host::lab;
use hge_host::link::DEFAULT_BAUD;
use hge_host::server::{tcp, Pace, Presence, Server, Stop};
use serde::Serialize;
use std::process::ExitCode;
use std::str::FromStr;

#[derive(Args)]
pub struct Arguments {
    /// Gate or experiment file: instrument, bench and device
    #[arg(value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath, default_value = "xor")]
    what: String,
    /// Listen there; a port alone is for programs of this computer, port 0 any that is free
    #[arg(long, value_name = "[ADDR:]PORT", required_unless_present = "pty")]
    tcp: Option<String>,
    /// Be a serial port
    #[arg(long, conflicts_with = "tcp")]
    pty: bool,
    /// How the instrument's time goes: virtual, or by the wall clock
    #[arg(long, value_name = "virtual|real[:FACTOR]", default_value = "virtual")]
    time: Time,
    /// In real time, rate of the line it pretends to have
    #[arg(long, value_name = "BAUD", default_value_t = DEFAULT_BAUD)]
    baud: u32,
    /// In virtual time, leave the instrument to the next client as it is
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    simulation: Simulation,
    /// Print the first line as a JSON object
    #[arg(long)]
    json: bool,
}

/// How time goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Time {
    Virtual,
    Real(f64),
}

/// Seconds of the instrument in a second that make sense.
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

/// Where it can be reached.
#[derive(Serialize)]
struct Reached {
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pty: Option<String>,
    link: String,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let (experiment, source) = arguments.simulation.read(&arguments.what)?;
    let job = Job::new(experiment, &source).map_err(text)?;
    let rate_hz = job.task.plan.grid().rate_hz;
    let pace = match arguments.time {
        Time::Virtual => Pace::Virtual,
        Time::Real(factor) => Pace::Real { rate_hz, factor, baud: arguments.baud },
    };
    let server = lab::server(job, pace, arguments.keep).map_err(text)?.observed(tell);
    serve(server, &arguments)?;
    Ok(ExitCode::SUCCESS)
}

/// Says who comes and goes, where anybody listens.
fn tell(presence: Presence) {
    note(&presence.to_string());
}

/// Serves until an interrupt.
fn serve(server: Server, arguments: &Arguments) -> Result<(), String> {
    let Some(address) = &arguments.tcp else {
        return serve_port(server, arguments.json);
    };
    let served = tcp::listen(server, address).map_err(text)?;
    end_on_interrupt(served.handle());
    let address = served.address();
    if !address.ip().is_loopback() {
        note("warning: whoever reaches this computer can control the instrument");
    }
    let (tcp, link) = (Some(address.to_string()), format!("tcp:{address}"));
    announce(&Reached { tcp, pty: None, link }, arguments.json)?;
    served.wait().map_err(text)
}

#[cfg(unix)]
fn serve_port(server: Server, json: bool) -> Result<(), String> {
    let served = hge_host::server::pty::open(server).map_err(text)?;
    end_on_interrupt(served.handle());
    let path = served.path().display().to_string();
    let link = format!("serial:{path}");
    announce(&Reached { tcp: None, pty: Some(path), link }, json)?;
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
    print(&format!("{}\n", reached.link))
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
