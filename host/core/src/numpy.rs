//! Arrays of NumPy as numbers, of any real type. Files are not trusted: a declared size is checked against the file's length.

use ndarray::{Array2, ShapeBuilder};
use std::io::{Read, Seek};
use thiserror::Error;
use zip::result::ZipError;
use zip::ZipArchive;

/// Longest header that is read: NumPy's own has 128 bytes.
const MOST_HEADER: usize = 1 << 16;

/// Longest array of an archive.
const MOST_BYTES: u64 = 1 << 31;

/// A file holds no array of numbers that can be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// Not of NumPy, or cut within the header.
    #[error("it is not a NumPy array: make it with numpy.save")]
    Header,
    /// Data are missing.
    #[error("it ends after {found} of {wanted} numbers: copy or make it again")]
    Cut {
        /// Numbers there are.
        found: usize,
        /// Numbers it should have.
        wanted: usize,
    },
    /// Not the number of axes.
    #[error("its shape is ({shape}): save {axes}")]
    Shape {
        /// As in the file.
        shape: String,
        /// What is read.
        axes: &'static str,
    },
    /// A type that is no real number.
    #[error("its numbers have the type {dtype}: save it as int16, int32, float32 or float64")]
    Type {
        /// As in the file.
        dtype: String,
    },
    /// No archive.
    #[error("it is not an archive of arrays ({reason}): make it with numpy.savez")]
    Archive {
        /// The fault.
        reason: String,
    },
    /// The array cannot be read.
    #[error("it cannot be read ({0}): choose another file")]
    Read(#[from] std::io::Error),
}

/// Numbers of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// In order.
    pub values: Vec<f64>,
    /// The values are 16-bit integers, like the converter's codes.
    pub is_of_codes: bool,
}

impl Row {
    /// From the bytes of a `.npy` file.
    ///
    /// # Errors
    /// It is not an array of one axis of real numbers, or is cut.
    pub fn from_npy(bytes: &[u8]) -> Result<Self, ArrayError> {
        let header = Header::parse(bytes)?;
        let [wanted] = header.axes[..] else {
            return Err(header.shape_error("one row of it, with one axis"));
        };
        let is_of_codes = header.dtype.ends_with("i2");
        Ok(Row { values: header.numbers(wanted)?, is_of_codes })
    }
}

/// From the bytes of a `.npy` file: an array of two axes, or of one as a column.
///
/// # Errors
/// It is not an array of one or two axes of real numbers, or is cut.
pub fn table(bytes: &[u8]) -> Result<Array2<f64>, ArrayError> {
    let header = Header::parse(bytes)?;
    let (rows, columns) = match header.axes[..] {
        [rows] => (rows, 1),
        [rows, columns] => (rows, columns),
        _ => return Err(header.shape_error("it with one axis or two")),
    };
    let wanted = rows.checked_mul(columns).ok_or(ArrayError::Header)?;
    let shape = (rows, columns).set_f(header.is_fortran);
    Array2::from_shape_vec(shape, header.numbers(wanted)?).map_err(|_| ArrayError::Header)
}

/// Arrays by name: a `.npz` file.
pub struct Archive<R>(ZipArchive<R>);

impl<R: Read + Seek> Archive<R> {
    /// Reads the directory.
    ///
    /// # Errors
    /// It is not an archive.
    pub fn new(file: R) -> Result<Self, ArrayError> {
        ZipArchive::new(file).map(Archive).map_err(failed)
    }

    /// Names of its arrays.
    pub fn names(&self) -> Vec<String> {
        self.0.file_names().map(|name| name.strip_suffix(".npy").unwrap_or(name).into()).collect()
    }

    /// The array `name` as the bytes of a `.npy` file; `None`: there is no such array.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn array(&mut self, name: &str) -> Result<Option<Vec<u8>>, ArrayError> {
        let names = [format!("{name}.npy"), name.to_owned()];
        let Some(name) = names.iter().find(|name| self.0.index_for_name(name).is_some()) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        self.0.by_name(name).map_err(failed)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// The array `name` as a row; `None`: there is no such array.
    ///
    /// # Errors
    /// It cannot be read as [`Row::from_npy`].
    pub fn row(&mut self, name: &str) -> Result<Option<Row>, ArrayError> {
        self.array(name)?.map(|bytes| Row::from_npy(&bytes)).transpose()
    }
}

fn failed(error: ZipError) -> ArrayError {
    match error {
        ZipError::Io(error) => ArrayError::Read(error),
        other => ArrayError::Archive { reason: other.to_string() },
    }
}

