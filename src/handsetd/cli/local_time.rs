//! Times for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::telemetry::TerminalSafe;

/// Returns an RFC 3339 time as date and time of day in the time zone of this machine.
pub(super) fn local_time(at: &str) -> String {
    let Ok(at) = at.parse::<Timestamp>() else {
        return TerminalSafe(at).to_string();
    };
    let local = at.to_zoned(TimeZone::system());
    local.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
