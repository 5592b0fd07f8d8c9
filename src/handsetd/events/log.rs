//! What the log says of a request.

use tracing::{debug, warn};

use crate::history::without_secrets;
use crate::outcome::{Report, Status};

/// Logs what came of the request `what`.
pub(super) fn log(what: &str, report: &Report) {
    let Report {
        status,
        reason,
        phone,
        ..
    } = report;
    let reason = without_secrets(reason);
    match status {
        Status::Ok | Status::Queued => debug!(what, phone, %status, reason, "Delivered."),
        _ => warn!(what, phone, %status, reason, "Not delivered."),
    }
}
