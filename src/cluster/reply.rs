//! Replies to requests.

use std::sync::Arc;

use async_nats::header::HeaderMap;
use bytes::Bytes;
use futures_util::FutureExt as _;

use crate::error::Away;
use crate::headers;
use crate::session::{Failure, Session};
use crate::shared::Shared;

/// Where to send the reply to a request. Without a reply the requester waits until its deadline.
#[derive(Debug)]
pub struct Reply {
    shared: Arc<Shared>,
    subject: String,
}

impl Reply {
    pub(crate) fn new(shared: Arc<Shared>, subject: String) -> Self {
        Self { shared, subject }
    }

    /// Sends the reply.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection is lost, or if the reply is longer than a message may be.
    pub async fn send(self, body: Bytes) -> Result<(), Away> {
        self.publish(None, body).await
    }

    /// Refuses the request; the requester gets `NotSent` with that reason.
    pub async fn refuse(self, reason: &str) {
        let mut map = HeaderMap::new();
        map.insert(headers::REFUSED, headers::value(reason));
        // The requester will time out.
        let _ = self.publish(Some(map), Bytes::new()).await;
    }

    /// Refuses like [`refuse`](Self::refuse), unless the connection is congested.
    pub(crate) fn refuse_now(self, session: &Session, reason: &str) {
        let mut map = HeaderMap::new();
        map.insert(headers::REFUSED, headers::value(reason));
        let sending = session
            .client
            .publish_with_headers(self.subject, map, Bytes::new());
        // Polled once: that suffices if the send queue of the connection has room.
        let _ = sending.now_or_never();
    }

    /// Replies like [`send`](Self::send), unless the connection is congested.
    pub(crate) fn send_now(self, session: &Session, body: Bytes) {
        let _ = session.client.publish(self.subject, body).now_or_never();
    }

    async fn publish(self, headers: Option<HeaderMap>, body: Bytes) -> Result<(), Away> {
        let Some(session) = self.shared.session() else {
            return Err(Away::NotDone(self.shared.why_away()));
        };
        let sent = session.publish(self.subject, headers, body).await;
        sent.map_err(|failure| match failure {
            Failure::NotSent(reason)
            | Failure::Unanswered(reason)
            | Failure::Refused { reason, .. } => Away::NotDone(reason),
        })
    }
}
