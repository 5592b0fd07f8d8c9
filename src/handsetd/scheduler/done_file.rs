//! The file that says how far each schedule is done.

use std::io;
use std::path::{Path, PathBuf};

use handset_net::files::{self, Links};
use tracing::warn;

use crate::rules::Done;

/// `schedules.json` in the state directory.
#[derive(Debug)]
pub(super) struct DoneFile(PathBuf);

impl DoneFile {
    pub(super) fn new(state_dir: &Path) -> Self {
        Self(state_dir.join("schedules.json"))
    }

    /// Reads the file. Without a readable one, nothing is made up for. Blocks.
    pub(super) fn read(&self) -> Done {
        let text = match files::read(&self.0, Links::Refuse, MAX_BYTES) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Done::default(),
            Err(error) => return self.unreadable(&error.to_string()),
        };
        serde_json::from_slice(&text).unwrap_or_else(|error| self.unreadable(&error.to_string()))
    }

    fn unreadable(&self, error: &str) -> Done {
        let path = self.0.display();
        warn!(
            %path,
            error,
            "Cannot read when schedules fired last: what was due before the start is not made up for."
        );
        Done::default()
    }

    /// Replaces the file; if `is_synced`, what it says survives a power failure. Blocks.
    pub(super) fn write(&self, done: &Done, is_synced: bool) -> io::Result<()> {
        let text = serde_json::to_vec(done)?;
        if is_synced {
            files::replace(&self.0, &text)
        } else {
            files::replace_unsynced(&self.0, &text)
        }
    }
}

/// The longest file, in bytes: room for ten thousand rules.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
