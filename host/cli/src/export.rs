//! `hge export`: a run as arrays or a table.

use crate::output::{cut_line, json_line, text};
use clap::{Args, ValueEnum};
use hge_record::{arrays, table, Folder};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// NumPy arrays of the epochs and the solution
    Npz,
    /// A table with a row for every epoch
    Csv,
    /// A table with a row for every epoch, as Parquet
    #[cfg_attr(not(feature = "parquet"), value(hide = true))]
    Parquet,
}

#[derive(Args)]
pub struct Arguments {
    /// Folder of the run, complete or not
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[arg(long)]
    format: Format,
    /// Output file [default: data.npz, or epochs with the format's suffix, in the run's folder]
    #[arg(short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
    /// Export the part of a damaged log before the damage
    #[arg(long)]
    until_damage: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let folder = match arguments.until_damage {
        true => Folder::open_until_damage(&arguments.run),
        false => Folder::open(&arguments.run),
    };
    let folder = folder.map_err(text)?;
    let usual = match arguments.format {
        Format::Npz => arrays::FILE,
        Format::Csv => "epochs.csv",
        Format::Parquet => "epochs.parquet",
    };
    let path = arguments.output.unwrap_or_else(|| folder.file(usual));
    match arguments.format {
        Format::Npz => arrays::write_to(&folder, &path).map_err(text)?,
        Format::Csv => table::write_csv(&folder, &path).map_err(text)?,
        #[cfg(feature = "parquet")]
        Format::Parquet => table::write_parquet(&folder, &path).map_err(text)?,
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => {
            return Err("this program was built without Parquet: build it with `--features parquet`, or export npz or csv".into());
        }
    }
    let path = path.display().to_string();
    if arguments.json {
        json_line(&json!({ "file": path, "cut": folder.cut() }))?;
    } else {
        crate::streams::print(&format!("{path}\n{}", cut_line(&folder)))?;
    }
    Ok(ExitCode::SUCCESS)
}
