//! Regular files: bounded reads, atomic replacement.
//!
//! FIFOs, sockets, devices and folders are refused, with a message in the [`io::Error`], before they are read or written.
//! A symbolic link to a regular file is read, but never written through: the new file replaces the link, and the
//! target stays unchanged.

use std::collections::BTreeSet;
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most bytes of a file that people write, such as an experiment or a board.
pub const TEXT_BYTES: u64 = 1 << 20;

/// Most bytes of a file of measured data or a model.
pub const DATA_BYTES: u64 = 1 << 30;

/// Kind of a path that is not a regular file, for a message; `None`: a regular file.
fn kind(file_type: FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if file_type.is_fifo() {
            return Some("a FIFO");
        }
        if file_type.is_socket() {
            return Some("a socket");
        }
        if file_type.is_block_device() || file_type.is_char_device() {
            return Some("a device");
        }
    }
    if file_type.is_dir() {
        return Some("a folder");
    }
    (!file_type.is_file()).then_some("of another kind")
}

fn check(metadata: &Metadata) -> io::Result<()> {
    match kind(metadata.file_type()) {
        None => Ok(()),
        Some(kind) => Err(io::Error::new(
            ErrorKind::InvalidInput,
            format!("it is {kind}, but only regular files are accepted"),
        )),
    }
}

fn too_large(most_bytes: u64) -> io::Error {
    let limit = match most_bytes {
        bytes if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
        bytes => format!("{bytes} bytes"),
    };
    io::Error::new(
        ErrorKind::FileTooLarge,
        format!("it is larger than {limit}, the limit for reading"),
    )
}

/// Opens a regular file for reading. Never waits.
///
/// # Errors
/// There is none, it may not be read, or it is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    // To open a device can already have an effect, so the path is asked first; what was opened decides.
    check(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32);
    }
    let file = options.open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// Opens a regular file to lock it, and makes an empty one where there is none; its content stays. Never waits, and follows no link.
///
/// # Errors
/// It is not a regular file, or it may neither be written nor created.
pub fn open_for_lock(path: &Path) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {
            let text = "it is a link, but only regular files are accepted";
            return Err(io::Error::new(ErrorKind::InvalidInput, text));
        }
        Ok(metadata) => check(&metadata)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits() as i32);
    }
    let file = options.open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// All bytes of a regular file of at most `most_bytes`.
///
/// # Errors
/// As [`open`]; or it is larger.
pub fn read(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    if file.metadata()?.len() > most_bytes {
        return Err(too_large(most_bytes));
    }
    let mut bytes = Vec::new();
    // Files below /proc say that they are empty, and others may grow meanwhile.
    file.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes {
        return Err(too_large(most_bytes));
    }
    Ok(bytes)
}

/// The text of a regular file of at most `most_bytes`.
///
/// # Errors
/// As [`read`]; or it is not UTF-8.
pub fn read_text(path: &Path, most_bytes: u64) -> io::Result<String> {
    String::from_utf8(read(path, most_bytes)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not text in UTF-8"))
}

/// Replaces the file at `path` by `content`: whenever the program ends, one of the two is complete.
///
/// # Errors
/// As [`Draft::create`]; or it cannot be written.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    let mut draft = Draft::create(path)?;
    draft.write_all(content.as_ref())?;
    draft.commit()
}

/// Whether a [`Draft`] may be created for `path`.
///
/// # Errors
/// A FIFO, a socket, a device or a folder is there, or a link to one.
pub fn check_target(path: &Path) -> io::Result<()> {
    let Ok(there) = fs::symlink_metadata(path) else { return Ok(()) };
    if !there.file_type().is_symlink() {
        return check(&there);
    }
    // /dev/stdout and its like: links that the system keeps, whatever they point to now.
    let folder = fs::canonicalize(folder_of(path))?;
    if ["/dev", "/proc", "/sys"].iter().any(|system| folder.starts_with(system)) {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "it is a link of the system, but only regular files are accepted",
        ));
    }
    match fs::metadata(path) {
        Ok(pointed_to) => check(&pointed_to),
        // It leads nowhere.
        Err(_) => Ok(()),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Drafts that this process has begun.
static DRAFTS: AtomicU32 = AtomicU32::new(0);

/// Whether a file of this name is an incomplete [`Draft`].
pub fn is_draft(name: &str) -> bool {
    name.starts_with(".hge-") && name.ends_with(".new")
}

/// A folder for incomplete files, removed with its contents when this is dropped unless it was moved.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Temporary {
    /// Makes the folder, and those above it.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(path: PathBuf) -> io::Result<Self> {
        let temporary = Temporary::of(path);
        fs::create_dir_all(&temporary.0)?;
        Ok(temporary)
    }

    /// The folder at `path`, if there will be one.
    pub fn of(path: PathBuf) -> Self {
        incomplete().insert(path.clone());
        Temporary(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        remove(&self.0);
        incomplete().remove(&self.0);
    }
}

/// Files and folders of this process that are not complete.
static INCOMPLETE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn incomplete() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    INCOMPLETE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => drop(fs::remove_dir_all(path)),
        Ok(_) => drop(fs::remove_file(path)),
        // It was moved to where it belongs.
        Err(_) => {}
    }
}

/// Removes every [`Draft`] and [`Temporary`] of this process, which is about to end without unwinding.
pub fn remove_incomplete() {
    for path in incomplete().iter() {
        remove(path);
    }
}

/// A file that is being written, under another name in the same folder; dropped without [`Draft::commit`] it is removed.
#[derive(Debug)]
pub struct Draft {
    file: Option<BufWriter<File>>,
    path: PathBuf,
    target: PathBuf,
}

impl Draft {
    /// Begins a file that will take the place of `target`.
    ///
    /// # Errors
    /// As [`check_target`]; or no file can be created in its folder.
    pub fn create(target: &Path) -> io::Result<Self> {
        check_target(target)?;
        let before = fs::symlink_metadata(target).ok().filter(Metadata::is_file);
        if before.as_ref().is_some_and(|before| before.permissions().readonly()) {
            return Err(io::Error::new(ErrorKind::PermissionDenied, "it is write-protected"));
        }
        loop {
            let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
            let name = format!(".hge-{}-{number}.new", std::process::id());
            let path = folder_of(target).join(name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    incomplete().insert(path.clone());
                    let draft =
                        Draft { file: Some(BufWriter::new(file)), path, target: target.into() };
                    if let Some(before) = before {
                        // A file that only its owner may read stays so.
                        fs::set_permissions(&draft.path, before.permissions())?;
                    }
                    return Ok(draft);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is until it is complete, for writers that open files themselves.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the file in place of the target.
    ///
    /// # Errors
    /// It cannot be written completely, or not be moved to its place.
    pub fn commit(mut self) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            file.into_inner().map_err(|error| error.into_error())?.sync_all()?;
        }
        check_target(&self.target)?;
        fs::rename(&self.path, &self.target)
    }

    fn file(&mut self) -> io::Result<&mut BufWriter<File>> {
        self.file.as_mut().ok_or_else(|| io::Error::from(ErrorKind::BrokenPipe))
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}

impl Seek for Draft {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file()?.seek(position)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        remove(&self.path);
        incomplete().remove(&self.path);
    }
}

#[cfg(test)]
mod tests;
