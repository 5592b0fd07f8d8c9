//! Opening files that another user may have placed: regular files only, of bounded length, and
//! without waiting.
//!
//! A FIFO without a writer blocks the process that opens it, `/dev/zero` never ends, and a symbolic link in a
//! folder that others may write leads anywhere. All functions block, but never for long.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::random;

/// What happens if the path itself is a symbolic link. Links among its folders are always followed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Links {
    /// It is followed: for files that the administrator places, such as secrets in Kubernetes, which
    /// are links.
    Follow,
    /// It is refused: for files that the program itself has created.
    Refuse,
}

/// Opens a regular file for reading.
///
/// # Errors
///
/// Returns an error if it cannot be opened or is not a regular file.
pub fn open(path: &Path, links: Links) -> io::Result<File> {
    open_with(OpenOptions::new().read(true), path, links)
}

/// Opens a regular file for reading and writing, or creates it with mode 0600.
///
/// # Errors
///
/// Returns an error if it cannot be opened or created, or is a link or another file that is not
/// regular.
pub fn open_or_create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.mode(OWNER_ONLY);
    open_with(&mut options, path, Links::Refuse)
}

/// Creates a file with mode 0600. It must not exist, not even as a link.
///
/// # Errors
///
/// Returns an error if it exists or cannot be created.
pub fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(OWNER_ONLY);
    options.open(path)
}

/// Reads a regular file of up to `max` bytes.
///
/// # Errors
///
/// Returns an error if it cannot be read, is not a regular file, or is longer.
pub fn read(path: &Path, links: Links, max: u64) -> io::Result<Vec<u8>> {
    read_opened(open(path, links)?, max)
}

/// Reads a regular file of up to `max` bytes as UTF-8.
///
/// # Errors
///
/// Returns an error if it cannot be read, is not a regular file, is longer, or is not UTF-8.
pub fn read_to_string(path: &Path, links: Links, max: u64) -> io::Result<String> {
    let bytes = read(path, links, max)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
}

/// Reads the rest of an opened file, up to `max` bytes.
///
/// # Errors
///
/// Returns an error if it cannot be read or is longer.
pub fn read_opened(file: File, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= max) {
        return Ok(bytes);
    }
    let reason = format!("longer than {max} bytes");
    Err(io::Error::new(io::ErrorKind::FileTooLarge, reason))
}

/// Replaces a file by one with mode 0600, so that a reader sees the old content or the new.
///
/// # Errors
///
/// Returns an error if it cannot be written; the old file stays then.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(path, bytes, File::sync_all)
}

/// Replaces a file like [`replace`], without waiting for the disk: after a power failure it may be empty.
///
/// # Errors
///
/// Returns an error if it cannot be written; the old file stays then.
pub fn replace_unsynced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(path, bytes, |_| Ok(()))
}

fn replace_with(
    path: &Path,
    bytes: &[u8],
    sync: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    // Another process may replace the same file at the same time.
    let part = path.with_extension(format!("part-{}", random::hex_token::<8>()));
    let written = create_new(&part)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            sync(&file)
        })
        .and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

/// Checks that there is a regular file or nothing at a path, for files that a library opens.
///
/// # Errors
///
/// Returns an error if there is something else, or if that cannot be determined.
pub fn check(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => regular(&metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Checks that only this process's user and root can have written a file or folder.
///
/// # Errors
///
/// Returns an error that names the owner or the mode.
pub fn check_owner(metadata: &Metadata) -> io::Result<()> {
    let (owner, own) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != own && owner != 0 {
        let reason = format!("it belongs to the user with the id {owner}, not {own}");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & WRITABLE_BY_OTHERS != 0 {
        let reason = format!("others may write it (mode {mode:04o})");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    }
    Ok(())
}

fn open_with(options: &mut OpenOptions, path: &Path, links: Links) -> io::Result<File> {
    // Merely opening a device may have effects.
    let metadata = match links {
        Links::Follow => fs::metadata(path),
        Links::Refuse => fs::symlink_metadata(path),
    };
    if let Ok(metadata) = metadata {
        regular(&metadata)?;
    }
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    // Only the sign differs.
    let file = options
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    // It may have been replaced meanwhile.
    regular(&file.metadata()?)?;
    Ok(file)
}

fn regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let reason = if metadata.is_symlink() {
        "a symbolic link, not a regular file"
    } else if metadata.is_dir() {
        "a directory, not a regular file"
    } else {
        "not a regular file"
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
}

const OWNER_ONLY: u32 = 0o600;

/// For the group and for all other users.
const WRITABLE_BY_OTHERS: u32 = 0o022;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    /// A folder that is removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let path = std::env::temp_dir().join(random::hex_token::<8>());
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn only_regular_files_are_opened_and_none_blocks() {
        let folder = Folder::new();
        let fifo = folder.path("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        symlink(&fifo, folder.path("to-fifo")).unwrap();
        symlink("/dev/zero", folder.path("to-zero")).unwrap();
        symlink(folder.path("absent"), folder.path("dangling")).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(folder.path("socket")).unwrap();
        for name in ["fifo", "to-fifo", "to-zero", "socket", "."] {
            let path = folder.path(name);
            for links in [Links::Follow, Links::Refuse] {
                let error = read(&path, links, 10).unwrap_err().to_string();
                assert!(error.ends_with("not a regular file"), "{name}: {error}");
            }
            assert!(open_or_create(&path).is_err(), "{name}");
            assert!(
                check(&path).is_err() && create_new(&path).is_err(),
                "{name}"
            );
        }
        drop(socket);
        // Nothing is created through a link.
        assert!(open_or_create(&folder.path("dangling")).is_err());
        assert!(create_new(&folder.path("dangling")).is_err());
        assert!(!folder.path("absent").exists() && check(&folder.path("absent")).is_ok());
        // It has no reader either, so opening it for writing would block as well.
        assert!(open_or_create(&fifo).is_err());
    }

    #[test]
    fn links_are_followed_only_where_that_is_allowed() {
        let folder = Folder::new();
        fs::write(folder.path("secret"), "hush").unwrap();
        let link = folder.path("link");
        symlink(folder.path("secret"), &link).unwrap();
        assert_eq!(read(&link, Links::Follow, 4).unwrap(), b"hush");
        let error = read(&link, Links::Refuse, 4).unwrap_err().to_string();
        assert_eq!(error, "a symbolic link, not a regular file");
        replace(&link, b"new").unwrap();
        assert_eq!(fs::read(folder.path("secret")).unwrap(), b"hush");
        assert_eq!(read(&link, Links::Refuse, 4).unwrap(), b"new");
        let mode = fs::metadata(&link).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn long_files_are_refused() {
        let folder = Folder::new();
        let path = folder.path("long");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_to_string(&path, Links::Refuse, 5).unwrap(), "12345");
        let error = read(&path, Links::Refuse, 4).unwrap_err().to_string();
        assert_eq!(error, "longer than 4 bytes");
        fs::write(&path, b"\xff").unwrap();
        assert!(read_to_string(&path, Links::Refuse, 5).is_err());
    }

    #[test]
    fn files_that_others_may_have_written_are_reported() {
        let folder = Folder::new();
        let path = folder.path("token");
        drop(open_or_create(&path).unwrap());
        assert!(check_owner(&fs::metadata(&path).unwrap()).is_ok());
        for mode in [0o620, 0o602, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = check_owner(&fs::metadata(&path).unwrap()).unwrap_err();
            let expected = format!("others may write it (mode {mode:04o})");
            assert_eq!(error.to_string(), expected);
        }
    }
}
