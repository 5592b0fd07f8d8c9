//! How much is kept, and for how long.

use std::time::Duration;

use serde::Deserialize;

/// The settings of the history.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long a delivery is kept.
    #[serde(with = "humantime_serde")]
    pub time: Duration,
    /// How many deliveries are kept; the oldest go first.
    pub count: usize,
    /// Whether the texts of messages are kept: what was shown on phones.
    pub texts: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            time: Duration::from_hours(7 * 24),
            count: 10_000,
            texts: true,
        }
    }
}
