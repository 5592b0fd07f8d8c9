//! The time limit of a request, and the files that accompany it.

use std::borrow::Cow;

use handset_phones::verb::Request;
use tokio::time::{Instant, sleep_until};

use crate::commit_point::CommitPoint;
use crate::deliver::SharedPlans;
use crate::fleet::CarriedFiles;

/// The time limit of a request from another daemon, and its files.
#[derive(Clone, Debug)]
pub(crate) struct PeerTerms {
    pub(crate) files: CarriedFiles,
    /// Until when the other daemon waits. Deliveries not sent by then are cancelled.
    pub(crate) until: Instant,
}

/// How a request is delivered.
pub(super) struct Terms {
    pub(super) plans: SharedPlans,
    /// The files of a request from another daemon.
    pub(super) files: CarriedFiles,
    /// The time by which it must be sent, if limited.
    pub(super) until: Option<Instant>,
}

impl Terms {
    /// Waits until it is too late to send the request, if nothing of it was sent.
    pub(super) async fn expiry(&self, commit_point: &CommitPoint) {
        if let Some(until) = self.until {
            sleep_until(until).await;
            if commit_point.cancel() {
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    /// Returns the request with its deadline reduced to the remaining time.
    pub(super) fn within<'a>(&self, request: &'a Request) -> Cow<'a, Request> {
        let (Some(until), Some(deadline)) = (self.until, request.deadline) else {
            return Cow::Borrowed(request);
        };
        let rest = until.saturating_duration_since(Instant::now());
        Cow::Owned(Request {
            deadline: Some(deadline.min(rest)),
            ..request.clone()
        })
    }
}
