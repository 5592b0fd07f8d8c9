//! What the session of a phone says of it: whether it is up; if not, what the phone answered, and which of its
//! settings helps.

use serde_json::Value;

use super::probe_result::ProbeResult;
use crate::outcome::Status;

/// Returns the result for the session of a phone, as the API has it.
pub(super) fn result(csta: &Value) -> ProbeResult {
    let text = |key: &str| csta[key].as_str().unwrap_or_default();
    let is_up = csta["session"] == true;
    let reason = match text("reason") {
        "" if is_up => format!("up since {}", text("since")),
        "" => "it is being set up".to_owned(),
        reason => reason.to_owned(),
    };
    let status = if is_up {
        Status::Ok
    } else {
        Status::Unreachable
    };
    ProbeResult {
        transport: "csta",
        probe: "its session with the daemon".into(),
        status: status.word().to_owned(),
        reason,
    }
}
