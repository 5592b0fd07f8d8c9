//! A session that is up: one SIP dialog with a phone.

mod closing;
mod exchange;
mod known;
mod opening;
mod place;
mod serving;
mod upkeep;
mod worker;

use std::sync::Arc;

use handset_net::tasks::Tasks;
use handset_phones::csta::{Message, SessionDialect};
use handset_sip::Dialog;
use handset_sip::wire::{Body, Value};
use parking_lot::Mutex;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard, oneshot};
use tokio_util::sync::CancellationToken;

use super::counters::Counters;

use known::Known;
pub(super) use worker::SessionWorker;

/// A session that is up.
#[derive(Debug)]
pub(super) struct Live {
    dialog: Dialog,
    /// Held while a request is in progress: phones are asked one thing at a time, since nothing in CSTA tells
    /// which request an answer in an INFO of its own belongs to.
    turn: Arc<Turn<()>>,
    /// Takes the answer to the request in progress, should it come in an INFO of its own.
    awaited: Mutex<Option<Awaited>>,
    /// What is known of the phone's calls.
    known: Mutex<Known>,
    /// The phone's id of the monitor, whose events it sends.
    monitor: Mutex<Option<String>>,
    over: CancellationToken,
    /// Why it is over.
    reason: Mutex<Option<String>>,
    counters: Arc<Counters>,
    tasks: Tasks,
}

/// The answer to a request, which may come in an INFO of its own.
#[derive(Debug)]
struct Awaited {
    request: Message,
    answer: oneshot::Sender<String>,
}

impl Live {
    fn new(
        dialog: Dialog,
        dialect: &SessionDialect,
        counters: Arc<Counters>,
        tasks: Tasks,
    ) -> Arc<Self> {
        Arc::new(Self {
            dialog,
            turn: Arc::default(),
            awaited: Mutex::new(None),
            known: Mutex::new(Known::new(dialect)),
            monitor: Mutex::new(None),
            over: CancellationToken::new(),
            reason: Mutex::new(None),
            counters,
            tasks,
        })
    }

    /// Waits for the turn to send a request. Cancel safe.
    pub(super) async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// Returns the phone's own names for its ends of calls.
    pub(super) fn ends(&self) -> Vec<(String, String)> {
        self.known.lock().calls.ends()
    }

    /// Declares the session over; the first reason counts.
    fn end(&self, reason: String) {
        self.reason.lock().get_or_insert(reason);
        self.over.cancel();
    }

    /// Waits until the session is over, and returns why. Cancel safe.
    async fn ended(&self) -> String {
        self.over.cancelled().await;
        self.reason.lock().clone().unwrap_or_default()
    }

    /// Returns why the session is over, if it is.
    pub(super) fn over(&self) -> Option<String> {
        self.reason.lock().clone()
    }
}

/// Returns a message as the body of a request.
fn body(message: &Message) -> Body {
    Body {
        content_type: Value::lossy(CSTA),
        disposition: Some(Value::lossy("signal;handling=required")),
        bytes: message.document().to_owned().into(),
    }
}

/// The type of CSTA documents.
const CSTA: &str = "application/csta+xml";
