//! The configuration of a member.

use std::fmt;
use std::num::NonZeroU8;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};
use url::Url;

use crate::names::{DaemonName, Prefix};
use crate::tls::TlsSettings;

/// How to join a cluster.
#[derive(Clone, Debug)]
pub struct Config {
    /// The NATS servers of one NATS cluster; any one of them suffices.
    pub nats: Vec<ServerUrl>,
    /// The name of this daemon.
    pub name: DaemonName,
    /// The number of replicas of each stream and bucket.
    pub replicas: Replicas,
    /// The first token of all subjects.
    pub prefix: Prefix,
    /// How to log in; a user and password in the URL take precedence.
    pub login: Login,
    /// How to authenticate the servers. If unset, and the URL is not `tls://`, TLS is used if the server
    /// requires it, with the CAs of the system.
    pub tls: Option<TlsSettings>,
    /// Time limits and intervals; tests shorten them.
    pub timing: Timing,
    /// Storage limits.
    pub limits: Limits,
    /// The version of this daemon, which other daemons show.
    pub version: String,
}

impl Config {
    /// Creates a configuration with one replica, the prefix `handsetd`, and neither login nor TLS.
    pub fn new(nats: Vec<ServerUrl>, name: DaemonName) -> Self {
        Self {
            nats,
            name,
            replicas: Replicas::default(),
            prefix: Prefix::default(),
            login: Login::None,
            tls: None,
            timing: Timing::default(),
            limits: Limits::default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl Eq for Config {}

/// Compares secrets, too; files only by path.
impl PartialEq for Config {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            nats,
            name,
            replicas,
            prefix,
            login,
            tls,
            timing,
            limits,
            version,
        } = self;
        *nats == other.nats
            && *name == other.name
            && *replicas == other.replicas
            && *prefix == other.prefix
            && *login == other.login
            && *tls == other.tls
            && *timing == other.timing
            && *limits == other.limits
            && *version == other.version
    }
}

/// How a daemon logs in.
#[derive(Clone, Debug, Default)]
pub enum Login {
    /// No login, or the user and password of the URL.
    #[default]
    None,
    /// With a token.
    Token(SecretString),
    /// With a credentials file: a JWT and the seed of its key, as `nsc` writes it.
    CredentialsFile(PathBuf),
}

impl Eq for Login {}

impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Token(one), Self::Token(other)) => one.expose_secret() == other.expose_secret(),
            (Self::CredentialsFile(one), Self::CredentialsFile(other)) => one == other,
            _ => false,
        }
    }
}

/// The address of a NATS server: `nats://HOST[:PORT]` or `tls://HOST[:PORT]`, optionally with
/// `USER:PASSWORD@` before the host.
#[derive(Clone, Eq, PartialEq)]
pub struct ServerUrl(Url);

/// A text that is not the address of a NATS server.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}; write nats://HOST:PORT or tls://HOST:PORT")]
pub struct InvalidUrl(String);

impl ServerUrl {
    /// Returns the URL, including its password.
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// Returns the user and the password of the URL.
    pub(crate) fn login(&self) -> Option<(String, String)> {
        let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let password = self.0.password().unwrap_or_default();
        (!self.0.username().is_empty()).then(|| (decode(self.0.username()), decode(password)))
    }

    /// Returns whether the URL demands TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.0.scheme() == "tls"
    }
}

impl FromStr for ServerUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        // The text may hold a password, so only the part after it is repeated.
        let shown = text.rsplit('@').next().unwrap_or(text);
        let url = Url::parse(text)
            .map_err(|error| InvalidUrl(format!("{shown:?} is not a URL ({error})")))?;
        if !["nats", "tls"].contains(&url.scheme()) {
            return Err(InvalidUrl(format!(
                "{shown:?} does not begin with nats:// or tls://"
            )));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(InvalidUrl(format!("{shown:?} has no host")));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidUrl(format!("{shown:?} has more than host and port")));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.host_str().unwrap_or_default();
        write!(
            f,
            "{}://{host}:{}",
            self.0.scheme(),
            self.0.port().unwrap_or(DEFAULT_PORT)
        )
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for ServerUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// The number of NATS servers that keep a copy: 1 to 5, the range of NATS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Replicas(NonZeroU8);

impl Replicas {
    /// Returns the number.
    pub fn get(self) -> u8 {
        self.0.get()
    }
}

