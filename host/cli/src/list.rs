//! `hge list`: serial ports, and available simulators.

use crate::interrupt;
use crate::lab::remote;
use crate::output::{json_line, text};
use clap::Args;
use hge_core::experiment::EngineKind;
use hge_driver::link::ports::{port_at, ports, Port, Usb};
use hge_driver::link::{LinkSpec, DEFAULT_BAUD};
use hge_driver::{Instrument, Settings};
use hge_protocol::Parameters;
use hge_sim::verilog::Compiler;
use serde::Serialize;
use std::process::ExitCode;
use std::time::Duration;

/// Wait for a reply of a probed port: 20 times the duration of a request at 115200 baud.
const PROBE_TIMEOUT: Duration = Duration::from_millis(500);

/// Requests to a port.
const PROBE_ATTEMPTS: u32 = 2;

#[derive(Args)]
pub struct Arguments {
    /// Only these ports, listed or not [default: every listed port]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Probe every port for an instrument; opening a port may reset its board
    #[arg(long)]
    probe: bool,
    /// Baud rate of the probe
    #[arg(long, value_name = "BAUD", default_value_t = DEFAULT_BAUD)]
    baud: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Result of `--json`.
#[derive(Serialize)]
struct List {
    ports: Vec<Listed>,
    engines: Vec<Simulates>,
}

#[derive(Serialize)]
struct Listed {
    path: String,
    link: String,
    usb: Option<Usb>,
    /// Why the port cannot be used.
    trouble: Option<String>,
    /// The instrument at the port; none unless probed.
    instrument: Option<Found>,
}

/// An instrument that replied.
#[derive(Serialize)]
struct Found {
    build_hash: String,
    parameters: Parameters,
}

#[derive(Serialize)]
struct Simulates {
    engine: &'static str,
    available: bool,
    /// The tool that runs it, or the missing one.
    by: String,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let cancel = interrupt::cancel();
    let settings = Settings {
        reply_timeout: Some(PROBE_TIMEOUT),
        attempts: PROBE_ATTEMPTS,
        cancel: cancel.clone(),
        ..Settings::default()
    };
    let found = match arguments.paths.as_slice() {
        [] => ports(),
        paths => paths.iter().map(|path| port_at(path)).collect(),
    };
    let mut listed = Vec::new();
    for port in found {
        let probe = arguments.probe.then_some(&settings);
        listed.push(look(port, arguments.baud, probe));
        if cancel.is_cancelled() {
            return Err("cancelled: not every port was probed, start again".into());
        }
    }
    let list = List { ports: listed, engines: engines() };
    if arguments.json {
        json_line(&list)?;
    } else {
        crate::streams::print(&table(&list, arguments.probe))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn look(port: Port, baud: u32, probe: Option<&Settings>) -> Listed {
    let Port { path, usb, refusal } = port;
    let link = LinkSpec::Serial { path: path.clone(), baud };
    let mut listed =
        Listed { path, link: link.to_string(), usb, trouble: refusal.map(text), instrument: None };
    if let Some(settings) = probe.filter(|_| listed.trouble.is_none()) {
        let found = remote(&link, None)
            .and_then(|pipe| Instrument::connect_with(pipe, settings.clone()).map_err(text));
        match found {
            Ok(instrument) => {
                listed.instrument = Some(Found {
                    build_hash: format!("{:08x}", instrument.build_hash()),
                    parameters: *instrument.parameters(),
                });
            }
            Err(error) => listed.trouble = Some(error),
        }
    }
    listed
}

fn engines() -> Vec<Simulates> {
    let built_in = |kind: EngineKind| Simulates {
        engine: kind.name(),
        available: true,
        by: "built in".into(),
    };
    let (available, by) = match Compiler::survey() {
        Ok(by) => (true, by),
        Err(error) => (false, text(error)),
    };
    vec![
        built_in(EngineKind::Model),
        built_in(EngineKind::Rtl),
        Simulates { engine: EngineKind::Verilog.name(), available, by: by.clone() },
        Simulates { engine: EngineKind::Board.name(), available, by },
    ]
}

fn table(list: &List, probed: bool) -> String {
    let mut text = String::new();
    if list.ports.is_empty() {
        text += "no serial ports\n";
    }
    for port in &list.ports {
        text += &port.link;
        if let Some(usb) = &port.usb {
            text += &format!("  USB {:04x}:{:04x}", usb.vendor_id, usb.product_id);
            for name in [&usb.manufacturer, &usb.product, &usb.serial_number].into_iter().flatten()
            {
                text += &format!(" {name}");
            }
        }
        match (&port.instrument, &port.trouble) {
            (Some(found), _) => {
                let Parameters { outputs, slots, .. } = found.parameters;
                text += &format!(
                    "  HGE instrument, {outputs} outputs, {slots} slots, build {}",
                    found.build_hash
                );
            }
            (None, Some(trouble)) => text += &format!("  {trouble}"),
            (None, None) if !probed => text += "  not probed (--probe)",
            (None, None) => {}
        }
        text.push('\n');
    }
    for engine in &list.engines {
        let missing = if engine.available { "" } else { "not available: " };
        text += &format!("engine {:8} {missing}{}\n", engine.engine, engine.by);
    }
    text
}
