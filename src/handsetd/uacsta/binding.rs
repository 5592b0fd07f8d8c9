//! Where a phone is registered, and the file that remembers it across a restart.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use handset_net::files::{self, Links};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;

/// Where a phone is registered, and until when.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Binding {
    /// The URI of its contact, as it gave it: requests are addressed to it, unchanged.
    pub(super) contact: String,
    /// `udp`, `tcp` or `tls`.
    pub(super) transport: String,
    /// Its address, from which it sent.
    pub(super) peer: SocketAddr,
    /// The `Call-ID` of its registration, which is another one after a restart of the phone.
    pub(super) call_id: String,
    /// The number of its latest request there.
    pub(super) cseq: u32,
    /// Its User-Agent; empty if it gave none.
    pub(super) user_agent: String,
    /// When it registered last.
    pub(super) registered: Timestamp,
    /// When that expires.
    pub(super) expires: Timestamp,
}

/// The bindings, by user.
pub(super) type Bindings = BTreeMap<String, Binding>;

/// `uacsta.json` in the state directory.
#[derive(Clone, Debug)]
pub(super) struct BindingFile(PathBuf);

impl BindingFile {
    pub(super) fn new(state_dir: &Path) -> Self {
        Self(state_dir.join("uacsta.json"))
    }

    /// Reads the bindings that have not expired at `now`. Without a readable file there are none, and
    /// phones come back when they register again. Blocks.
    pub(super) fn read(&self, now: Timestamp) -> Bindings {
        let text = match files::read(&self.0, Links::Refuse, MAX_BYTES) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Bindings::new(),
            Err(error) => return self.unreadable(&error.to_string()),
        };
        let mut bindings: Bindings = match serde_json::from_slice(&text) {
            Ok(bindings) => bindings,
            Err(error) => return self.unreadable(&error.to_string()),
        };
        bindings.retain(|_, binding| now < binding.expires);
        bindings
    }

    fn unreadable(&self, error: &str) -> Bindings {
        let path = self.0.display();
        warn!(
            %path,
            error,
            "Cannot read which phones are registered for CSTA: they are back when they register again."
        );
        Bindings::new()
    }

    /// Replaces the file. Blocks.
    pub(super) fn write(&self, bindings: &Bindings) -> io::Result<()> {
        files::replace(&self.0, &serde_json::to_vec(bindings)?)
    }
}

/// The longest file, in bytes: room for twenty thousand phones whose texts are as long as they may be.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn binding(expires: &str) -> Binding {
        Binding {
            contact: "sip:1001@192.0.2.21:5060;line=q7".to_owned(),
            transport: "udp".to_owned(),
            peer: "192.0.2.21:5060".parse().unwrap(),
            call_id: "a".to_owned(),
            cseq: 7,
            user_agent: String::new(),
            registered: "2026-11-27T10:00:00Z".parse().unwrap(),
            expires: expires.parse().unwrap(),
        }
    }

    #[test]
    fn bindings_survive_until_they_expire() {
        let folder = tempfile::tempdir().unwrap();
        let file = BindingFile::new(folder.path());
        let now = "2026-11-27T10:30:00Z".parse().unwrap();
        assert!(file.read(now).is_empty());
        let bindings = Bindings::from([
            ("a".to_owned(), binding("2026-11-27T11:00:00Z")),
            ("b".to_owned(), binding("2026-11-27T10:30:00Z")),
        ]);
        file.write(&bindings).unwrap();
        let read = file.read(now);
        assert_eq!(read.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(read["a"], bindings["a"]);
    }

    #[test]
    fn damaged_file_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = BindingFile::new(folder.path());
        for text in ["", "{", "[]", r#"{"a":{}}"#] {
            fs::write(folder.path().join("uacsta.json"), text).unwrap();
            assert!(file.read(Timestamp::UNIX_EPOCH).is_empty(), "{text}");
        }
    }
}
