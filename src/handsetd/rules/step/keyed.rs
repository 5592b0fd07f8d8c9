//! Keys that every step may have, and errors that concern one key.

use crate::rules::error::Error;

/// An error, and the key of the step that it concerns.
pub(in crate::rules) type KeyedError = (Option<String>, Error);

/// Returns whether every step may have this key, whatever it does.
pub(super) fn is_common(key: &str) -> bool {
    COMMON.contains(&key)
}

/// Returns the error of a value of the wrong kind.
pub(super) fn mismatch(key: &str, expected: &str) -> KeyedError {
    let reason = expected.to_owned();
    (Some(key.to_owned()), Error::InvalidValue { reason })
}

/// The name of the step for later ones.
pub(super) const ID: &str = "id";

/// The condition of the step.
pub(super) const IF: &str = "if";

/// What happens to the run if the step fails.
pub(super) const ON_ERROR: &str = "on_error";

const COMMON: [&str; 3] = [ID, IF, ON_ERROR];