impl Default for Replicas {
    fn default() -> Self {
        Self(NonZeroU8::MIN)
    }
}

impl TryFrom<u64> for Replicas {
    type Error = InvalidReplicas;

    fn try_from(number: u64) -> Result<Self, InvalidReplicas> {
        u8::try_from(number)
            .ok()
            .filter(|number| *number <= MAX_REPLICAS)
            .and_then(NonZeroU8::new)
            .map(Self)
            .ok_or(InvalidReplicas(number))
    }
}

impl<'de> Deserialize<'de> for Replicas {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(u64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A number of replicas that NATS does not support.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0} replicas are impossible; write 1, 3 or 5, and no more than there are NATS servers")]
pub struct InvalidReplicas(u64);

/// Time limits and intervals.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timing {
    /// How long a member counts as live after the last renewal of its entry.
    pub member_ttl: Duration,
    /// The interval at which a member renews its entry.
    pub member_renewal_interval: Duration,
    /// How long a lease is valid after its last renewal.
    pub lease_ttl: Duration,
    /// The interval at which a lease is renewed.
    pub lease_renewal_interval: Duration,
    /// The interval at which contenders try to acquire a lease.
    pub lease_attempt_interval: Duration,
    /// The maximum age of a claim.
    pub claim_ttl: Duration,
    /// How long NATS may fail before it counts as unavailable. The election of a stream leader takes 4 to 9 s,
    /// and an attempt that began before its end is repeated only after `reply_timeout`.
    pub unavailable_timeout: Duration,
    /// How long to wait for one reply of NATS before retrying.
    pub reply_timeout: Duration,
    /// How long the tombstone of a removed entry is kept, for slow readers.
    pub tombstone_ttl: Duration,
    /// How long a daemon must be gone before its announcements are deleted.
    pub presence_ttl: Duration,
    /// The interval of the search for daemons that are gone.
    pub presence_cleanup_interval: Duration,
    /// The deduplication window of appends to the queue.
    pub duplicate_window: Duration,
    /// The maximum age of files.
    pub file_ttl: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            member_ttl: Duration::from_secs(15),
            member_renewal_interval: Duration::from_secs(3),
            lease_ttl: Duration::from_secs(10),
            lease_renewal_interval: Duration::from_millis(2500),
            lease_attempt_interval: Duration::from_secs(1),
            claim_ttl: Duration::from_hours(1),
            unavailable_timeout: Duration::from_secs(12),
            reply_timeout: Duration::from_secs(2),
            tombstone_ttl: Duration::from_mins(1),
            presence_ttl: Duration::from_mins(10),
            presence_cleanup_interval: Duration::from_secs(30),
            duplicate_window: Duration::from_hours(24),
            // Longer than the longest `keep`, 30 days, by more than the eighth for which a file is not stored again.
            file_ttl: Duration::from_hours(35 * 24),
        }
    }
}

/// Storage limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The maximum number of entries in the queue.
    pub queue_entries: u32,
    /// The maximum size of the queue, in bytes. NATS reserves this much storage.
    pub queue_bytes: u32,
    /// The maximum size of all files together, in bytes. NATS reserves this much storage.
    pub file_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_entries: 100_000,
            queue_bytes: 256 * 1024 * 1024,
            file_bytes: 256 * 1024 * 1024,
        }
    }
}

/// The maximum that NATS allows.
const MAX_REPLICAS: u8 = 5;

/// The default port of NATS.
const DEFAULT_PORT: u16 = 4222;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_of_nats_and_show_no_password() {
        let url: ServerUrl = "nats://me:secret@10.0.0.1".parse().unwrap();
        assert_eq!(
            format!("{url} {url:?}"),
            "nats://10.0.0.1:4222 nats://10.0.0.1:4222"
        );
        for text in [
            "10.0.0.1:4222",
            "http://a",
            "nats://",
            "nats://a/b",
            "x:secret@a",
        ] {
            let error = text.parse::<ServerUrl>().unwrap_err().to_string();
            assert!(error.contains("write nats://HOST:PORT"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn replicas_are_those_of_nats() {
        assert_eq!(Replicas::try_from(3).unwrap().get(), 3);
        for number in [0, 6, 256, u64::MAX] {
            assert!(Replicas::try_from(number).is_err(), "{number}");
        }
    }
}
