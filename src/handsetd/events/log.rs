//! What the log says of rules that fail.

use tracing::warn;

use crate::history::without_secrets;
use crate::rules::{Failure, FailureKind};

/// Logs a failure of a rule. The caller has at most one of each kind a minute for each rule.
pub(super) fn log_failure(failure: &Failure) {
    let Failure {
        kind,
        rule,
        on,
        unreported,
        ..
    } = failure;
    let reason = without_secrets(&failure.reason);
    match (kind, unreported) {
        (FailureKind::Failed, 0) => warn!(rule = %rule, event = on, reason, "A rule failed."),
        (FailureKind::Failed, unreported) => warn!(
            rule = %rule,
            event = on,
            reason,
            "A rule failed, and {unreported} times more since this was last logged."
        ),
        (FailureKind::Overloaded, 0) => warn!(
            rule = %rule,
            event = on,
            reason,
            "A rule skips events: it has too many runs."
        ),
        (FailureKind::Overloaded, unreported) => warn!(
            rule = %rule,
            event = on,
            reason,
            "A rule skips events: it has too many runs, and skipped {unreported} more since this was last logged."
        ),
    }
}
