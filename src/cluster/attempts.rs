//! Repeats an operation on NATS until its result is known or the time limit has passed.

use tokio::time::Instant;

use crate::error::{Reason, Unavailable};
use crate::session::{Failure, Session};
use crate::shared::{RETRY_DELAY, Shared};

/// The attempts of one operation.
#[derive(Debug)]
pub(crate) struct Attempts {
    pub(crate) deadline: Instant,
    /// Whether an attempt may have been executed although its reply did not arrive.
    may_be_applied: bool,
}

impl Attempts {
    /// Creates the attempts of an operation that starts now.
    pub(crate) fn new(shared: &Shared) -> Self {
        Self::until(shared.unavailable_deadline())
    }

    /// Creates attempts with another time limit.
    pub(crate) fn until(deadline: Instant) -> Self {
        Self {
            deadline,
            may_be_applied: false,
        }
    }

    /// Waits for a connection.
    pub(crate) async fn session(&self, shared: &Shared) -> Result<Session, Unavailable> {
        let session = shared.session_by(self.deadline).await;
        session.map_err(|reason| self.unavailable(reason))
    }

    /// Returns whether an attempt may have been executed although its reply did not arrive.
    pub(crate) fn may_be_applied(&self) -> bool {
        self.may_be_applied
    }

    /// Records the failure of an attempt to change something.
    pub(crate) fn record(&mut self, failure: &Failure) {
        self.may_be_applied |= matches!(failure, Failure::Unanswered(_));
    }

    /// Waits before the next attempt; returns an error if there is no time for it.
    pub(crate) async fn pause(&self, reason: impl Into<Reason>) -> Result<(), Unavailable> {
        if Instant::now() + RETRY_DELAY >= self.deadline {
            return Err(self.unavailable(reason.into()));
        }
        tokio::time::sleep(RETRY_DELAY).await;
        Ok(())
    }

    fn unavailable(&self, reason: Reason) -> Unavailable {
        if self.may_be_applied {
            Unavailable::Unknown(reason)
        } else {
            Unavailable::NotApplied(reason)
        }
    }
}
