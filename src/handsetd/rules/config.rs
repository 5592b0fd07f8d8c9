//! The shape of a `[[rule]]` section. Conditions and templates are plain text here; [`Engine::new`]
//! compiles them.
//!
//! [`Engine::new`]: super::Engine::new

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// A `[[rule]]`: what to do when an event occurs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Unique name, shown in logs and metrics.
    pub name: String,
    /// Names of the events that the rule handles, compared case-insensitively; `*` stands for any
    /// characters. A single one needs no list.
    #[serde(default, deserialize_with = "one_or_many")]
    pub on: Vec<String>,
    /// When the rule fires by the clock: a cron expression.
    pub schedule: Option<String>,
    /// Time zone of `schedule` and `now`, by its IANA name; default: that of the machine.
    pub timezone: Option<String>,
    /// Condition on the event, a Jinja expression.
    pub when: Option<String>,
    /// Rate limit.
    pub limit: Option<Limit>,
    /// Steps to take, in order; their values are templates.
    #[serde(rename = "do")]
    pub steps: Vec<Values>,
    /// How the rule treats a run while another one with the same key is active.
    #[serde(default)]
    pub mode: Mode,
    /// Tests of the rule, executed by `handsetd check` and `handsetd rules test`.
    #[serde(default, rename = "test")]
    pub tests: Vec<RuleTest>,
}

/// Reads a string or a list of strings.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "must be a string or a list of strings")]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(name) => vec![name],
        OneOrMany::Many(names) => names,
    })
}

/// Rate limit of a rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Minimum time between two runs with the same key.
    #[serde(with = "humantime_serde")]
    pub every: Duration,
    /// Template of the key under which runs are counted; without it, all runs share one.
    pub per: Option<String>,
}

/// How a rule treats a run while another one with the same key is active.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Both runs are active.
    Parallel,
    /// The new run is queued.
    #[default]
    Queued,
    /// The active run is cancelled.
    Restart,
    /// The new run is skipped.
    Single,
}

/// A `[[rule.test]]`: an event and the steps that the rule must take for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleTest {
    /// Headers of the event, among them `Event`.
    pub event: BTreeMap<String, String>,
    /// Expected steps, in order; empty if the rule must not fire.
    pub expect: Vec<Values>,
    /// The time of the event: one with an offset, or one in the zone of the rule; default: the present.
    pub now: Option<String>,
    /// What steps come to, by their `id`; all others are `OK`.
    #[serde(default)]
    pub steps: BTreeMap<String, TestedStep>,
}

/// What a step of a `[[rule.test]]` comes to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestedStep {
    /// The status, such as `DENIED`.
    pub status: Option<String>,
    /// The reason.
    pub reason: Option<String>,
    /// The value read.
    pub result: Option<Value>,
    /// The status code of an HTTP server that answered.
    pub http: Option<u16>,
}

/// Keys and values of a step. One of the keys says what the step does: `verb`, `wait`, `webhook` or `ami`.
pub type Values = BTreeMap<String, Value>;

/// The value of a key.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(
    untagged,
    expecting = "must be a string, a number, a boolean, a list or a table"
)]
pub enum Value {
    /// A template.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A number with a fraction, in the JSON of a web hook.
    Float(f64),
    /// A boolean, written as on/off or yes/no depending on the key.
    Boolean(bool),
    /// Templates of a key that repeats, or a list in the JSON of a web hook.
    List(Vec<Self>),
    /// The JSON of a web hook, or its headers.
    Table(Values),
    /// The content of a file that a key with `_file` names.
    #[serde(skip)]
    Secret(Secret),
}

/// A secret of a web hook.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// Returns the secret, to send it.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<SecretString> for Secret {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}
