//! `hge gateware list`: boards.

use crate::output::{json_line, text};
use clap::Args;
use hge_boards::board_file::{Board, BoardFile};
use hge_protocol::Parameters;
use serde::Serialize;
use std::collections::BTreeMap;
use std::process::ExitCode;

#[derive(Args)]
pub struct List {
    /// Only this board, with its pins: a name, or the path of its folder
    #[arg(long, value_name = "BOARD")]
    board: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Result of `--json`.
#[derive(Serialize)]
struct Listed {
    boards: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    board: String,
    title: String,
    part: String,
    status: String,
    buildable: bool,
    url: String,
    parameters: Parameters,
    line: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    baud: Option<u32>,
    bridge: String,
    dac: String,
    adc: String,
    ports: BTreeMap<String, String>,
}

pub fn run(list: &List) -> Result<ExitCode, String> {
    let boards = match &list.board {
        Some(name) => vec![Board::named(name).map_err(text)?],
        None => Board::all().map_err(text)?,
    };
    if list.json {
        json_line(&Listed { boards: boards.iter().map(entry).collect() })?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut page = String::new();
    for Board { file, .. } in &boards {
        let BoardFile { name, title, status, fpga, .. } = file;
        page += &format!("{name:<15} {title:<41} {:<23} {status}\n", fpga.part());
    }
    if let (Some(_), [board]) = (&list.board, &boards[..]) {
        for (port, site) in board.located() {
            page += &format!("  {port:<14} {site}\n");
        }
    }
    crate::streams::print(&page)?;
    Ok(ExitCode::SUCCESS)
}

fn entry(board: &Board) -> Entry {
    let file = &board.file;
    Entry {
        board: file.name.clone(),
        title: file.title.clone(),
        part: file.fpga.part(),
        status: file.status.to_string(),
        buildable: file.fpga.is_buildable(),
        url: file.url.clone(),
        parameters: board.parameters(),
        line: board.line().name(),
        baud: board.line().baud(),
        bridge: board.bridge().to_owned(),
        dac: file.converters.dac.clone(),
        adc: file.converters.adc.clone(),
        ports: board.located().into_iter().collect(),
    }
}
