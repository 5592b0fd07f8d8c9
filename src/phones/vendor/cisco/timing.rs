//! How long Cisco phones take.

use std::time::Duration;

/// The timeout of a command that plays a tone: the phone replies when the tone has ended.
pub(super) const PLAY_TIMEOUT: Duration = Duration::from_mins(1);

/// The pause after a key that is not a digit. The soft keys change meanwhile, and key presses are
/// discarded.
pub(super) const KEY_DELAY: Duration = Duration::from_millis(500);

/// The pause after the transfer key, while the phone opens a line.
pub(super) const LINE_DELAY: Duration = Duration::from_millis(500);

/// The pause after a number, until the phone takes it for complete and calls it.
pub(super) const DIAL_DELAY: Duration = Duration::from_secs(3);
