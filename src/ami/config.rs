//! Which server, as whom, and within what limits.
//!
//! It reads the files that a configuration names; where the configuration itself comes from is not
//! known here.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::tls::TlsError;
use super::value::{HeaderValue, InvalidText};
use handset_net::pin::Pin;

/// One Asterisk server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What it is called in logs and states.
    pub name: String,
    /// Where it listens: `host`, `host:port`, `[IPv6]:port`. The port is 5038 unless given, and
    /// 5039 with TLS.
    pub address: Address,
    /// The user, as in `manager.conf`.
    pub username: String,
    /// The user's secret.
    #[serde(default)]
    pub secret: Option<SecretString>,
    /// A file that holds the secret; a line end at its end does not count.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// How the secret is shown to Asterisk.
    #[serde(default)]
    pub login: Login,
    /// Which events Asterisk shall send, as the mask of its action `Events`: `on`, or classes.
    #[serde(default = "Config::default_events")]
    pub events: String,
    /// TLS, if the server's port speaks it.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// Times and sizes.
    #[serde(default)]
    pub limits: Limits,
}

impl Config {
    /// Creates a configuration that leaves everything else at its default.
    pub fn new(name: &str, address: Address, username: &str, secret: SecretString) -> Self {
        Self {
            name: name.to_owned(),
            address,
            username: username.to_owned(),
            secret: Some(secret),
            secret_file: None,
            login: Login::default(),
            events: Self::default_events(),
            tls: None,
            limits: Limits::default(),
        }
    }

    /// Checks what can be checked without the server, reading the files it names.
    ///
    /// Without `secret` and `secret_file` the secret is the file of the server's name in
    /// `credentials`, the folder that systemd names in `CREDENTIALS_DIRECTORY`.
    pub fn checked(&self, credentials: Option<&Path>) -> Result<Checked, ConfigError> {
        let text = |key: &'static str, value: &str| {
            HeaderValue::parse(value).map_err(|source| ConfigError::Text { key, source })
        };
        self.limits.check()?;
        text("username", &self.username)?;
        text("events", &self.events)?;
        let secret = self.read_secret(credentials)?;
        if HeaderValue::parse(secret.expose_secret()).is_err() {
            return Err(ConfigError::SecretText);
        }
        let tls = self
            .tls
            .as_ref()
            .map(|tls| tls.connector(&self.address))
            .transpose()?;
        Ok(Checked {
            config: self.clone(),
            secret,
            tls,
        })
    }

    fn read_secret(&self, credentials: Option<&Path>) -> Result<SecretString, ConfigError> {
        let file = match (&self.secret, &self.secret_file) {
            (Some(_), Some(_)) => return Err(ConfigError::TwoSecrets),
            (Some(secret), None) => return Ok(secret.clone()),
            (None, Some(file)) => file.clone(),
            (None, None) => credentials.ok_or(ConfigError::NoSecret)?.join(&self.name),
        };
        match std::fs::read_to_string(&file) {
            Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).into()),
            Err(source) => Err(ConfigError::SecretFile { file, source }),
        }
    }

    fn default_events() -> String {
        "on".to_owned()
    }
}

/// A configuration whose files were read.
#[derive(Clone)]
pub struct Checked {
    pub(crate) config: Config,
    pub(crate) secret: SecretString,
    pub(crate) tls: Option<super::tls::Connector>,
}

impl Checked {
    /// Returns whether both lead to the same server in the same way. What is in the files of a CA is
    /// not compared, their names are.
    pub fn is_same(&self, other: &Self) -> bool {
        // The one thing that does not show.
        let secrets = self.secret.expose_secret() == other.secret.expose_secret();
        secrets && format!("{:?}", self.config) == format!("{:?}", other.config)
    }
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// How the secret is shown to the server.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Login {
    /// Plain within TLS; else by MD5, and plain if the server has no challenge to give.
    #[default]
    Auto,
    /// By MD5, or not at all.
    Md5,
    /// As it is.
    Plain,
}

/// What makes a TLS server the right one: a CA, a pin, or both. One of them is needed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The CAs to trust, PEM. Certificate and name are then checked as usual.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The name in the certificate, where it is not the host of the address.
    #[serde(default)]
    pub server_name: Option<String>,
    /// The SHA-256 of the server's own certificate (DER), as `sha256:HEX`.
    #[serde(default)]
    pub pin: Option<Pin>,
}

/// Where a server listens.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct Address {
    host: String,
    port: Option<u16>,
}

impl Address {
    /// Returns the host, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port, or the usual one.
    pub fn port(&self, tls: bool) -> u16 {
        self.port.unwrap_or(if tls { 5039 } else { 5038 })
    }
}

impl TryFrom<String> for Address {
    type Error = InvalidAddress;

