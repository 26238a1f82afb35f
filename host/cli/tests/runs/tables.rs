//! The table of a run holds what the log's epochs hold.

use crate::chunks::messages;
use crate::folders::{content, table, Scratch};
use crate::program::outcome;
use ndarray::ArrayD;
use ndarray_npy::NpzReader;
use serde_json::Value;
use std::fs::File;
use std::path::Path;

/// The log's epochs as rows of the table.
fn rows(run: &str) -> Vec<Vec<f64>> {
    let rate_hz = outcome(&["resume", run]).1["rate_hz"].as_f64().expect("a rate");
    let log = messages(&content(run, "log/00001.mcap"));
    let epochs = log.iter().filter(|(topic, _)| topic == "epoch");
    let row = |text: &[u8]| {
        let epoch: Value = serde_json::from_slice(text).expect("JSON");
        let mut row: Vec<f64> = ["restart", "epoch", "samples", "loss", "separation_na"]
            .iter()
            .flat_map(|key| numbers(&epoch[*key]))
            .collect();
        row[2] /= rate_hz;
        for key in ["controls_v", "outputs_na", "slopes_na_per_v"] {
            row.extend(numbers(&epoch[key]));
        }
        row
    };
    epochs.map(|(_, text)| row(text)).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().expect("a number")],
    }
}

/// Numbers of a table in CSV.
fn parsed(table: &[String]) -> Vec<Vec<f64>> {
    let rows = table.iter().skip(1).map(|row| row.split(','));
    rows.map(|row| row.map(|cell| cell.parse().expect("a number")).collect()).collect()
}

#[test]
fn the_table_in_csv_has_the_values_of_the_log_and_their_units() {
    let scratch = Scratch::new("tables-csv");
    let run = scratch.finished("run", &["--restarts", "2"]);
    let (table, expected) = (table(&run), rows(&run));
    let names: Vec<&str> = table[0].split(',').collect();
    assert_eq!(names[..6], ["restart", "epoch", "time_s", "loss", "separation_na", "control_0_v"]);
    assert_eq!(names.last(), Some(&"slope_3_6_na_per_v"));
    let values = parsed(&table);
    assert_eq!(values.len(), expected.len());
    for (values, expected) in values.iter().zip(&expected) {
        assert_eq!(values.len(), names.len());
        assert_eq!(values.len(), expected.len());
        for ((value, expected), name) in values.iter().zip(expected).zip(&names) {
            // The reader of JSON rounds once more.
            assert!(
                (value - expected).abs() <= 1e-15 * expected.abs(),
                "{name}: {value}, {expected}"
            );
        }
    }
}

#[test]
fn the_arrays_have_the_values_of_the_log_and_of_the_outcome() {
    let scratch = Scratch::new("tables-npz");
    let run = scratch.finished("run", &["--restarts", "2"]);
    let rows = rows(&run);
    let file = File::open(Path::new(&run).join("data.npz")).expect("arrays");
    let mut archive = NpzReader::new(file).expect("an archive");
    let mut array = |name: &str| -> ArrayD<f64> {
        archive.by_name(name).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let (epochs, controls, cases) = (rows.len(), 5, 4);
    let columns = [
        ("restart", 0..1),
        ("epoch", 1..2),
        ("time_s", 2..3),
        ("error", 3..4),
        ("separation", 4..5),
        ("controls", 5..10),
        ("outputs", 10..14),
        ("IVgradients", 14..34),
    ];
    for (name, columns) in columns {
        let array = array(name);
        assert_eq!(array.shape()[0], epochs, "{name}");
        assert_eq!(array.len(), epochs * columns.len(), "{name}");
        let expected = rows.iter().flat_map(|row| row[columns.clone()].to_vec());
        for (value, expected) in array.iter().zip(expected) {
            assert!(
                (value - expected).abs() <= 1e-15 * expected.abs(),
                "{name}: {value}, {expected}"
            );
        }
    }
    let slopes = array("IVgradients");
    assert_eq!(slopes.shape(), [epochs, cases, controls]);
    let signs = array("sign");
    assert!(signs.iter().zip(&slopes).all(|(sign, slope)| *sign == slope.signum()));
    assert!(signs.iter().any(|&sign| sign < 0.0) && signs.iter().any(|&sign| sign > 0.0));
    let (of_currents, of_controls) = (array("EIgradients"), array("EVgradients"));
    for epoch in 0..epochs {
        for k in 0..controls {
            let terms =
                (0..cases).map(|case| slopes[[epoch, case, k]] * of_currents[[epoch, case]]);
            let (sum, largest) = terms
                .fold((0.0, 0.0_f64), |(sum, most), term: f64| (sum + term, most.max(term.abs())));
            let difference = of_controls[[epoch, k]] - sum;
            assert!(difference.abs() <= 1e-12 * largest, "epoch {epoch}, control {k}");
        }
    }
    let outcome: Value = serde_json::from_slice(&content(&run, "outcome.json")).expect("JSON");
    for (name, key) in
        [("best_controls", "controls_v"), ("best_outputs", "outputs_na"), ("best_error", "loss")]
    {
        assert_eq!(
            array(name).iter().copied().collect::<Vec<f64>>(),
            numbers(&outcome[key]),
            "{name}"
        );
    }
    let limits = array("limits_v");
    assert!(limits.rows().into_iter().all(|row| row[0] < row[1]), "{limits}");
}

#[cfg(feature = "parquet")]
#[test]
fn the_table_in_parquet_equals_the_one_in_csv_to_the_last_bit() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    let scratch = Scratch::new("tables-parquet");
    let run = scratch.finished("run", &["--restarts", "2"]);
    let file = scratch.path("table.parquet");
    crate::program::json(&["export", &run, "--format", "parquet", "-o", &file]);
    let reader = SerializedFileReader::new(std::fs::File::open(&file).expect("a table"));
    let table = table(&run);
    let (mut names, mut rows) = (Vec::new(), Vec::new());
    for row in reader.expect("Parquet").get_row_iter(None).expect("rows") {
        let row = row.expect("a row");
        names = row.get_column_iter().map(|(name, _)| name.clone()).collect();
        let values = row.get_column_iter().map(|(name, field)| match field {
            Field::Double(value) => value.to_bits(),
            other => panic!("{name} is {other:?}"),
        });
        rows.push(values.collect::<Vec<u64>>());
    }
    assert_eq!(names.join(","), table[0]);
    let bits = |row: Vec<f64>| row.into_iter().map(f64::to_bits).collect();
    assert_eq!(rows, parsed(&table).into_iter().map(bits).collect::<Vec<Vec<u64>>>());
}