/// The fields of a header, and the data after it.
struct Header<'a> {
    dtype: &'a str,
    /// The first index fastest.
    is_fortran: bool,
    shape: &'a str,
    axes: Vec<usize>,
    data: &'a [u8],
}

impl<'a> Header<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, ArrayError> {
        Header::of(bytes).ok_or(ArrayError::Header)
    }

    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (header, data) = split(bytes)?;
        let dtype = after(header, "descr").and_then(quoted).filter(|dtype| !dtype.is_empty())?;
        let is_fortran = after(header, "fortran_order")?.trim_start().starts_with("True");
        let (shape, _) = after(header, "shape")?.trim_start().strip_prefix('(')?.split_once(')')?;
        let axes = shape.split(',').map(str::trim).filter(|axis| !axis.is_empty());
        let axes = axes.map(|axis| axis.parse().ok()).collect::<Option<Vec<usize>>>()?;
        Some(Header { dtype, is_fortran, shape: shape.trim(), axes, data })
    }

    fn shape_error(&self, axes: &'static str) -> ArrayError {
        ArrayError::Shape { shape: self.shape.into(), axes }
    }

    /// The first `wanted` numbers, in the file's order.
    fn numbers(&self, wanted: usize) -> Result<Vec<f64>, ArrayError> {
        let dtype = self.dtype;
        let convert: fn(&[u8], bool) -> f64 = match dtype.trim_start_matches(['<', '>', '|', '=']) {
            "i1" => |b, _| f64::from(b[0] as i8),
            "u1" | "b1" => |b, _| f64::from(b[0]),
            "i2" => |b, big| f64::from(i16::from_le_bytes(ordered(b, big))),
            "u2" => |b, big| f64::from(u16::from_le_bytes(ordered(b, big))),
            "i4" => |b, big| f64::from(i32::from_le_bytes(ordered(b, big))),
            "u4" => |b, big| f64::from(u32::from_le_bytes(ordered(b, big))),
            "i8" => |b, big| i64::from_le_bytes(ordered(b, big)) as f64,
            "u8" => |b, big| u64::from_le_bytes(ordered(b, big)) as f64,
            "f4" => |b, big| f64::from(f32::from_le_bytes(ordered(b, big))),
            "f8" => |b, big| f64::from_le_bytes(ordered(b, big)),
            _ => return Err(ArrayError::Type { dtype: dtype.into() }),
        };
        let size = usize::from(dtype.as_bytes()[dtype.len() - 1] - b'0');
        let is_big = dtype.starts_with('>');
        let found = self.data.len() / size;
        if found < wanted {
            return Err(ArrayError::Cut { found, wanted });
        }
        let numbers = self.data.chunks_exact(size).take(wanted);
        Ok(numbers.map(|bytes| convert(bytes, is_big)).collect())
    }
}

/// Header and data.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (version, rest) = rest.split_at_checked(2)?;
    let (length, rest) = match version[0] {
        1 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk::<4>()?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        _ => return None,
    };
    let (header, data) = rest.split_at_checked(length).filter(|_| length <= MOST_HEADER)?;
    Some((std::str::from_utf8(header).ok()?, data))
}

/// Value of a key.
fn after<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(&format!("'{key}'"))?;
    rest.trim_start().strip_prefix(':')
}

fn quoted(text: &str) -> Option<&str> {
    let rest = text.trim_start().strip_prefix('\'')?;
    rest.split_once('\'').map(|(inside, _)| inside)
}

