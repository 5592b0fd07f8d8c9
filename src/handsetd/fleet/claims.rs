//! Tasks that exactly one of several daemons executes.

use std::fmt;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

/// Decides which of several daemons fires a schedule that is due in all of them.
pub(crate) trait ScheduleClaims: fmt::Debug + Send + Sync {
    /// Returns whether this daemon fires the schedule of `rule` due at that time. Then no other daemon does,
    /// unless NATS is away for one of them.
    fn claim<'a>(&'a self, rule: &'a str, due: Timestamp) -> BoxFuture<'a, bool>;
}
