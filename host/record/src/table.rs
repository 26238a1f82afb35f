//! A run as a table: a row for every epoch, for spreadsheets and data frames.

use super::arrays::Epochs;
use super::folder::Folder;
use super::{replay, RecordError};
use hge_core::experiment::Task;
use hge_core::train::Progress;
use hge_system::file::Draft;
use std::io::Write;
use std::path::Path;

/// Names of the columns, units in them; cases and controls count from 0.
fn columns(task: &Task) -> Vec<String> {
    let configuration = task.plan.configuration();
    let cases = 0..configuration.cases_v.len();
    let controls = || configuration.controls.iter().map(|control| control.output);
    let names = ["restart", "epoch", "time_s", "loss", "separation_na"];
    let mut columns: Vec<String> = names.map(String::from).to_vec();
    columns.extend(controls().map(|electrode| format!("control_{electrode}_v")));
    columns.extend(cases.clone().map(|case| format!("output_{case}_na")));
    for case in cases {
        let slopes = controls().map(|electrode| format!("slope_{case}_{electrode}_na_per_v"));
        columns.extend(slopes);
    }
    columns
}

/// An epoch's values, as many as there are columns; slopes of windows that were lost are NaN.
fn row(task: &Task, epoch: &Progress, width: usize) -> Vec<f64> {
    let time_s = epoch.samples as f64 / task.plan.grid().rate_hz;
    let mut row = vec![f64::from(epoch.restart), f64::from(epoch.epoch), time_s];
    row.extend([epoch.loss, epoch.separation_na]);
    row.extend(&epoch.controls_v);
    row.extend(&epoch.outputs_na);
    row.extend(epoch.slopes_na_per_v.concat());
    row.resize(width, f64::NAN);
    row
}

/// Writes a run, complete or not, as comma-separated values with a line of names.
///
/// # Errors
/// The log cannot be read, or the file not be written.
pub fn write_csv(folder: &Folder, path: &Path) -> Result<(), RecordError> {
    let failed = RecordError::write(path);
    let task = replay::task(folder)?;
    let columns = columns(&task);
    let mut file = Draft::create(path).map_err(failed)?;
    writeln!(file, "{}", columns.join(",")).map_err(failed)?;
    let mut epochs = Epochs::of(folder)?;
    while let Some(epoch) = epochs.next_epoch()? {
        let row = row(&task, &epoch, columns.len());
        // The shortest digits that mean this number and no other.
        let values: Vec<String> = row.iter().map(f64::to_string).collect();
        writeln!(file, "{}", values.join(",")).map_err(failed)?;
    }
    file.commit().map_err(failed)
}

/// Epochs that wait in memory for one group of rows.
#[cfg(feature = "parquet")]
const GROUP_ROWS: usize = 16_384;

/// Writes a run, complete or not, as a Parquet file of columns of doubles.
///
/// # Errors
/// As [`write_csv`].
#[cfg(feature = "parquet")]
pub fn write_parquet(folder: &Folder, path: &Path) -> Result<(), RecordError> {
    use parquet::basic::{Repetition, Type as Physical};
    use parquet::data_type::DoubleType;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::types::Type;
    use std::sync::Arc;

    let task = replay::task(folder)?;
    let columns = columns(&task);
    let write = || -> Result<(), Box<dyn std::error::Error>> {
        let fields = columns.iter().map(|name| {
            let field = Type::primitive_type_builder(name, Physical::DOUBLE);
            field.with_repetition(Repetition::REQUIRED).build().map(Arc::new)
        });
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder("epoch").with_fields(fields).build()?;
        let properties = Arc::new(WriterProperties::default());
        let draft = Draft::create(path)?;
        let mut writer = SerializedFileWriter::new(draft, Arc::new(schema), properties)?;
        let mut epochs = Epochs::of(folder)?;
        loop {
            let mut group: Vec<Vec<f64>> = vec![Vec::new(); columns.len()];
            while group[0].len() < GROUP_ROWS {
                let Some(epoch) = epochs.next_epoch()? else { break };
                let row = row(&task, &epoch, columns.len());
                group.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
            }
            if group[0].is_empty() {
                break;
            }
            let mut rows = writer.next_row_group()?;
            let mut values = group.iter();
            while let (Some(mut column), Some(values)) = (rows.next_column()?, values.next()) {
                column.typed::<DoubleType>().write_batch(values, None, None)?;
                column.close()?;
            }
            rows.close()?;
        }
        writer.into_inner()?.commit()?;
        Ok(())
    };
    write().map_err(RecordError::write(path))
}
