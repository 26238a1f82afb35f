//! The report of a run, from its folder.

use super::arrays::{last_note, Epochs};
use super::folder::Folder;
use super::provenance::Provenance;
use super::{replay, RecordError};
use crate::report::{html, DrawnSpectrum, Report, SpectrumLine};
use hge_core::experiment::Task;
use hge_core::measure::waveform::Waveform;
use hge_core::spectrum::{Known, Spectrum};
use hge_core::train::Outcome;
use hge_driver::text::number;
use hge_driver::Topic;

/// Name of the file.
pub const FILE: &str = "report.html";

/// Writes the report of a run, complete or not, into its folder.
///
/// # Errors
/// The folder cannot be read or written.
pub fn write(folder: &Folder) -> Result<(), RecordError> {
    let task = replay::task(folder)?;
    let provenance = folder.provenance()?;
    let outcome: Option<Outcome> = last_note(folder, Topic::Outcome)?;
    let mut builder = Report::of(&task, outcome.as_ref());
    let mut epochs = Epochs::of(folder)?;
    while let Some(epoch) = epochs.next_epoch()? {
        builder.push(epoch);
    }
    if let Some(pass) = last_note::<Waveform>(folder, Topic::Waveform)? {
        builder = builder.waveform(pass);
    }
    if let Some(held) = last_note::<Waveform>(folder, Topic::Spectrum)? {
        // Noise that is too short for a spectrum has none.
        builder = spectrum_of(&task, &held).into_iter().fold(builder, |b, s| b.spectrum(s));
    }
    if !provenance.instrument.is_simulated() {
        builder = builder.on(&provenance.instrument.link, &provenance.instrument.engine);
    }
    let segments = &provenance.segments;
    builder = builder.wall_s(segments.iter().filter_map(|segment| segment.wall_s).sum());
    if let Some(failure) = segments.last().and_then(|segment| segment.failure.clone()) {
        builder = builder.failed(failure);
    }
    for (name, value) in facts(&provenance) {
        builder = builder.provenance(name, value);
    }
    let page = html(&builder.build()).map_err(RecordError::strange(&folder.file(FILE)))?;
    folder.write(FILE, page.as_bytes())
}

fn spectrum_of(task: &Task, held: &Waveform) -> Option<DrawnSpectrum> {
    let mains_hz = task.experiment.noise_model().mains_hz;
    let known = Known { tones_hz: task.plan.tones_hz(), mains_hz };
    let found = Spectrum::of_pieces(&held.pieces_na(), held.rate_hz, None, &known).ok()?;
    let lines = found.lines.iter().map(|line| SpectrumLine {
        frequency_hz: line.frequency_hz,
        kind: line.kind.name().into(),
        label: line.label.clone(),
    });
    Some(DrawnSpectrum {
        lines: lines.collect(),
        floor_a_per_rt_hz: Some(found.floor_a_per_rt_hz),
        frequencies_hz: found.frequencies_hz,
        density_a_per_rt_hz: found.density_a_per_rt_hz,
    })
}

/// Where the run comes from, line by line.
fn facts(provenance: &Provenance) -> Vec<(&'static str, String)> {
    let Provenance { program, instrument, host, .. } = provenance;
    let dirty = if program.dirty { ", with changes that were not committed" } else { "" };
    let mut facts = vec![
        ("run", provenance.name.clone()),
        ("program", format!("hge {} at {}{dirty}", program.version, program.commit)),
        ("arguments", program.arguments.join(" ")),
        ("link", instrument.link.clone()),
        ("engine", instrument.engine.clone()),
        ("device", instrument.device.clone()),
        ("register map", instrument.map_hash.clone()),
        ("bitstream", instrument.build_hash.clone()),
        ("seed", provenance.seed.to_string()),
        ("calibrated", if provenance.calibrated { "yes" } else { "no" }.into()),
        ("computer", format!("{}, {}, {} processors", host.name, host.system, host.processors)),
    ];
    for segment in &provenance.segments {
        facts.push(("began", segment.began.clone()));
        let ended = segment.ended.clone().unwrap_or_else(|| "cut off".into());
        facts.push(("ended", ended));
        if segment.clock_back_s > 0.0 {
            let back_s = number(segment.clock_back_s);
            facts.push(("clock", format!("had been set back by {back_s} s since")));
        }
    }
    facts
}
