//! The shape of a `[[rule]]`, as an administrator writes it: conditions and templates are texts here,
//! and are not compiled.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

/// What is to be done when something happens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What people call it.
    pub name: String,
    /// The event that it waits for.
    pub on: String,
    /// The condition, if there is one.
    pub when: Option<String>,
    /// How often it may fire.
    pub limit: Option<Limit>,
    /// What it does, in order.
    #[serde(rename = "do")]
    pub actions: Vec<Values>,
    /// What happens if it fires again while it is still at it.
    #[serde(default)]
    pub mode: Mode,
    /// What it must do, as `check` tries it.
    #[serde(default, rename = "test")]
    pub tests: Vec<Trial>,
}

/// How often a rule may fire.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The shortest time between two firings.
    #[serde(with = "humantime_serde")]
    pub every: Duration,
    /// What is counted apart: a template.
    pub per: Option<String>,
}

/// What happens if a rule fires again while it is still at it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Both run.
    Parallel,
    /// The new one waits.
    #[default]
    Queued,
    /// The old one is given up.
    Restart,
    /// The new one is skipped.
    Single,
}

/// An event, and what the rule must make of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The event.
    pub event: BTreeMap<String, String>,
    /// What must be done, in order; nothing, if it is empty.
    pub expect: Vec<Values>,
}

/// The keys of a verb, and `verb` itself.
pub type Values = BTreeMap<String, Value>;

/// A value of a key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(
    untagged,
    expecting = "must be a text, a whole number, true or false, or a list of texts"
)]
pub enum Value {
    /// A template.
    Text(String),
    /// A number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// Templates, where a key repeats.
    List(Vec<String>),
}
