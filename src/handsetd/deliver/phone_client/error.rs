//! Errors of the client; their messages are shown to operators.

/// Why there is no reply.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(in crate::deliver) enum Error {
    /// The phone asks for the password in clear text and must not get it.
    #[error("{0}")]
    BasicRefused(String),
    /// Nothing was sent, because the phone did not accept a connection.
    #[error("{0}")]
    ConnectFailed(String),
    /// The request was sent, and the reply broke off or is not HTTP.
    #[error("{0}")]
    Interrupted(String),
    /// Nothing was sent, for another reason.
    #[error("{0}")]
    NotSent(String),
    /// Nothing was sent, because the phone refused the same credentials a short while ago.
    #[error("{0}")]
    LockedOut(String),
    /// The request was sent, and no reply arrived in time.
    #[error("{0}")]
    TimedOut(String),
}
