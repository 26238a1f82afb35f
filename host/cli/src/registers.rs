//! `hge get`, `hge set` and `hge regs`: registers by name, in SI units.

use crate::lab::{Lab, LabOptions};
use crate::output::{json_line, text};
use clap::Args;
use hge_driver::quantity::{Context, Place};
use hge_driver::text::number;
use hge_driver::Instrument;
use hge_protocol::registers::{self as map, Access};
use hge_protocol::{Analogue, Parameters};
use serde::Serialize;
use std::process::ExitCode;

#[derive(Args)]
pub struct Get {
    /// Registers: settle, tuning[3], guard[2].high
    #[arg(value_name = "NAME", required_unless_present = "all")]
    names: Vec<String>,
    /// All readable registers except the parameter table
    #[arg(long, conflicts_with = "names")]
    all: bool,
    #[command(flatten)]
    lab: LabOptions,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Set {
    /// Assignments: settle=10ms, guard[2].high=0.5V, mode=raw:5; or analogue, the scale of --experiment
    #[arg(value_name = "NAME=VALUE|analogue", required = true)]
    assignments: Vec<String>,
    #[command(flatten)]
    lab: LabOptions,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Regs {
    /// Print one JSON object
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print docs/registers.md
    #[arg(long)]
    markdown: bool,
}

/// A register and its value.
#[derive(Serialize)]
struct Value {
    name: String,
    address: u16,
    word: u32,
    value: f64,
    unit: &'static str,
}

/// Result of `--json`.
#[derive(Serialize)]
struct Values {
    registers: Vec<Value>,
}

pub fn get(arguments: Get) -> Result<ExitCode, String> {
    let named = arguments.names.iter().map(|name| Place::find(name));
    let mut places = named.collect::<Result<Vec<Place>, _>>().map_err(text)?;
    if let Some(place) = places.iter().find(|place| place.register.access == Access::WriteOnly) {
        return Err(format!("{} cannot be read: it can only be written", place.name()));
    }
    let lab = arguments.lab.open()?;
    if arguments.all {
        places = readable(lab.instrument.parameters());
    }
    show(&lab.instrument, &places, &lab.present()?, arguments.json)
}

/// All readable registers except the parameter table, whose 4096 words are data of one run.
fn readable(parameters: &Parameters) -> Vec<Place> {
    let (outputs, inputs) = (parameters.outputs as usize, parameters.inputs as usize);
    let registers = map::MAP
        .iter()
        .filter(|register| register.access != Access::WriteOnly && register.address != map::TABLE);
    registers
        .flat_map(|register| {
            let indices: Vec<u16> = match register.address {
                map::GUARD => (0..4 * outputs as u16).collect(),
                map::ANALOGUE => Analogue::words_used(outputs, inputs),
                _ => (0..register.count).collect(),
            };
            indices.into_iter().map(move |index| Place { register, index })
        })
        .collect()
}

/// The assignment that sets the complete analogue scale.
const SCALE: &str = "analogue";

pub fn set(arguments: Set) -> Result<ExitCode, String> {
    let (scale, assignments): (Vec<&String>, Vec<&String>) =
        arguments.assignments.iter().partition(|assignment| assignment.trim() == SCALE);
    let assignments = parsed(&assignments)?;
    let lab = if scale.is_empty() {
        arguments.lab.open()?
    } else {
        let mut lab = Lab::connect(&arguments.lab)?;
        set_scale(&mut lab)?;
        lab
    };
    let mut context = lab.present()?;
    // All values are meant at the rate that the command leaves, whatever their order.
    for (place, value) in &assignments {
        if place.address() == map::SAMPLE_PERIOD {
            context.period_clocks = f64::from(place.word(value, &context).map_err(text)?.max(1));
        }
    }
    let mut writes = Vec::new();
    for (place, value) in &assignments {
        writes.push((place.address(), place.word(value, &context).map_err(text)?));
    }
    // One after the other: a refusal names the register, and those before it stand.
    for write in writes {
        lab.instrument.write_all(&[write]).map_err(text)?;
    }
    let written = assignments.into_iter().map(|(place, _)| place);
    let mut places: Vec<Place> =
        written.filter(|place| place.register.access != Access::WriteOnly).collect();
    if !scale.is_empty() {
        let all = readable(lab.instrument.parameters()).into_iter();
        places.extend(all.filter(|place| place.register.address == map::ANALOGUE));
    }
    show(&lab.instrument, &places, &context, arguments.json)
}

/// Names and values; every register once.
fn parsed<'a>(assignments: &[&'a String]) -> Result<Vec<(Place, &'a str)>, String> {
    let mut found: Vec<(Place, &str)> = Vec::new();
    for assignment in assignments {
        let (name, value) = assignment.split_once('=').ok_or_else(|| {
            format!("`{assignment}` is not an assignment: write NAME=VALUE, e.g. settle=10ms")
        })?;
        let place = Place::find(name).map_err(text)?;
        if place.register.access == Access::ReadOnly {
            return Err(format!("{} cannot be written: it can only be read", place.name()));
        }
        // A command may well follow another.
        let again = found.iter().any(|(other, _)| *other == place);
        if again && place.address() != map::COMMAND {
            return Err(format!("{} is given twice: name it once", place.name()));
        }
        found.push((place, value));
    }
    Ok(found)
}

/// Replaces the instrument's scale by that of the experiment.
fn set_scale(lab: &mut Lab) -> Result<(), String> {
    let analogue = lab.experiment.analogue.clone().ok_or(
        "there is no scale to set: give a file with a section [analogue], as in `hge set analogue \
         --experiment FILE.toml --link LINK`",
    )?;
    lab.instrument.set_analogue(&analogue).map_err(text)?;
    lab.analogue = Some(analogue);
    Ok(())
}

/// Reads and prints.
fn show(
    instrument: &Instrument,
    places: &[Place],
    context: &Context,
    json: bool,
) -> Result<ExitCode, String> {
    let mut registers = Vec::new();
    for place in places {
        let (name, address) = (place.name(), place.address());
        let word = instrument.read(address).map_err(text)?;
        let quantity = place.quantity(word, context);
        let (value, unit) = (quantity.value, quantity.unit);
        registers.push(Value { name, address, word, value, unit });
    }
    if json {
        json_line(&Values { registers })?;
        return Ok(ExitCode::SUCCESS);
    }
    let wide = registers.iter().map(|register| register.name.len()).max().unwrap_or(0);
    let lines = registers.iter().map(|Value { name, word, value, unit, .. }| {
        format!("{name:wide$}  {:>14} {unit:4} raw:{word:#x}\n", number(*value))
    });
    crate::streams::print(&lines.collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

/// Result of `hge regs --json`.
#[derive(Serialize)]
struct Map {
    map_hash: String,
    registers: &'static [map::Register],
}

pub fn regs(arguments: Regs) -> Result<ExitCode, String> {
    if arguments.json {
        json_line(&Map { map_hash: format!("{:08x}", map::map_hash()), registers: map::MAP })?;
    } else if arguments.markdown {
        crate::streams::print(&map::markdown())?;
    } else {
        let lines = map::MAP.iter().map(|register| {
            let name = match register.count {
                1 => register.name.into(),
                count => format!("{}[{count}]", register.name),
            };
            format!(
                "{:#06x}  {name:20} {:10}  {}\n",
                register.address, register.unit, register.description
            )
        });
        crate::streams::print(&lines.collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}