    fn try_from(text: String) -> Result<Self, InvalidAddress> {
        let invalid = || InvalidAddress(text.clone());
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or_else(invalid)?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| invalid())?;
                let port = match rest {
                    "" => None,
                    rest => Some(rest.strip_prefix(':').ok_or_else(invalid)?),
                };
                (host, port)
            }
            None if text.parse::<std::net::Ipv6Addr>().is_ok() => (text.as_str(), None),
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text.as_str(), None),
            },
        };
        let port = port.map(str::parse).transpose().map_err(|_| invalid())?;
        let is_blank = |c: char| c.is_whitespace() || c.is_control() || c == '/';
        if host.is_empty() || host.contains(is_blank) || port == Some(0) {
            return Err(invalid());
        }
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl std::str::FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        Self::try_from(text.to_owned())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.host.contains(':'), self.port) {
            (true, Some(port)) => write!(f, "[{}]:{port}", self.host),
            (true, None) => write!(f, "[{}]", self.host),
            (false, Some(port)) => write!(f, "{}:{port}", self.host),
            (false, None) => f.write_str(&self.host),
        }
    }
}

/// Something else than an address.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("address {0:?} is not host, host:port or [IPv6]:port")]
pub struct InvalidAddress(String);

/// Times and sizes of one client.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// How long an action waits for its answer unless its sender says otherwise.
    #[serde(with = "humantime_serde")]
    pub action: Duration,
    /// How long connecting may take, and logging in again as long.
    #[serde(with = "humantime_serde")]
    pub connect: Duration,
    /// How long Asterisk may boot before we go on without its word that it has. A user without the
    /// read class `system` never gets that word.
    #[serde(with = "humantime_serde")]
    pub boot: Duration,
    /// How often we ask whether Asterisk is there.
    #[serde(with = "humantime_serde")]
    pub ping: Duration,
    /// How long silence may last after that before the connection is given up.
    #[serde(with = "humantime_serde")]
    pub pong: Duration,
    /// The longest wait between two tries to connect.
    #[serde(with = "humantime_serde")]
    pub retry: Duration,
    /// The longest packet that is taken, in bytes; longer ones are skipped.
    pub packet: usize,
    /// How many items of a list are taken.
    pub list_items: usize,
    /// How many bytes of a list are taken.
    pub list_bytes: usize,
    /// How many actions may wait for answers, and how many for a connection.
    pub actions: usize,
    /// How many events a listener may be behind before it loses the oldest.
    pub events: usize,
}

impl Limits {
    /// Refuses what would never wait or never end: nothing may be zero, and no time over a day.
    fn check(&self) -> Result<(), ConfigError> {
        let times = [
            ("action", self.action),
            ("boot", self.boot),
            ("connect", self.connect),
            ("ping", self.ping),
            ("pong", self.pong),
            ("retry", self.retry),
        ];
        let sizes = [
            ("actions", self.actions),
            ("events", self.events),
            ("list_bytes", self.list_bytes),
            ("list_items", self.list_items),
            ("packet", self.packet),
        ];
        let bad_time = times
            .iter()
            .find(|(_, time)| time.is_zero() || MAX_TIME < *time);
        let bad_size = sizes
            .iter()
            .find(|(_, size)| *size == 0 || MAX_SIZE < *size);
        match bad_time
            .map(|(key, _)| key)
            .or_else(|| bad_size.map(|(key, _)| key))
        {
            Some(key) => Err(ConfigError::Limit { key }),
            None => Ok(()),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            action: Duration::from_secs(5),
            connect: Duration::from_secs(10),
            boot: Duration::from_secs(20),
            ping: Duration::from_secs(30),
            pong: Duration::from_secs(15),
            retry: Duration::from_secs(30),
            packet: 8 * 1024 * 1024,
            list_items: 50_000,
            list_bytes: 64 * 1024 * 1024,
            actions: 256,
            events: 8192,
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A limit that would be none, or too much.
    #[error("limits.{key} is zero, or over a day, or over 1 GiB")]
    Limit {
        /// The key.
        key: &'static str,
    },
    /// There is none, nor a credential of the server's name.
    #[error("neither secret nor secret_file is given")]
    NoSecret,
    /// The file could not be read.
    #[error("cannot read secret_file {}", file.display())]
    SecretFile {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Asterisk could not be told it.
    #[error("the secret contains a line break or NUL")]
    SecretText,
    /// Asterisk could not be told it.
    #[error("malformed {key}")]
    Text {
        /// The key.
        key: &'static str,
        /// What is wrong.
        source: InvalidText,
    },
    /// TLS is not set up.
    #[error("cannot set TLS up")]
    Tls(#[from] TlsError),
    /// One would have to win.
    #[error("both secret and secret_file are given")]
    TwoSecrets,
}

/// The longest time that makes sense as a limit.
const MAX_TIME: Duration = Duration::from_hours(24);

/// The largest number of bytes or things that makes sense as a limit.
const MAX_SIZE: usize = 1 << 30;

#[cfg(test)]
mod tests;
