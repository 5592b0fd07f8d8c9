//! Why a delivery failed.

use std::error::Error;

use handset_phones::vendor::PlanError;

use crate::commit_point::NotCommitted;
use crate::outcome::Status;

/// A status other than `OK`, and the reason for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    /// Human-readable.
    pub(crate) reason: String,
}

impl Failure {
    pub(super) fn new(status: Status, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
        }
    }

    /// Returns the failure with the key that it concerns.
    pub(super) fn of(self, key: &str) -> Self {
        Self {
            reason: format!("{key}: {}", self.reason),
            ..self
        }
    }
}

impl From<NotCommitted> for Failure {
    fn from(error: NotCommitted) -> Self {
        Self::new(Status::Unreachable, error.to_string())
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let status = match error {
            PlanError::Invalid(_) => Status::Invalid,
            _ => Status::Unsupported,
        };
        Self::new(status, error.to_string())
    }
}

/// Returns the message of the innermost error: the outer ones name an address that the caller
/// states itself, and may hold a query with secrets.
pub(super) fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
