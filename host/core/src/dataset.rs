//! Rows of a file: training, validation and test.
//!
//! A `.csv` file begins with a line of column names. In a `.npz` file every one-dimensional array is a column, and an array of two dimensions a column for
//! each of its second indices. Numbers are finite.

use crate::numpy::{table, Archive, ArrayError};
use crate::targets::{Targets, Wanted};
use hge_driver::text::{quoted, QUOTED_CHARS};
use hge_system::file;
use rand::seq::SliceRandom;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A file of cases that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// It cannot be opened or read.
    #[error("cannot read the cases {}: {reason}; check data.file", path.display())]
    Read {
        /// Path.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A value is not a finite number.
    #[error("{}:{line}: {column} is {value:?}: it must be a finite number", path.display())]
    Number {
        /// Path.
        path: PathBuf,
        /// Line of a `.csv`, or index of an array's element, from 1.
        line: u64,
        /// Column.
        column: String,
        /// Text of the value.
        value: String,
    },
    /// There is no such column.
    #[error("{} has no column {:?}: choose from {}", path.display(), quoted(column, QUOTED_CHARS), known.join(", "))]
    Column {
        /// Path.
        path: PathBuf,
        /// Asked for.
        column: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Columns of different lengths.
    #[error("{}: {column} has {length} values, but the columns before it {expected}: give one for every case", path.display())]
    Length {
        /// Path.
        path: PathBuf,
        /// Column.
        column: String,
        /// Its length.
        length: usize,
        /// That of the others.
        expected: usize,
    },
    /// Neither `.csv` nor `.npz`.
    #[error("{} is neither a .csv nor a .npz file: convert it", path.display())]
    Kind {
        /// Path.
        path: PathBuf,
    },
}

impl DatasetError {
    /// The column that it is about; none: the file as a whole.
    pub fn column(&self) -> Option<&str> {
        match self {
            DatasetError::Number { column, .. }
            | DatasetError::Column { column, .. }
            | DatasetError::Length { column, .. } => Some(column),
            DatasetError::Read { .. } | DatasetError::Kind { .. } => None,
        }
    }
}

/// Cases with their requirements.
#[derive(Clone, Debug, PartialEq)]
pub struct Cases {
    /// Input voltages.
    pub cases_v: Vec<Vec<f64>>,
    /// Requirements.
    pub targets: Targets,
}

impl Cases {
    /// Number of cases.
    pub fn len(&self) -> usize {
        self.cases_v.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cases_v.is_empty()
    }

    /// These cases alone, in this order.
    pub fn select(&self, cases: &[usize]) -> Self {
        let cases_v = cases.iter().map(|&case| self.cases_v[case].clone()).collect();
        Cases { cases_v, targets: self.targets.select(cases) }
    }
}

/// The cases of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Cases that are trained on.
    pub train: Cases,
    /// Cases that choose the best epoch; none: those that are trained on do.
    pub validation: Option<Cases>,
    /// Cases that the result is measured on; none: those that are trained on.
    pub test: Option<Cases>,
    /// Cases of an epoch.
    pub batch: usize,
    seed: u64,
}

impl Dataset {
    /// All cases in every epoch, in order.
    pub fn whole(train: Cases) -> Self {
        Dataset { batch: train.len(), train, validation: None, test: None, seed: 0 }
    }

    /// Splits shuffled cases: the shares are rounded to whole cases.
    pub fn split(
        all: &Cases,
        batch: usize,
        validation_share: f64,
        test_share: f64,
        seed: u64,
    ) -> Self {
        let order = shuffled(all.len(), seed, 0);
        let count = |share: f64| (share * all.len() as f64).round() as usize;
        let (test, rest) = order.split_at(count(test_share).min(all.len()));
        let (validation, train) = rest.split_at(count(validation_share).min(rest.len()));
        let some = |cases: &[usize]| (!cases.is_empty()).then(|| all.select(cases));
        let train = all.select(train);
        Dataset {
            batch: batch.min(train.len()),
            validation: some(validation),
            test: some(test),
            train,
            seed,
        }
    }

    /// Epochs in which every case is presented once; the last may lack cases.
    pub fn epochs_per_pass(&self) -> u32 {
        self.train.len().div_ceil(self.batch.max(1)) as u32
    }

    /// Cases of an epoch of a start, both counted from 1.
    pub fn batch(&self, start: u32, epoch: u32) -> Cases {
        let passes = self.epochs_per_pass();
        if passes <= 1 {
            return self.train.clone();
        }
        let (pass, place) = ((epoch - 1) / passes, (epoch - 1) % passes);
        let order =
            shuffled(self.train.len(), self.seed, u64::from(start) << 32 | u64::from(pass + 1));
        let mut batches = order.chunks(self.batch);
        self.train.select(batches.nth(place as usize).unwrap_or(&order))
    }

