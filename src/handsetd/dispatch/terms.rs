//! How long a request may take, and what came with it.

use std::borrow::Cow;

use handset_phones::verb::Request;
use tokio::time::{Instant, sleep_until};

use super::pace::Pace;
use crate::commit_point::CommitPoint;
use crate::fleet::CarriedFiles;

/// How long a request of another daemon may take, and what came with it.
#[derive(Clone, Debug)]
pub(crate) struct PeerTerms {
    pub(crate) files: CarriedFiles,
    /// Until when the other daemon waits. What is not sent by then is cancelled.
    pub(crate) until: Instant,
}

/// How a request is delivered.
pub(super) struct Terms {
    pub(super) pace: Pace,
    /// What came with a request that was made at another daemon.
    pub(super) files: CarriedFiles,
    /// Until when it has to be sent, if that is limited.
    pub(super) until: Option<Instant>,
}

impl Terms {
    /// Waits until it is too late to send the request, and nothing of it was sent.
    pub(super) async fn expiry(&self, commit_point: &CommitPoint) {
        if let Some(until) = self.until {
            sleep_until(until).await;
            if commit_point.cancel() {
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    /// Returns the request with the time that is left for it.
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
