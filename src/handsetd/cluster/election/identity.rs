//! The identity of an Asterisk server, which distinguishes two servers of one name.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use handset_ami::{Action, Client, Response};
use tokio::time::Instant;

/// The start time, version and system name of a server: the same for every client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ServerIdentity(String);

impl ServerIdentity {
    /// Parses the responses to `CoreStatus` and `CoreSettings`.
    fn read(status: &Response, settings: Option<&Response>) -> Option<Self> {
        let date = status.header("CoreStartupDate")?;
        let time = status.header("CoreStartupTime")?;
        let setting = |name| settings.and_then(|settings| settings.header(name));
        let others = [setting("AsteriskVersion"), setting("SystemName")];
        let mut text = format!("started {date} {time}");
        for other in others.into_iter().flatten().filter(|text| !text.is_empty()) {
            text.push_str(", ");
            text.push_str(other);
        }
        text.truncate(text.floor_char_boundary(MAX_BYTES));
        Some(Self(text))
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        Bytes::copy_from_slice(self.0.as_bytes())
    }

    /// Parses the announcement of another daemon; `None` if that daemon does not know the identity of its
    /// server.
    pub(super) fn from_bytes(bytes: &Bytes) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        let is_valid = !text.is_empty() && text.len() <= MAX_BYTES;
        is_valid.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the key under which daemons announce the identity of a server of that name.
pub(super) fn key_of(server: &str) -> String {
    format!("identity.{server}")
}

/// Queries a server; `None` if the account lacks the permission, or there is no response.
pub(super) async fn query(server: &Client) -> Option<ServerIdentity> {
    let until = Instant::now() + ANSWER_TIMEOUT;
    let ask = async |name: &str| {
        let action = Action::builder(name).build().ok()?;
        let response = server.send_until(action, until).await.ok()?;
        response.is_success().then_some(response)
    };
    let (status, settings) = tokio::join!(ask("CoreStatus"), ask("CoreSettings"));
    ServerIdentity::read(&status?, settings.as_ref())
}

/// Time limit for the response of a server. Its events wait for it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Maximum length of an identity, in bytes.
const MAX_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announced_identity_is_bounded_text() {
        let read = |text: &'static [u8]| ServerIdentity::from_bytes(&Bytes::from_static(text));
        let known = read(b"started 2026-11-29 11:47:31, 16.28.0").unwrap();
        assert_eq!(ServerIdentity::from_bytes(&known.to_bytes()), Some(known));
        assert_eq!(read(b""), None);
        assert_eq!(read(b"\xff"), None);
        assert_eq!(read(&[b'a'; MAX_BYTES + 1]), None);
    }
}
