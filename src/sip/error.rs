//! Errors of the user agent.

use std::io;

use super::listen::Listen;
use super::wire::Response;

/// A listener that could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The system refused it.
    #[error("cannot listen on {listen}: {source}")]
    Bind {
        /// The address.
        listen: Listen,
        /// What the system reported.
        source: io::Error,
    },
    /// TLS without a certificate.
    #[error("cannot listen on {0}: TLS requires a certificate and a key")]
    NoCertificate(Listen),
}

/// A request without a final response.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// Nothing was sent.
    #[error(transparent)]
    NotSent(#[from] NotSent),
    /// It was sent, and may have been carried out.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

/// Why nothing was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotSent {
    /// The peer has no open connection, and none could be established.
    #[error("not connected")]
    NotConnected,
    /// No listener has the transport and address family of the peer.
    #[error("no listener for its transport and address family")]
    NoListener,
    /// The peer reads too slowly.
    #[error("the peer does not read what is sent")]
    Congested,
    /// The system refused to send, for example because there is no route.
    #[error("the system cannot send to it")]
    Unreachable,
    /// The dialog has ended.
    #[error("the dialog has ended")]
    DialogEnded,
    /// There are as many dialogs or transactions as the limits permit.
    #[error("too many dialogs or transactions")]
    TooMany,
    /// The deadline passed while earlier requests of the dialog were in progress.
    #[error("an earlier request of the dialog is still in progress")]
    Busy,
    /// The user agent has been shut down.
    #[error("shut down")]
    ShutDown,
}

/// Why no final response is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unanswered {
    /// None arrived in time.
    #[error("no response in time")]
    TimedOut,
    /// The connection was closed.
    #[error("the connection was closed before the response")]
    Closed,
}

/// An INVITE that established no dialog.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InviteError {
    /// Nothing was sent.
    #[error(transparent)]
    NotSent(#[from] NotSent),
    /// No final response is known. Should one arrive later, the dialog is ended.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
    /// The peer answered 180 or 183, as a phone that rings; the INVITE was cancelled.
    #[error("it rings")]
    Rings(Box<Response>),
    /// A final response other than success.
    #[error("{} {}", .0.status, .0.reason)]
    Refused(Box<Response>),
}
