//! `hge resume`: continues an interrupted run.

use crate::interrupt;
use crate::lab::TokenOption;
use crate::output::text;
use crate::run_segment::{self, Manner, Opened, RunSpec};
use clap::{Args, ValueHint};
use hge_driver::link::LinkSpec;
use hge_record::{resume, Folder, Resuming};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Folder of the run
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    run: PathBuf,
    /// Present link of the instrument, if it has moved: sim, tcp:HOST:PORT, udp:HOST[:PORT], serial:PATH[@BAUD] or ft245:PATH
    #[arg(long, value_name = "LINK")]
    link: Option<String>,
    #[command(flatten)]
    token: TokenOption,
    /// Draw losses, outputs, controls, slopes, link and guard; status lines without a terminal
    #[arg(long)]
    live: bool,
    /// Continue from the state after the last complete epoch, on a simulated instrument too
    #[arg(long)]
    as_it_is: bool,
    /// Open the report in the browser at the end
    #[arg(long)]
    open: bool,
    /// One JSON object on the last line, no progress
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let mut folder = Folder::open(&arguments.run).map_err(text)?;
    if folder.is_complete().map_err(text)? {
        return run_segment::show(&folder, arguments.json);
    }
    folder.lock().map_err(text)?;
    let was = folder.provenance().map_err(text)?.instrument.link;
    let link: LinkSpec = arguments.link.as_deref().unwrap_or(&was).parse().map_err(text)?;
    if (link == LinkSpec::Simulated) != (was == LinkSpec::Simulated.to_string()) {
        return Err(format!(
            "the run in {} was made at {was} and cannot continue at {link}: a device simulated in this process is another device; start a new run",
            arguments.run.display()
        ));
    }
    let (experiment, source) = folder.experiment().map_err(text)?;
    let calibration = folder.calibration().map_err(text)?;
    let cancel = interrupt::cancel();
    let how = match arguments.as_it_is {
        true => Some(Resuming::FromState),
        false => (link == LinkSpec::Simulated).then_some(Resuming::Again),
    };
    let token = arguments.token.read()?;
    let trace = None;
    let opened =
        Opened::open(RunSpec { experiment, source, calibration, link, token, trace, cancel })?;
    let manner = Manner { json: arguments.json, live: arguments.live, open: arguments.open };
    opened.work(&folder, manner, |instrument, task, progress| {
        Ok(resume(instrument, task, &folder, how, progress)?.0)
    })
}
