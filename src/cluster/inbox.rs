//! Replies to the requests of this daemon, on one subscription that outlives a connection.
//!
//! The client library keeps the state of each unanswered request until the connection ends; here it is
//! dropped as soon as the requester gives up.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_nats::Message;
use handset_net::random;
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// The pending requests of this daemon.
#[derive(Clone, Debug)]
pub(crate) struct Inbox {
    /// Unguessable, so that only a daemon that received the request can reply to it.
    prefix: Arc<str>,
    pending: Arc<Mutex<HashMap<u64, oneshot::Sender<Message>>>>,
    next: Arc<AtomicU64>,
}

/// A reply that has not arrived yet. Dropping this removes the request from the inbox.
#[derive(Debug)]
pub(crate) struct PendingReply {
    inbox: Inbox,
    number: u64,
    reply: oneshot::Receiver<Message>,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self {
            prefix: format!("{INBOX}.{}", random::hex_token::<12>()).into(),
            pending: Arc::default(),
            next: Arc::default(),
        }
    }

    /// Returns the subject on which all replies arrive.
    pub(crate) fn subject(&self) -> String {
        format!("{}.*", self.prefix)
    }

    /// Registers a request that waits for a reply.
    pub(crate) fn register(&self) -> PendingReply {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, reply) = oneshot::channel();
        self.pending.lock().insert(number, sender);
        PendingReply {
            inbox: self.clone(),
            number,
            reply,
        }
    }

    /// Passes a message to the request that waits for it.
    pub(crate) fn deliver(&self, message: Message) {
        let number = message
            .subject
            .strip_prefix(self.prefix.as_ref())
            .and_then(|rest| rest.strip_prefix('.'))
            .and_then(|number| number.parse().ok());
        let Some(number) = number else { return };
        let pending = self.pending.lock().remove(&number);
        if let Some(pending) = pending {
            // The requester may have given up just now.
            let _ = pending.send(message);
        }
    }
}

impl PendingReply {
    /// Returns the subject of the reply.
    pub(crate) fn subject(&self) -> String {
        format!("{}.{}", self.inbox.prefix, self.number)
    }

    /// Waits for the reply.
    pub(crate) async fn receive(&mut self) -> Option<Message> {
        (&mut self.reply).await.ok()
    }
}

impl Drop for PendingReply {
    fn drop(&mut self) {
        self.inbox.pending.lock().remove(&self.number);
    }
}

/// Returns whether a reply may be sent to a subject. Only inboxes qualify: otherwise a requester could make
/// this daemon publish wherever it has the permission, also to JetStream and to other daemons.
pub(crate) fn is_inbox(subject: &str) -> bool {
    let first = subject.split('.').next().unwrap_or_default();
    first.starts_with(INBOX) && subject.len() > first.len() && is_publishable(subject)
}

/// Returns whether a subject is valid for publishing.
fn is_publishable(subject: &str) -> bool {
    subject.len() <= MAX_SUBJECT
        && subject
            .split('.')
            .all(|token| !token.is_empty() && token != "*" && token != ">")
        && subject.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The first token of the inboxes of all clients, unless configured otherwise.
const INBOX: &str = "_INBOX";

/// Maximum length in bytes, more than the inbox of any client library has.
const MAX_SUBJECT: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_go_to_inboxes_only() {
        for subject in ["_INBOX.a", "_INBOX.a.b", "_INBOX_site.a"] {
            assert!(is_inbox(subject), "{subject}");
        }
        for subject in [
            "$JS.API.STREAM.DELETE.handsetd_outbox",
            "handsetd.do.push",
            "_INBOX",
            "a._INBOX.b",
            "_INBOX.*",
            "_INBOX.>",
            "_INBOX..a",
            "_INBOX.a b",
            "_INBOX.a\r\nPUB x 0",
            "_inbox.a",
            "",
        ] {
            assert!(!is_inbox(subject), "{subject}");
        }
        assert!(!is_inbox(&format!("_INBOX.{}", "a".repeat(300))));
    }

    #[tokio::test]
    async fn dropped_requests_leave_nothing_behind() {
        let inbox = Inbox::new();
        for _ in 0..100 {
            drop(inbox.register());
        }
        assert!(inbox.pending.lock().is_empty());
    }
}
