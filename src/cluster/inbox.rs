//! The answers to this daemon's questions, on one subscription that outlives a connection.
//!
//! The client library remembers each question that was never answered until the connection ends; here it is
//! forgotten when whoever asked gives up.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_nats::Message;
use handset_net::random;
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Questions that wait for their answers.
#[derive(Clone, Debug)]
pub(crate) struct Inbox {
    /// Unguessable, so that nobody answers who was not asked.
    prefix: Arc<str>,
    waiting: Arc<Mutex<HashMap<u64, oneshot::Sender<Message>>>>,
    next: Arc<AtomicU64>,
}

/// A question that waits for its answer; it is forgotten when this is dropped.
#[derive(Debug)]
pub(crate) struct Expected {
    inbox: Inbox,
    number: u64,
    answer: oneshot::Receiver<Message>,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self {
            prefix: format!("{INBOX}.{}", random::hex_token::<12>()).into(),
            waiting: Arc::default(),
            next: Arc::default(),
        }
    }

    /// Returns the subject on which all answers arrive.
    pub(crate) fn subject(&self) -> String {
        format!("{}.*", self.prefix)
    }

    /// Begins to wait for an answer.
    pub(crate) fn expect(&self) -> Expected {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().insert(number, sender);
        Expected {
            inbox: self.clone(),
            number,
            answer,
        }
    }

    /// Hands a message to whoever waits for it.
    pub(crate) fn deliver(&self, message: Message) {
        let number = message
            .subject
            .strip_prefix(self.prefix.as_ref())
            .and_then(|rest| rest.strip_prefix('.'))
            .and_then(|number| number.parse().ok());
        let Some(number) = number else { return };
        let waiting = self.waiting.lock().remove(&number);
        if let Some(waiting) = waiting {
            // It may have given up just now.
            let _ = waiting.send(message);
        }
    }
}

impl Expected {
    /// Returns the subject of the answer.
    pub(crate) fn subject(&self) -> String {
        format!("{}.{}", self.inbox.prefix, self.number)
    }

    /// Waits for the answer.
    pub(crate) async fn answer(&mut self) -> Option<Message> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.inbox.waiting.lock().remove(&self.number);
    }
}

/// Returns whether an answer may be sent to a subject: only to inboxes, or whoever may ask this daemon
/// could make it publish anything that it may, to JetStream itself and to other daemons.
pub(crate) fn is_inbox(subject: &str) -> bool {
    let first = subject.split('.').next().unwrap_or_default();
    first.starts_with(INBOX) && subject.len() > first.len() && async_nats_accepts(subject)
}

/// Returns whether a subject can be published to.
fn async_nats_accepts(subject: &str) -> bool {
    subject.len() <= MAX_SUBJECT
        && subject
            .split('.')
            .all(|token| !token.is_empty() && token != "*" && token != ">")
        && subject.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The first token of the inboxes of all clients, unless they are told another one.
const INBOX: &str = "_INBOX";

/// Longer than any inbox of a client library, in bytes.
const MAX_SUBJECT: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_go_to_inboxes_only() {
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
    async fn forgotten_questions_leave_nothing_behind() {
        let inbox = Inbox::new();
        for _ in 0..100 {
            drop(inbox.expect());
        }
        assert!(inbox.waiting.lock().is_empty());
    }
}
