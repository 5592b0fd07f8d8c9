//! Bounds of the history.

use std::time::Duration;

use serde::Deserialize;

/// The `[history]` section.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Maximum age of a delivery, counted from its request.
    #[serde(with = "humantime_serde")]
    pub time: Duration,
    /// Maximum number of deliveries; the oldest are dropped first.
    pub count: usize,
    /// Whether the texts of messages, as shown on phones, are kept.
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