    /// Cases that the result is measured on.
    pub fn judged(&self) -> &Cases {
        self.test.as_ref().unwrap_or(&self.train)
    }
}

fn shuffled(count: usize, seed: u64, stream: u64) -> Vec<usize> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut random);
    order
}

/// For every name its columns, each a list of numbers: one, or of an array of two dimensions several. All are of one length.
///
/// # Errors
/// The file cannot be read, a column is missing or has another length, or a value is no finite number.
pub fn columns(path: &Path, names: &[String]) -> Result<Vec<Vec<Vec<f64>>>, DatasetError> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => of_csv(path, names),
        Some("npz") => of_npz(path, names),
        _ => Err(DatasetError::Kind { path: path.into() }),
    }
}

fn unreadable(path: &Path, reason: &impl ToString) -> DatasetError {
    DatasetError::Read { path: path.into(), reason: reason.to_string() }
}

/// Names of a file may be any text: a few, short and visible.
fn missing<'a>(path: &Path, column: &str, known: impl Iterator<Item = &'a str>) -> DatasetError {
    let known = known.take(20).map(|name| quoted(name, QUOTED_CHARS)).collect();
    DatasetError::Column { path: path.into(), column: column.into(), known }
}

fn of_csv(path: &Path, names: &[String]) -> Result<Vec<Vec<Vec<f64>>>, DatasetError> {
    let failed = |error: csv::Error| unreadable(path, &error);
    let file = file::open(path).map_err(|error| unreadable(path, &error))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let known = reader.headers().map_err(failed)?.clone();
    // Spreadsheets mark the encoding before the first name.
    let known: Vec<&str> = known.iter().map(|name| name.trim_start_matches('\u{feff}')).collect();
    let place = |name: &String| {
        let place = known.iter().position(|column| column == name);
        place.ok_or_else(|| missing(path, name, known.iter().copied()))
    };
    let places = names.iter().map(place).collect::<Result<Vec<usize>, _>>()?;
    let mut columns = vec![Vec::new(); names.len()];
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(failed)? {
        for ((column, &place), name) in columns.iter_mut().zip(&places).zip(names) {
            let text = record.get(place).unwrap_or_default();
            let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
            column.push(value.ok_or_else(|| DatasetError::Number {
                path: path.into(),
                line: record.position().map_or(0, csv::Position::line),
                column: name.clone(),
                value: quoted(text, QUOTED_CHARS),
            })?);
        }
    }
    Ok(columns.into_iter().map(|column| vec![column]).collect())
}

fn of_npz(path: &Path, names: &[String]) -> Result<Vec<Vec<Vec<f64>>>, DatasetError> {
    let failed = |error: ArrayError| unreadable(path, &error);
    let file = file::open(path).map_err(|error| unreadable(path, &error))?;
    let mut archive = Archive::new(file).map_err(failed)?;
    let (mut columns, mut expected) = (Vec::new(), None);
    for name in names {
        let Some(bytes) = archive.array(name).map_err(failed)? else {
            return Err(missing(path, name, archive.names().iter().map(String::as_str)));
        };
        let of_array = |error: ArrayError| unreadable(path, &format_args!("array {name}: {error}"));
        let array = table(&bytes).map_err(of_array)?;
        let (length, expected) = (array.nrows(), *expected.get_or_insert(array.nrows()));
        if length != expected {
            let (path, column) = (path.into(), name.clone());
            return Err(DatasetError::Length { path, column, length, expected });
        }
        let mut of_name = Vec::new();
        for column in array.columns() {
            let column = column.to_vec();
            if let Some(n) = column.iter().position(|value| !value.is_finite()) {
                let (path, value) = (path.into(), column[n].to_string());
                let line = n as u64 + 1;
                return Err(DatasetError::Number { path, line, column: name.clone(), value });
            }
            of_name.push(column);
        }
        columns.push(of_name);
    }
    Ok(columns)
}

/// Whole numbers from a column: labels or classes below `limit`. `Err`: the first other value and its row, from 0.
pub fn whole(column: &[f64], limit: usize) -> Result<Vec<usize>, (usize, f64)> {
    let number = |(row, &value): (usize, &f64)| {
        let number = value as usize;
        if number as f64 == value && number < limit {
            Ok(number)
        } else {
            Err((row, value))
        }
    };
    column.iter().enumerate().map(number).collect()
}

