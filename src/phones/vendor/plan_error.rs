//! Tasks that cannot be planned.

/// Why a task cannot be planned. Nothing has been sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The request is invalid for any phone of the vendor.
    #[error("{0}")]
    Invalid(String),
    /// The phone does not support the task.
    #[error("{0}")]
    Unsupported(String),
}

impl PlanError {
    pub(super) fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }
}
