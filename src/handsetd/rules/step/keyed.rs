//! Keys that steps of several kinds have, and errors that concern one key.

use std::time::Duration;

use crate::rules::config::{Value, Values};
use crate::rules::error::Error;
use crate::rules::template::is_literal;

/// An error, and the key of the step that it concerns.
pub(in crate::rules) type KeyedError = (Option<String>, Error);

/// Returns whether every step may have this key, whatever it does.
pub(super) fn is_common(key: &str) -> bool {
    COMMON.contains(&key)
}

/// Returns the error of a value of the wrong kind.
pub(super) fn mismatch(key: &str, expected: &str) -> KeyedError {
    invalid(key, expected)
}

/// Returns the error of an invalid value.
pub(super) fn invalid(key: &str, reason: impl Into<String>) -> KeyedError {
    let reason = reason.into();
    (Some(key.to_owned()), Error::InvalidValue { reason })
}

/// Requires that the value of `key` has no placeholders.
pub(super) fn literal(key: &str, text: &str) -> Result<(), KeyedError> {
    if is_literal(text) {
        return Ok(());
    }
    let reason = format!("must be written as it is: {key} takes no {{{{ … }}}}");
    Err(invalid(key, reason))
}

/// Returns the key `deadline`, or `default`.
pub(super) fn parse_deadline(values: &Values, default: Duration) -> Result<Duration, KeyedError> {
    let deadline = match values.get(DEADLINE) {
        None => return Ok(default),
        Some(Value::Integer(seconds)) => u64::try_from(*seconds).map(Duration::from_secs).ok(),
        Some(Value::Text(text)) => humantime::parse_duration(text).ok(),
        Some(_) => None,
    };
    deadline
        .filter(|deadline| (MIN_DEADLINE..=MAX_DEADLINE).contains(deadline))
        .ok_or_else(|| mismatch(DEADLINE, "must be a duration from 100ms to 60s"))
}

/// How long a step may take.
pub(super) const DEADLINE: &str = "deadline";

/// The headers of a web hook.
pub(super) const HEADERS: &str = "headers";

/// The phones of a request.
pub(super) const PHONE: &str = "phone";

/// What stands for a secret.
pub(super) const REDACTED: &str = "[redacted]";

/// The name of the step for later ones.
pub(super) const ID: &str = "id";

/// The condition of the step.
pub(super) const IF: &str = "if";

/// What happens to the run if the step fails.
pub(super) const ON_ERROR: &str = "on_error";

const COMMON: [&str; 3] = [ID, IF, ON_ERROR];

/// The shortest deadline of a web hook or an action: below it, nothing but failures would be left.
const MIN_DEADLINE: Duration = Duration::from_millis(100);

/// The longest deadline of a web hook or an action: those that hang hold runs and connections.
const MAX_DEADLINE: Duration = Duration::from_mins(1);
