//! The line of a request for which no delivery was started.
//!
//! In a module of its own, since these lines are limited: a program can make as many such requests as
//! it likes, of phones that it makes up. The line of a delivery that was started is not.

use tracing::warn;

use crate::history::{RequestInfo, without_secrets};
use crate::outcome::Outcome;

pub(super) fn log(info: &RequestInfo, outcome: &Outcome) {
    let Outcome {
        status,
        reason,
        phone,
        ..
    } = outcome;
    let RequestInfo { id, verb, .. } = info;
    let reason = without_secrets(reason);
    warn!(%id, %status, phone, verb, reason, "Not delivered.");
}
