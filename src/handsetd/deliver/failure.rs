//! Why a step of a delivery failed.

use std::error::Error;

/// Returns the message of the innermost error: the outer ones name an address that the caller
/// states itself, and may hold a query with secrets.
pub(super) fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
