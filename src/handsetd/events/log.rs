//! What the log says of requests and of rules that fail.

use tracing::{debug, warn};

use crate::history::without_secrets;
use crate::outcome::{Report, Status};
use crate::rules::Failure;

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

/// Logs a failure of a rule. The caller has at most one a minute for each rule.
pub(super) fn log_failure(failure: &Failure) {
    let Failure {
        rule, on, untold, ..
    } = failure;
    let reason = without_secrets(&failure.reason);
    match untold {
        0 => warn!(rule = %rule, event = on, reason, "A rule failed."),
        untold => warn!(
            rule = %rule,
            event = on,
            reason,
            "A rule failed, and {untold} times more since this was last told."
        ),
    }
}
