//! The configuration of a client.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::address::Address;
use super::tls::{Connector, TlsConfig, TlsError};
use super::value::{HeaderValue, InvalidText};

/// The configuration of a client for one Asterisk server.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the server in logs.
    pub name: String,
    /// Address of the manager interface.
    pub address: Address,
    /// User name, as in `manager.conf`.
    pub username: String,
    /// The user's secret.
    pub secret: SecretString,
    /// How to authenticate.
    pub login: LoginMethod,
    /// The events that Asterisk should send, as the mask of its action `Events`: `on`, or a list of
    /// classes.
    pub events: String,
    /// TLS, if the server's port requires it.
    pub tls: Option<TlsConfig>,
    /// Time and size limits.
    pub limits: Limits,
}

impl Config {
    /// Creates a configuration with defaults for everything else.
    pub fn new(
        name: impl Into<String>,
        address: Address,
        username: impl Into<String>,
        secret: SecretString,
    ) -> Self {
        Self {
            name: name.into(),
            address,
            username: username.into(),
            secret,
            login: LoginMethod::default(),
            events: "on".to_owned(),
            tls: None,
            limits: Limits::default(),
        }
    }

    /// Validates everything that can be validated without the server, and loads the CAs.
    pub(crate) fn connector(&self) -> Result<Option<Connector>, ConfigError> {
        let check = |key: &'static str, value: &str| {
            HeaderValue::parse(value).map_err(|source| ConfigError::Text { key, source })
        };
        self.limits.check()?;
        check("username", &self.username)?;
        check("events", &self.events)?;
        if HeaderValue::parse(self.secret.expose_secret()).is_err() {
            return Err(ConfigError::SecretText);
        }
        let connector = self.tls.as_ref().map(|tls| tls.connector(&self.address));
        Ok(connector.transpose()?)
    }
}

impl Eq for Config {}

/// Compares secrets, too; CA files by their paths only.
impl PartialEq for Config {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            name,
            address,
            username,
            secret,
            login,
            events,
            tls,
            limits,
        } = self;
        *name == other.name
            && *address == other.address
            && *username == other.username
            && secret.expose_secret() == other.secret.expose_secret()
            && *login == other.login
            && *events == other.events
            && *tls == other.tls
            && *limits == other.limits
    }
}

/// How to authenticate; in configurations, `md5` or `plain`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum LoginMethod {
    /// By MD5 challenge, so that the secret itself is not sent.
    ///
    /// If the server offers no challenge, the secret is sent within TLS, whose server is
    /// authenticated; without TLS the login fails.
    #[default]
    Md5,
    /// By the secret itself, also without TLS. Everyone on the route to the server can then read it.
    Plain,
}

/// Time and size limits of one client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Deadline of an action sent with [`Client::send`](super::Client::send).
    pub action: Duration,
    /// Time limit for connecting, and again for the login.
    pub connect: Duration,
    /// Time to wait for Asterisk to report that it has booted, before actions are sent anyway. Users
    /// without the read class `system` never receive that report, so it is short enough for those who
    /// wait for an action.
    pub boot: Duration,
    /// Interval between pings.
    pub ping: Duration,
    /// Time without any data after a ping until the connection counts as lost.
    pub pong: Duration,
    /// Maximum delay between two connection attempts.
    pub retry: Duration,
    /// Delay after a refused login. Long, because programs that block addresses count failed logins.
    pub refused: Duration,
    /// Maximum size of a packet, in bytes; larger ones are skipped.
    pub packet: usize,
    /// Maximum number of items of a list.
    pub list_items: usize,
    /// Maximum size of a list, in bytes.
    pub list_bytes: usize,
    /// Maximum number of actions that wait for a response, and again of those that wait for a
    /// connection.
    pub actions: usize,
    /// Memory that all events may take which a subscriber has not dropped yet, in bytes. When it is
    /// full, the oldest are lost for the subscribers that have not taken them.
    pub event_bytes: usize,
}

impl Limits {
    /// Checks that no limit is zero, no time over a day, and no size over 1 GiB.
    fn check(&self) -> Result<(), ConfigError> {
        let times = [
            ("action", self.action),
            ("boot", self.boot),
            ("connect", self.connect),
            ("ping", self.ping),
            ("pong", self.pong),
            ("refused", self.refused),
            ("retry", self.retry),
        ];
        let sizes = [
            ("actions", self.actions),
            ("event_bytes", self.event_bytes),
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
            boot: Duration::from_secs(3),
            ping: Duration::from_secs(30),
            pong: Duration::from_secs(15),
            retry: Duration::from_secs(30),
            refused: Duration::from_mins(3),
            packet: 8 * 1024 * 1024,
            list_items: 50_000,
            list_bytes: 64 * 1024 * 1024,
            actions: 256,
            event_bytes: 64 * 1024 * 1024,
        }
    }
}

/// Why a configuration is invalid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A limit is zero or too large.
    #[error("limits.{key} must be greater than zero and at most a day, or 1 GiB")]
    Limit {
        /// Name of the field.
        key: &'static str,
    },
    /// The secret cannot be sent in a header.
    #[error("the secret contains a line break or NUL")]
    SecretText,
    /// A value cannot be sent in a header.
    #[error("malformed {key}")]
    Text {
        /// Name of the field.
        key: &'static str,
        /// The reason.
        source: InvalidText,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] TlsError),
}

/// Maximum of all time limits.
const MAX_TIME: Duration = Duration::from_hours(24);

/// Maximum of all size limits.
const MAX_SIZE: usize = 1 << 30;

#[cfg(test)]
mod tests;
