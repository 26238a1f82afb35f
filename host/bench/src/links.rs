//! Windows a second through a link, the driver and its run, in virtual time: server and driver on two cores, as fast as both go.

use crate::pace;
use crate::workload::Workload;
use crate::BenchError;
use cpu_time::ProcessTime;
use hge_driver::link::{Link, Tcp, Udp};
use hge_driver::{ArmMode, Instrument, RunEvent};
use hge_lab::server::{tcp, udp, InProcess, Server, Settings};
use hge_protocol::registers::mode;
use hge_sim::model::Model;
use serde::Serialize;
use std::time::Instant;

/// Kinds of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A queue in this process.
    Sim,
    /// A connection within this computer.
    Tcp,
    /// Datagrams within this computer, at 100 Mbit/s.
    Udp,
}

/// Throughput through a link.
#[derive(Clone, Debug, Serialize)]
pub struct Passed {
    /// The link.
    pub link: Kind,
    /// Windows that arrived.
    pub windows: u64,
    /// Frames that were lost for good.
    pub lost: u64,
    /// Time by the wall clock.
    pub wall_s: f64,
    /// Windows a second.
    pub windows_per_s: f64,
    /// Processor time of the model without link and driver over that of all threads, for the same windows.
    pub share_of_model: f64,
}

/// Runs the workload for `epochs` epochs over a link.
///
/// # Errors
/// The link fails.
pub fn measure(link: Kind, workload: &Workload, epochs: u32) -> Result<Passed, BenchError> {
    let mut bare = pace::model(workload)?;
    bare.configure(workload, epochs)?;
    let (begun, mut alone) = (ProcessTime::now(), 0_u64);
    bare.run(|_| alone += 1)?;
    let alone_s = begun.elapsed().as_secs_f64() / alone as f64;

    let parameters = workload.parameters();
    let model = Model::new(parameters, pace::bench(workload, workload.rate_hz())?);
    let server =
        Server::with_engine(Box::new(model), Settings { parameters, ..Settings::default() });
    match link {
        Kind::Sim => through(Box::new(InProcess::serve(server)), link, workload, epochs, alone_s),
        Kind::Tcp => {
            let served = tcp::listen(server, "0")?;
            let open = Tcp::open(&served.address().to_string());
            let open = open.map_err(hge_driver::DriverError::from)?;
            through(Box::new(open), link, workload, epochs, alone_s)
        }
        Kind::Udp => {
            let served = udp::listen(server, "0")?;
            let open = Udp::open(&served.address().to_string());
            let open = open.map_err(hge_driver::DriverError::from)?;
            through(Box::new(open), link, workload, epochs, alone_s)
        }
    }
}

fn through(
    pipe: Box<dyn Link>,
    link: Kind,
    workload: &Workload,
    epochs: u32,
    alone_s: f64,
) -> Result<Passed, BenchError> {
    let mut instrument = Instrument::connect(pipe)?;
    instrument.write_all(&workload.writes(epochs))?;
    let (arm, update) = match workload.standalone {
        true => (ArmMode::Standalone, mode::STANDALONE),
        false => (ArmMode::Host, 0),
    };
    instrument.arm(arm)?;
    let (begun, begun_cpu) = (Instant::now(), ProcessTime::now());
    let (mut windows, mut lost) = (0_u64, 0_u64);
    instrument.run(mode::PERTURB | update, |event| match event {
        RunEvent::Window(_) => windows += 1,
        RunEvent::Gap { lost: frames } => lost += u64::from(frames),
        RunEvent::Epoch(_) => {}
    })?;
    let wall_s = begun.elapsed().as_secs_f64();
    let windows_per_s = windows as f64 / wall_s;
    let share_of_model = alone_s * windows as f64 / begun_cpu.elapsed().as_secs_f64();
    Ok(Passed { link, windows, lost, wall_s, windows_per_s, share_of_model })
}
