//! What exactly one of several daemons does.

use std::fmt;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

/// Lets one of several daemons fire a schedule that is due in all of them.
pub(crate) trait ScheduleClaims: fmt::Debug + Send + Sync {
    /// Returns whether this daemon fires the schedule of `rule` that is due at that time. No other daemon does
    /// then, unless either cannot reach the other.
    fn claim<'a>(&'a self, rule: &'a str, due: Timestamp) -> BoxFuture<'a, bool>;
}
