//! Archives of NumPy arrays (`.npz`), written completely or not at all.

use hge_system::file::Draft;
use ndarray::ArrayView1;
use ndarray_npy::{NpzWriter, WritableElement};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

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

/// An archive that is being written.
pub struct Archive(NpzWriter<Latched>);

impl Archive {
    /// Adds a row.
    pub fn row<T: WritableElement>(&mut self, name: &str, values: &[T]) -> Result<(), String> {
        self.0.add_array(name, &ArrayView1::from(values)).map_err(|error| error.to_string())
    }
}

/// Writes the archive that `fill` fills, replacing the file at `path`.
pub fn write(
    path: &Path,
    fill: impl FnOnce(&mut Archive) -> Result<(), String>,
) -> Result<(), String> {
    let made = || -> Result<(), String> {
        let text = |error: io::Error| error.to_string();
        let draft = Draft::create(path).map_err(text)?;
        let writer = NpzWriter::new(Latched { draft, position: 0, failure: None });
        let mut archive = Archive(writer);
        fill(&mut archive)?;
        let Latched { draft, failure, .. } =
            archive.0.finish().map_err(|error| error.to_string())?;
        failure.map_or(Ok(()), Err).map_err(text)?;
        draft.commit().map_err(text)
    };
    made().map_err(|error| {
        format!("{} cannot be written: {error}; choose another file with -o", path.display())
    })
}
