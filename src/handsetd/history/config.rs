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
    /// Whether deliveries are recorded in the state directory, too, and outlast a restart.
    pub keep_on_disk: bool,
}

impl Config {
    /// Returns how much memory the deliveries may take together, in bytes; the oldest are dropped first.
    pub(super) fn max_bytes(&self) -> usize {
        self.count.saturating_mul(MEAN_BYTES).max(MIN_BYTES)
    }
}

/// How much memory a delivery may take on average, in bytes: several times as much as a usual one.
const MEAN_BYTES: usize = 6 * 1024;

/// What all deliveries may take in any case, in bytes: a few of the longest.
const MIN_BYTES: usize = 1024 * 1024;

impl Default for Config {
    fn default() -> Self {
        Self {
            time: Duration::from_hours(7 * 24),
            count: 10_000,
            texts: true,
            keep_on_disk: true,
        }
    }
}
