//! Arrays of NumPy as numbers, of any type. Files are not trusted: a declared size is checked against the file's length.

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
    /// Not one axis.
    #[error("its shape is ({shape}): save one row of it, with one axis")]
    Shape {
        /// As in the file.
        shape: String,
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
    /// From the bytes of a file.
    ///
    /// # Errors
    /// It is not an array of one axis of real numbers, or is cut.
    pub fn from_npy(bytes: &[u8]) -> Result<Self, ArrayError> {
        let (header, data) = split(bytes).ok_or(ArrayError::Header)?;
        let dtype = after(header, "'descr'").and_then(quoted).ok_or(ArrayError::Header)?;
        let shape = after(header, "'shape'").and_then(|rest| {
            let rest = rest.trim_start().strip_prefix('(')?;
            rest.split_once(')').map(|(shape, _)| shape)
        });
        let shape = shape.ok_or(ArrayError::Header)?;
        let axes: Vec<&str> =
            shape.split(',').map(str::trim).filter(|axis| !axis.is_empty()).collect();
        let [axis] = axes[..] else {
            return Err(ArrayError::Shape { shape: shape.trim().into() });
        };
        let wanted: usize = axis.parse().map_err(|_| ArrayError::Header)?;
        let convert: fn(&[u8], bool) -> f64 = match dtype.trim_start_matches(['<', '>', '|', '=']) {
            "i1" => |b, _| f64::from(b[0] as i8),
            "u1" => |b, _| f64::from(b[0]),
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
        let found = data.len() / size;
        if found < wanted {
            return Err(ArrayError::Cut { found, wanted });
        }
        let values = data.chunks_exact(size).take(wanted).map(|bytes| convert(bytes, is_big));
        Ok(Row { values: values.collect(), is_of_codes: dtype.ends_with("i2") })
    }

    /// The array `name` of an archive; `None`: it has no such array.
    ///
    /// # Errors
    /// It is not an archive, or the array is not readable.
    pub fn from_npz(file: impl Read + Seek, name: &str) -> Result<Option<Self>, ArrayError> {
        let failed = |error: ZipError| match error {
            ZipError::Io(error) => ArrayError::Read(error),
            other => ArrayError::Archive { reason: other.to_string() },
        };
        let mut archive = ZipArchive::new(file).map_err(failed)?;
        let names = [format!("{name}.npy"), name.to_owned()];
        let Some(name) = names.iter().find(|name| archive.index_for_name(name).is_some()) else {
            return Ok(None);
        };
        let entry = archive.by_name(name).map_err(|error| match error {
            ZipError::UnsupportedArchive(_) => {
                ArrayError::Archive { reason: "it is compressed".into() }
            }
            other => failed(other),
        })?;
        let mut bytes = Vec::new();
        entry.take(MOST_BYTES).read_to_end(&mut bytes)?;
        Row::from_npy(&bytes).map(Some)
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
    let (_, rest) = header.split_once(key)?;
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
    use std::io::Cursor;

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
        let said = |bytes: &[u8]| Row::from_npy(bytes).unwrap_err().to_string();
        assert!(said(&whole[..whole.len() - 1]).starts_with("it ends after 2 of 3 numbers"));
        let huge = "{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976,), }";
        assert!(said(&file(huge, &[0; 16])).contains("2 of 1152921504606846976"));
        assert!(said(&npy(arr2(&[[1.0], [2.0]]))).contains("its shape is (2, 1)"));
        let scalar = "{'descr': '<f8', 'fortran_order': False, 'shape': (), }";
        assert!(said(&file(scalar, &[0; 8])).contains("its shape is ()"));
        let complex = "{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }";
        assert!(said(&file(complex, &[0; 16])).contains("the type <c16"));
        for header in ["", "{'descr': '', 'shape': (1,)}", "{'descr': '<f8', 'shape': (-1,)}"] {
            assert!(Row::from_npy(&file(header, &[0; 8])).is_err(), "{header}");
        }
    }

    #[test]
    fn an_archive_gives_its_arrays_by_name() {
        let mut bytes = Vec::new();
        let mut writer = NpzWriter::new(Cursor::new(&mut bytes));
        writer.add_array("tones_hz", &arr1(&[100.0, 200.0])).unwrap();
        writer.finish().unwrap();
        let of = |name: &str| Row::from_npz(Cursor::new(&bytes), name);
        assert_eq!(of("tones_hz").unwrap().unwrap().values, [100.0, 200.0]);
        assert_eq!(of("other").unwrap(), None);
        for length in 0..bytes.len() {
            // What is left of the archive's directory decides; nothing may panic.
            let _ = Row::from_npz(Cursor::new(&bytes[..length]), "tones_hz");
        }
        let said = Row::from_npz(Cursor::new(b"nothing"), "x").unwrap_err().to_string();
        assert!(said.contains("not an archive of arrays"), "{said}");
    }
}
