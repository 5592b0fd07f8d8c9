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
    /// The session expired: nobody refreshed it.
    Expired,
    /// The user agent was shut down.
    ShutDown,
}
