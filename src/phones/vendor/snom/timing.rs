//! How long Snom phones take.

use std::time::Duration;

/// The pause after which the screen of a phone is ready for the next key or document.
pub(super) const SETTLE_DELAY: Duration = Duration::from_secs(2);