/// Currents of several columns as targets, row by row.
pub fn by_rows(columns: &[Vec<f64>]) -> Vec<f64> {
    let rows = columns.first().map_or(0, Vec::len);
    (0..rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect()
}

/// Cases of these input columns.
pub fn cases(inputs: &[Vec<f64>], wanted: Wanted, outputs: usize) -> Cases {
    let rows = inputs.first().map_or(0, Vec::len);
    let cases_v = (0..rows).map(|row| inputs.iter().map(|column| column[row]).collect());
    Cases { cases_v: cases_v.collect(), targets: Targets::new(wanted, outputs) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn numbered(count: usize) -> Cases {
        let numbers: Vec<f64> = (0..count).map(|n| n as f64).collect();
        cases(std::slice::from_ref(&numbers), Wanted::Currents(numbers.clone()), 1)
    }

    #[test]
    fn every_case_is_in_one_split_and_once_in_a_pass() {
        let data = Dataset::split(&numbered(103), 16, 0.2, 0.1, 7);
        let numbers = |cases: &Cases| cases.cases_v.concat();
        let splits = [&data.train, data.validation.as_ref().unwrap(), data.test.as_ref().unwrap()];
        assert_eq!(splits.map(Cases::len), [72, 21, 10]);
        let all: BTreeSet<u64> =
            splits.iter().flat_map(|split| numbers(split)).map(|n| n as u64).collect();
        assert_eq!(all.len(), 103);
        assert_eq!(data.epochs_per_pass(), 5);
        let pass = |start: u32, first: u32| {
            let batches = (first..first + 5).map(|epoch| data.batch(start, epoch));
            batches.flat_map(|batch| numbers(&batch)).collect::<Vec<f64>>()
        };
        let mut sorted = pass(1, 1);
        assert_ne!(sorted, pass(1, 6));
        assert_ne!(sorted, pass(2, 1));
        assert_eq!(sorted, pass(1, 1));
        let mut train = numbers(&data.train);
        sorted.sort_by(f64::total_cmp);
        train.sort_by(f64::total_cmp);
        assert_eq!(sorted, train);
        // Targets follow their cases.
        let batch = data.batch(3, 9);
        assert_eq!(batch.targets.wanted, Wanted::Currents(batch.cases_v.concat()));
    }

    #[test]
    fn numbers_of_a_file_are_found_by_column_and_wrong_ones_by_line() {
        let folder = std::env::temp_dir().join(format!("hge-dataset-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("d.csv");
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        std::fs::write(&path, "x, y ,label\n0.5,1,0\n-1, 2.5e-1,1\n").unwrap();
        assert_eq!(
            columns(&path, &names(&["y", "x"])).unwrap().concat(),
            [[1.0, 0.25], [0.5, -1.0]]
        );
        let message = |text: &str| {
            std::fs::write(&path, text).unwrap();
            columns(&path, &names(&["y"])).unwrap_err().to_string()
        };
        assert!(message("x,y\n1,2\n1,two\n")
            .ends_with("d.csv:3: y is \"two\": it must be a finite number"));
        std::fs::write(&path, "\u{feff}y,x\n3,4\n").unwrap();
        assert_eq!(columns(&path, &names(&["y"])).unwrap().concat(), [[3.0]]);
        let hostile = message("x,\u{1b}]0;title\u{7}\n1,2\n");
        assert!(!hostile.contains(['\u{1b}', '\u{7}']), "{hostile:?}");
        assert!(message("x,y\n1,nan\n").contains("d.csv:2: y is \"nan\""));
        assert!(message("x,z\n1,2\n").ends_with("has no column \"y\": choose from x, z"));
        assert!(message("x,y\n1,2\n1\n").contains("line: 3"), "{}", message("x,y\n1,2\n1\n"));
        let path = folder.join("d.npz");
        let mut npz = ndarray_npy::NpzWriter::new(std::fs::File::create(&path).unwrap());
        npz.add_array("x", &ndarray::array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).unwrap();
        npz.add_array("c", &ndarray::array![0_i64, 2, 1]).unwrap();
        npz.add_array("short", &ndarray::array![1.0, 2.0]).unwrap();
        npz.finish().unwrap();
        let found = columns(&path, &names(&["x", "c"])).unwrap();
        assert_eq!((found[0].len(), found[1].len()), (2, 1));
        assert_eq!(found.concat(), [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0], [0.0, 2.0, 1.0]]);
        let short = columns(&path, &names(&["x", "short"])).unwrap_err();
        assert!(short.to_string().contains("short has 2 values, but the columns before it 3"));
        assert!(columns(&path, &names(&["d"])).unwrap_err().to_string().contains("choose from"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
