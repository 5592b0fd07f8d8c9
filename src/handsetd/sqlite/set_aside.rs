//! The files that `SQLite` has next to a file; deletes them, and sets damaged ones aside.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use handset_net::files;

use super::error::Error;

/// Renames a damaged file and the files of `SQLite` next to it; returns the new path. Blocks.
pub(super) fn quarantine(path: &Path) -> Result<PathBuf, Error> {
    let suffix = suffix();
    let renamed = |path: &Path| companion(path, &suffix);
    let aside = renamed(path);
    fs::rename(path, &aside).map_err(|error| Error::Open {
        path: path.to_owned(),
        why: format!("it is damaged, and cannot be renamed: {error}"),
    })?;
    for name in COMPANIONS {
        let companion = companion(path, name);
        // It may not exist. Left behind, it would be taken for one of the new file.
        let _ = fs::rename(&companion, renamed(&companion));
    }
    Ok(aside)
}

/// Deletes a file that is not open, and the files of `SQLite` next to it; returns whether it existed.
/// Blocks.
pub(crate) fn remove(path: &Path) -> io::Result<bool> {
    let remove = |path: &Path| match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        removed => removed.map(|()| true),
    };
    for name in COMPANIONS {
        remove(&companion(path, name))?;
    }
    remove(path)
}

/// Copies a file; returns the path of the copy. Blocks.
pub(super) fn copy(path: &Path) -> Result<PathBuf, Error> {
    let aside = companion(path, &suffix());
    let copied = (|| {
        let mut from = files::open(path, files::Links::Refuse)?;
        let mut to: File = files::create_new(&aside)?;
        io::copy(&mut from, &mut to)?;
        to.sync_all()
    })();
    copied.map_err(|error| Error::Open {
        path: aside.clone(),
        why: error.to_string(),
    })?;
    Ok(aside)
}

/// Returns the path of a file whose name continues that of another.
pub(super) fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Returns the end of the name of a file that is set aside.
fn suffix() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // Several in one second must not replace each other.
    let nanoseconds = since.unwrap_or_default().as_nanos();
    format!(".damaged-{nanoseconds}")
}

/// The write-ahead log.
pub(super) const LOG: &str = "-wal";

/// The files that `SQLite` may open next to the file.
pub(super) const COMPANIONS: [&str; 3] = [LOG, "-shm", "-journal"];
