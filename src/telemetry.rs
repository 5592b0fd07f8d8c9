//! Where log lines go and what they look like.
//!
//! [`Config`] is the `[log]` section.

use serde::Deserialize;

/// The settings of the log.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The least urgent lines that are written.
    pub level: Level,
    /// What a line looks like.
    pub format: Format,
}

/// How urgent a log line is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// An administrator must act.
    Error,
    /// Something unexpected that was dealt with.
    Warn,
    /// Something was done and worked.
    #[default]
    Info,
    /// A line for each call and each delivery.
    Debug,
    /// Everything, down to the bytes.
    Trace,
}

/// What a log line looks like.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A line of text.
    #[default]
    Text,
    /// A JSON object on a line.
    Json,
}
