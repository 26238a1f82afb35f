use super::*;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hge-file-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(unix)]
fn fifo(path: &Path) {
    use rustix::fs::{mknodat, FileType, Mode, CWD};
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// Every kind of path that is no regular file, by name and by a link, and what a message calls it.
#[cfg(unix)]
fn irregular(folder: &Folder) -> Vec<(PathBuf, &'static str)> {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    let pipe = folder.0.join("pipe");
    fifo(&pipe);
    let socket = folder.0.join("socket");
    drop(UnixListener::bind(&socket).unwrap());
    let inner = folder.0.join("inner");
    fs::create_dir(&inner).unwrap();
    let mut all = vec![
        (pipe, "a FIFO"),
        (socket, "a socket"),
        (inner, "a folder"),
        ("/dev/zero".into(), "a device"),
        ("/dev/null".into(), "a device"),
    ];
    for (number, (path, kind)) in all.clone().into_iter().enumerate() {
        let link = folder.0.join(format!("link-{number}"));
        symlink(path, &link).unwrap();
        all.push((link, kind));
    }
    all
}

#[cfg(unix)]
#[test]
fn nothing_but_a_regular_file_is_read_or_written() {
    let folder = Folder::new("irregular");
    for (path, kind) in irregular(&folder) {
        let before = folder.names();
        let read = read(&path, 10).unwrap_err().to_string();
        let written = write(&path, "x").unwrap_err().to_string();
        assert!(read.contains(kind) && written.contains(kind), "{path:?}: {read} {written}");
        assert_eq!(folder.names(), before, "{path:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_read_through_and_replaced_by_what_is_written() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("link");
    let (file, link) = (folder.0.join("file"), folder.0.join("link"));
    fs::write(&file, "precious").unwrap();
    symlink(&file, &link).unwrap();
    assert_eq!(read_text(&link, 100).unwrap(), "precious");
    write(&link, "new").unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    assert!(fs::symlink_metadata(&link).unwrap().is_file());
    assert_eq!(fs::read_to_string(&link).unwrap(), "new");
    let dangling = folder.0.join("dangling");
    symlink(folder.0.join("nowhere"), &dangling).unwrap();
    write(&dangling, "new").unwrap();
    assert_eq!(folder.names(), ["dangling", "file", "link"]);
    for kept_by_the_system in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        assert!(write(Path::new(kept_by_the_system), "x").is_err(), "{kept_by_the_system}");
    }
}

#[test]
fn a_file_beyond_its_bound_is_refused_whether_it_says_its_size_or_not() {
    let folder = Folder::new("bound");
    let file = folder.0.join("file");
    fs::write(&file, "12345").unwrap();
    assert_eq!(read(&file, 5).unwrap(), b"12345");
    assert!(read(&file, 4).unwrap_err().to_string().contains("larger than 4 bytes"));
    // Of no size by its metadata.
    let endless = Path::new("/proc/self/status");
    if endless.exists() {
        assert!(read(endless, 10).unwrap_err().to_string().contains("larger than 10 bytes"));
    }
    fs::write(&file, b"\xff").unwrap();
    assert!(read_text(&file, 5).unwrap_err().to_string().contains("UTF-8"));
}

#[test]
fn what_is_not_committed_leaves_the_old_file_and_nothing_else() {
    let folder = Folder::new("draft");
    let file = folder.0.join("file");
    fs::write(&file, "old").unwrap();
    let mut draft = Draft::create(&file).unwrap();
    draft.write_all(b"half").unwrap();
    assert!(folder.names().iter().any(|name| is_draft(name)));
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    drop(draft);
    assert_eq!(folder.names(), ["file"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
}

#[test]
fn a_temporary_folder_goes_with_its_owner_unless_it_was_moved() {
    let folder = Folder::new("temporary");
    let first = Temporary::create(folder.0.join("first")).unwrap();
    fs::write(first.path().join("file"), "x").unwrap();
    fs::rename(first.path(), folder.0.join("kept")).unwrap();
    let second = Temporary::create(folder.0.join("second/inner")).unwrap();
    assert_eq!(folder.names(), ["kept", "second"]);
    drop((first, second));
    assert_eq!(folder.names(), ["kept", "second"]);
    assert!(fs::read_dir(folder.0.join("second")).unwrap().next().is_none());
}

#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("mode");
    let file = folder.0.join("token");
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    write(&file, "new").unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(write(&file, "newer").unwrap_err().to_string().contains("write-protected"));
}
