//! Replies to requests.

use std::sync::Arc;

use async_nats::header::HeaderMap;
use bytes::Bytes;
use futures_util::FutureExt as _;
use tracing::debug;

use crate::error::Unavailable;
use crate::headers;
use crate::session::Failure;
use crate::shared::Shared;

/// Sends the reply to a request. Without a reply the requester waits until its deadline.
#[derive(Debug)]
pub struct Responder {
    shared: Arc<Shared>,
    subject: String,
}

impl Responder {
    pub(crate) fn new(shared: Arc<Shared>, subject: String) -> Self {
        Self { shared, subject }
    }

    /// Sends the reply.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection is lost, or if the reply is longer than a message may be.
    pub async fn send(self, body: Bytes) -> Result<(), Unavailable> {
        self.publish(None, body).await
    }

    /// Refuses the request; the requester gets `NotSent` with that reason.
    pub async fn refuse(self, reason: &str) {
        // If this fails, the requester times out.
        let _ = self.publish(Some(refusal(reason)), Bytes::new()).await;
    }

    /// Refuses like [`refuse`](Self::refuse), unless the connection is congested.
    pub(crate) fn refuse_now(self, reason: &'static str) {
        debug!(reason, "Refused a request.");
        if let Some(session) = self.shared.session() {
            let client = &session.client;
            let sending = client.publish_with_headers(self.subject, refusal(reason), Bytes::new());
            // Polled once: that suffices if the send queue of the connection has room.
            let _ = sending.now_or_never();
        }
    }

    /// Replies like [`send`](Self::send), unless the connection is congested.
    pub(crate) fn send_now(self, body: Bytes) {
        if let Some(session) = self.shared.session() {
            let _ = session.client.publish(self.subject, body).now_or_never();
        }
    }

    async fn publish(self, headers: Option<HeaderMap>, body: Bytes) -> Result<(), Unavailable> {
        let Some(session) = self.shared.session() else {
            return Err(Unavailable::NotApplied(self.shared.unavailable_reason()));
        };
        let sent = session.publish(self.subject, headers, body).await;
        sent.map_err(|failure| match failure {
            Failure::NotSent(reason)
            | Failure::Unanswered(reason)
            | Failure::Refused { reason, .. } => Unavailable::NotApplied(reason),
        })
    }
}

fn refusal(reason: &str) -> HeaderMap {
    let mut map = HeaderMap::new();
    map.insert(headers::REFUSED, headers::value(reason));
    map
}
