//! The file of the sessions, in the state directory.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use handset_net::files::{self, Links};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq};
use tracing::warn;

/// A SHA-256 hash.
pub(super) type Hash = [u8; 32];

/// Where the sessions are stored.
#[derive(Debug)]
pub(in crate::admin) struct SessionFile {
    path: PathBuf,
    /// Held while the file is replaced, so that the last one is the newest.
    writing: Mutex<()>,
}

/// A session as stored.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct StoredSession {
    /// The name of the user.
    pub(in crate::admin) user: String,
    /// The hash of the id, in hexadecimal.
    key: String,
    /// The hash of the id and the user's token, in hexadecimal.
    binding: String,
    /// When it ends, in seconds since 1970 in UTC.
    expires: u64,
}

impl SessionFile {
    pub(in crate::admin) fn new(state_dir: &Path) -> Self {
        Self {
            path: state_dir.join("admin-sessions"),
            writing: Mutex::default(),
        }
    }

    /// Reads the sessions; none if the file cannot be used, which is logged. Blocks.
    pub(in crate::admin) fn read(&self) -> Vec<StoredSession> {
        let sessions = (|| {
            let file = files::open(&self.path, Links::Refuse)?;
            files::check_owner(&file.metadata()?)?;
            let bytes = files::read_opened(file, MAX_FILE)?;
            Ok(serde_json::from_slice(&bytes)?)
        })();
        sessions.unwrap_or_else(|error: io::Error| {
            if error.kind() != io::ErrorKind::NotFound {
                warn!(
                    path = %self.path.display(),
                    %error,
                    "Cannot read the sessions of the page; users have to log in again."
                );
            }
            Vec::new()
        })
    }

    /// Stores the sessions that `all` returns. A failure is logged. Blocks.
    pub(in crate::admin) fn write(&self, all: impl FnOnce() -> Vec<StoredSession>) {
        let _only = self.writing.lock();
        let written = serde_json::to_vec(&all()).map_err(io::Error::from);
        if let Err(error) = written.and_then(|bytes| files::replace(&self.path, &bytes)) {
            warn!(
                path = %self.path.display(),
                %error,
                "Cannot store the sessions of the page; users have to log in again after a restart."
            );
        }
    }
}

impl StoredSession {
    pub(super) fn new(user: &str, key: &Hash, binding: &Hash, expires: SystemTime) -> Self {
        Self {
            user: user.to_owned(),
            key: hex::encode(key),
            binding: hex::encode(binding),
            expires: seconds(expires),
        }
    }

    /// Returns whether it is the session kept under `key`.
    pub(in crate::admin) fn has_key(&self, key: &Hash) -> bool {
        self.key == hex::encode(key)
    }

    pub(super) fn is_bound_to(&self, binding: &Hash) -> Choice {
        self.binding
            .as_bytes()
            .ct_eq(hex::encode(binding).as_bytes())
    }

    pub(super) fn expires(&self) -> SystemTime {
        let expires = UNIX_EPOCH.checked_add(Duration::from_secs(self.expires));
        expires.unwrap_or(UNIX_EPOCH)
    }

    /// Returns how long it lasts from `now`; `None` if it has ended.
    pub(in crate::admin) fn remaining(&self, now: SystemTime) -> Option<Duration> {
        let rest = self.expires().duration_since(now).ok()?;
        // The clock may have been set back.
        (!rest.is_zero()).then_some(rest.min(LIFETIME))
    }
}

/// Returns the seconds since 1970 in UTC.
fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// How long a session lasts after the login.
pub(in crate::admin) const LIFETIME: Duration = Duration::from_hours(12);

/// The longest file, in bytes: some thousand sessions.
const MAX_FILE: u64 = 1024 * 1024;
