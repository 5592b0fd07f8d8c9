//! Opens files of the media folders, and nothing outside them.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::error::Error;

/// Opens a file, by its path or by its name in one of the folders. Blocks, but never for long.
///
/// Symbolic links are followed, and must not lead out of the folder.
pub(super) fn open(folders: &[PathBuf], name: &str) -> Result<File, Error> {
    let unreadable = |source| Error::Unreadable {
        name: name.to_owned(),
        source,
    };
    let outside = || Error::Outside(name.to_owned());
    let (path, folder) = find(folders, name)?;
    let file = open_nonblocking(&path).map_err(unreadable)?;
    // A link may have been placed on the path since it was resolved.
    let opened = Path::new("/proc/self/fd").join(file.as_raw_fd().to_string());
    if !opened.read_link().map_err(unreadable)?.starts_with(folder) {
        return Err(outside());
    }
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::other("not a regular file")));
    }
    Ok(file)
}

/// Opens a file: not a link, and without waiting for the other end of a pipe.
fn open_nonblocking(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    // Only the sign differs.
    let flags = flags.bits().cast_signed();
    options.read(true).custom_flags(flags).open(path)
}

/// Returns the path of a file and the folder that contains it, both without links.
fn find(folders: &[PathBuf], name: &str) -> Result<(PathBuf, PathBuf), Error> {
    let mut outside = false;
    for folder in folders {
        let Ok(folder) = folder.canonicalize() else {
            continue;
        };
        let Ok(path) = folder.join(name).canonicalize() else {
            continue;
        };
        if path.starts_with(&folder) {
            return Ok((path, folder));
        }
        outside = true;
    }
    if outside {
        return Err(Error::Outside(name.to_owned()));
    }
    let folders: Vec<_> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    let folders = if folders.is_empty() {
        "none is configured".to_owned()
    } else {
        folders.join(", ")
    };
    Err(Error::NotFound {
        name: name.to_owned(),
        folders,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};

    use super::*;

    /// Creates a media folder with a picture, next to a folder with a secret.
    fn folders() -> (tempfile::TempDir, Vec<PathBuf>) {
        let dir = tempfile::tempdir().unwrap();
        let media = dir.path().join("media");
        fs::create_dir_all(media.join("night")).unwrap();
        fs::write(media.join("night/sky.png"), "picture").unwrap();
        fs::create_dir(dir.path().join("private")).unwrap();
        fs::write(dir.path().join("private/sky.png"), "secret").unwrap();
        let folders = vec![dir.path().join("absent"), media];
        (dir, folders)
    }

    fn read(folders: &[PathBuf], name: &str) -> Result<String, String> {
        let mut text = String::new();
        let mut file = open(folders, name).map_err(|error| error.to_string())?;
        file.read_to_string(&mut text).unwrap();
        Ok(text)
    }

    #[test]
    fn file_is_found_by_name_and_by_path() {
        let (dir, folders) = folders();
        assert_eq!(read(&folders, "night/sky.png").unwrap(), "picture");
        let path = dir.path().join("media/night/sky.png");
        assert_eq!(read(&folders, path.to_str().unwrap()).unwrap(), "picture");
        symlink(&path, dir.path().join("media/link.png")).unwrap();
        assert_eq!(read(&folders, "link.png").unwrap(), "picture");
    }

    #[test]
    fn files_outside_the_folders_are_not_read() {
        let (dir, folders) = folders();
        let (media, private) = (&folders[1], dir.path().join("private"));
        symlink(private.join("sky.png"), media.join("link.png")).unwrap();
        symlink("../private", media.join("away")).unwrap();
        symlink("link.png", media.join("chain.png")).unwrap();
        let secret = private.join("sky.png");
        for name in [
            "../private/sky.png",
            "night/../../private/sky.png",
            "link.png",
            "chain.png",
            "away/sky.png",
            secret.to_str().unwrap(),
            "/etc/passwd",
            "/proc/self/environ",
        ] {
            let message = read(&folders, name).unwrap_err();
            assert!(message.contains("outside the media folders"), "{message}");
        }
        for name in [
            "absent.png",
            "night/sky.png\0.png",
            "..%2fprivate/sky.png",
            "",
        ] {
            let message = read(&folders, name).unwrap_err();
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn link_placed_after_the_check_is_not_followed() {
        let (dir, folders) = folders();
        let (night, away) = (folders[1].join("night"), folders[1].join("away"));
        symlink(dir.path().join("private"), &away).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    renameat_with(CWD, &night, CWD, &away, RenameFlags::EXCHANGE).unwrap();
                }
            });
            let results: Vec<_> = (0..20_000)
                .map(|_| read(&folders, "night/sky.png"))
                .collect();
            done.store(true, Ordering::Relaxed);
            assert!(
                results
                    .iter()
                    .any(|result| result.as_deref() == Ok("picture"))
            );
            assert!(
                results.iter().any(Result::is_err),
                "no link was placed in time"
            );
            assert!(
                results
                    .iter()
                    .all(|result| result.as_deref() != Ok("secret"))
            );
        });
    }

    #[test]
    fn file_that_is_not_regular_is_refused_at_once() {
        let (_dir, folders) = folders();
        let pipe = folders[1].join("pipe.wav");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
        symlink("/dev/zero", folders[1].join("zero.wav")).unwrap();
        // It has no writer, so a blocking open would never return.
        assert!(
            read(&folders, "pipe.wav")
                .unwrap_err()
                .contains("not a regular file")
        );
        assert!(
            read(&folders, "night")
                .unwrap_err()
                .contains("not a regular file")
        );
        assert!(read(&folders, "zero.wav").is_err());
    }
}
