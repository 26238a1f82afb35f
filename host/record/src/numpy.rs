//! Arrays as NumPy reads them: one alone (`.npy`), or an archive of several (`.npz`), written as a whole or not at all.

use hge_system::file::Draft;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What an array can hold.
pub trait Element: Copy {
    /// As NumPy calls it.
    const KIND: &'static str;
    /// Adds its bytes, the lowest first.
    fn put(self, bytes: &mut Vec<u8>);
}

macro_rules! element {
    ($($type:ty: $kind:literal),*) => {
        $(impl Element for $type {
            const KIND: &'static str = $kind;

            fn put(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        })*
    };
}

element!(f64: "<f8", i16: "<i2", u8: "|u1");

/// Writes one array, the last index fastest, in place of the file at `path`.
///
/// # Errors
/// It cannot be written.
pub fn write<T: Element>(path: &Path, shape: &[usize], values: &[T]) -> io::Result<()> {
    let mut draft = Draft::create(path)?;
    draft.write_all(&header::<T>(shape))?;
    draft.write_all(&bytes(values))?;
    draft.commit()
}

/// Version 1.0 of the format: magic, version, length of the header, which ends with a line feed and at a multiple of 64 bytes.
fn header<T: Element>(shape: &[usize]) -> Vec<u8> {
    let lengths: String = shape.iter().map(|length| format!("{length},")).collect();
    let kind = T::KIND;
    let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({lengths}), }}");
    let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((length as u16).to_le_bytes());
    header.extend(format!("{text:<width$}\n", width = length - 1).as_bytes());
    header
}

fn bytes<T: Element>(values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size_of_val(values));
    values.iter().for_each(|value| value.put(&mut bytes));
    bytes
}

/// An archive that is being written.
pub struct Npz(ZipWriter<Latched>);

impl Npz {
    /// An archive that replaces the file at `path` once it is [finished](Npz::finish).
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let draft = Draft::create(path)?;
        Ok(Npz(ZipWriter::new(Latched { draft, position: 0, failure: None })))
    }

    /// Adds an array, the last index fastest.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn array<T: Element>(
        &mut self,
        name: &str,
        shape: &[usize],
        values: &[T],
    ) -> io::Result<()> {
        self.begin::<T>(name, shape)?;
        self.values(values)
    }

    /// Begins an array whose values follow.
    ///
    /// # Errors
    /// As [`Npz::array`].
    pub fn begin<T: Element>(&mut self, name: &str, shape: &[usize]) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(true);
        self.0.start_file(format!("{name}.npy"), options)?;
        self.0.write_all(&header::<T>(shape))
    }

    /// Adds values of the array that was begun last.
    ///
    /// # Errors
    /// As [`Npz::array`].
    pub fn values<T: Element>(&mut self, values: &[T]) -> io::Result<()> {
        self.0.write_all(&bytes(values))
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// The archive could not be written completely: the file at its path is unchanged.
    pub fn finish(self) -> io::Result<()> {
        let Latched { draft, failure, .. } = self.0.finish()?;
        failure.map_or(Ok(()), Err)?;
        draft.commit()
    }
}

/// A file that hides its first error from the archive's writer and keeps it: an archive dropped after an error would print
/// it.
struct Latched {
    draft: Draft,
    position: u64,
    failure: Option<io::Error>,
}

impl Write for Latched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failure.is_none() {
            self.failure = self.draft.write_all(bytes).err();
        }
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.failure.is_none() {
            self.failure = self.draft.flush().err();
        }
        Ok(())
    }
}

impl Seek for Latched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if self.failure.is_none() {
            match self.draft.seek(to) {
                Ok(position) => self.position = position,
                Err(error) => self.failure = Some(error),
            }
        } else if let SeekFrom::Start(position) = to {
            self.position = position;
        }
        Ok(self.position)
    }
}
