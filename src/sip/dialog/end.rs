//! How dialogs end.

/// How a dialog ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// The peer sent BYE.
    Bye,
    /// The peer does not know the dialog: it answered 481 or 408.
    Unknown,
    /// The connection was closed.
    Closed,
    /// We ended it.
    Local,
    /// The session expired: it was not refreshed.
    Expired,
    /// The user agent was shut down.
    ShutDown,
}