/// The least significant byte first.
fn ordered<const N: usize>(bytes: &[u8], is_big: bool) -> [u8; N] {
    let mut ordered = [0; N];
    ordered.copy_from_slice(&bytes[..N]);
    if is_big {
        ordered.reverse();
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr1, arr2};
    use ndarray_npy::{NpzWriter, WriteNpyExt};
    use std::io::{Cursor, Write};

    fn npy(array: impl WriteNpyExt) -> Vec<u8> {
        let mut bytes = Vec::new();
        array.write_npy(&mut bytes).unwrap();
        bytes
    }

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn rows_of_every_type_are_read_as_numpy_writes_them() {
        let of = |bytes: Vec<u8>| Row::from_npy(&bytes).unwrap();
        let codes = of(npy(arr1(&[-32768_i16, 5])));
        assert_eq!((codes.values, codes.is_of_codes), (vec![-32768.0, 5.0], true));
        let floats = of(npy(arr1(&[0.25_f64, -1e300])));
        assert_eq!((floats.values, floats.is_of_codes), (vec![0.25, -1e300], false));
        assert_eq!(of(npy(arr1(&[0.5_f32]))).values, [0.5]);
        assert_eq!(of(npy(arr1(&[u64::from(u32::MAX)]))).values, [4294967295.0]);
        assert!(of(npy(arr1::<f64>(&[]))).values.is_empty());
        let big = file("{'descr': '>i2', 'fortran_order': False, 'shape': (1,), }", &[1, 2]);
        assert_eq!(of(big).values, [258.0]);
    }

    #[test]
    fn files_that_are_cut_or_lie_about_their_size_are_refused() {
        let whole = npy(arr1(&[1.0_f64, 2.0, 3.0]));
        for length in 0..whole.len() {
            assert!(Row::from_npy(&whole[..length]).is_err(), "{length}");
        }
        let message = |bytes: &[u8]| Row::from_npy(bytes).unwrap_err().to_string();
        assert!(message(&whole[..whole.len() - 1]).starts_with("it ends after 2 of 3 numbers"));
        let huge = "{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976,), }";
        assert!(message(&file(huge, &[0; 16])).contains("2 of 1152921504606846976"));
        assert!(message(&npy(arr2(&[[1.0], [2.0]]))).contains("its shape is (2, 1)"));
        let scalar = "{'descr': '<f8', 'fortran_order': False, 'shape': (), }";
        assert!(message(&file(scalar, &[0; 8])).contains("its shape is ()"));
        let complex = "{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }";
        assert!(message(&file(complex, &[0; 16])).contains("the type <c16"));
        let order = "'fortran_order': False";
        for header in [
            "",
            &format!("{{'descr': '', {order}, 'shape': (1,)}}"),
            &format!("{{'descr': '<f8', {order}, 'shape': (-1,)}}"),
            "{'descr': '<f8', 'shape': (1,)}",
        ] {
            assert!(Row::from_npy(&file(header, &[0; 8])).is_err(), "{header}");
        }
    }

    #[test]
    fn a_table_has_rows_and_columns_in_either_order() {
        let expected = arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(table(&npy(expected.clone())).unwrap(), expected);
        let transposed = expected.t();
        let columns_first = transposed.as_standard_layout().reversed_axes();
        assert!(!columns_first.is_standard_layout());
        assert_eq!(table(&npy(columns_first)).unwrap(), expected);
        assert_eq!(table(&npy(arr1(&[true, false]))).unwrap(), arr2(&[[1.0], [0.0]]));
        assert_eq!(table(&npy(arr2(&[[7_i8; 0]; 3]))).unwrap().dim(), (3, 0));
        let message = |shape: &str| {
            let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
            table(&file(&header, &[0; 16])).unwrap_err().to_string()
        };
        assert!(message("(1, 1, 2)").contains("its shape is (1, 1, 2): save it with one axis or"));
        assert!(message("(3, 4)").contains("2 of 12 numbers"));
        assert!(message("(9223372036854775808, 2)").contains("not a NumPy array"));
    }

    #[test]
    fn an_archive_gives_its_arrays_by_name() {
        let mut bytes = Vec::new();
        let mut writer = NpzWriter::new(Cursor::new(&mut bytes));
        writer.add_array("tones_hz", &arr1(&[100.0, 200.0])).unwrap();
        writer.finish().unwrap();
        let of = |name: &str| Archive::new(Cursor::new(&bytes)).unwrap().row(name);
        assert_eq!(of("tones_hz").unwrap().unwrap().values, [100.0, 200.0]);
        assert_eq!(of("other").unwrap(), None);
        let mut compressed = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let deflated = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        compressed.start_file("zeros.npy", deflated).unwrap();
        compressed.write_all(&npy(arr1(&[0.0; 1000]))).unwrap();
        let compressed = compressed.finish().unwrap().into_inner();
        assert!(compressed.len() < 1000);
        let zeros = Archive::new(Cursor::new(compressed)).unwrap().row("zeros").unwrap();
        assert_eq!(zeros.unwrap().values, [0.0; 1000]);
        for length in 0..bytes.len() {
            // What is left of the archive's directory decides; nothing may panic.
            let _ =
                Archive::new(Cursor::new(&bytes[..length])).and_then(|mut it| it.row("tones_hz"));
        }
        let message = Archive::new(Cursor::new(b"nothing")).err().unwrap().to_string();
        assert!(message.contains("not an archive of arrays"), "{message}");
    }
}
