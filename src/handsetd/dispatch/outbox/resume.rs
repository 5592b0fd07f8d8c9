//! Resumes the deliveries that were stored when the daemon ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use handset_phones::verb::Request;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::{info, info_span};

use super::pending_delivery::PendingDelivery;
use super::worker::OutboxWorker;
use crate::fleet::{CarriedFile, CarriedFiles, FileStore, Routes};
use crate::history::{RequestInfo, Requester};
use crate::outbox::{Change, EntryState, StoredEntry};
use crate::outcome::{DeliveryId, Outcome, Status};

impl OutboxWorker {
    /// Resumes the deliveries that were stored when the daemon ended.
    pub(in crate::dispatch) fn resume(&self, entries: Vec<StoredEntry>) {
        if entries.is_empty() {
            return;
        }
        let count = entries.len();
        self.are_unrecorded.send_replace(true);
        for entry in entries {
            self.resume_one(entry, None);
        }
        let worker = self.clone();
        self.services.tasks.spawn("outbox resume", async move {
            worker.services.history.flush().await;
            worker.are_unrecorded.send_replace(false);
        });
        info!(count, "Resumed stored deliveries.");
    }

    /// Follows changes of the store until it ends.
    pub(in crate::dispatch) async fn follow(self, mut changes: mpsc::Receiver<Change>) {
        while let Some(change) = changes.recv().await {
            match change {
                Change::Adopted(entry, result) => self.resume_one(entry, result),
                Change::Entries(phone_key) => self.refresh(phone_key.as_deref()),
                Change::Read(deliveries) => {
                    let history = &self.services.history;
                    history.loaded().await;
                    history.settle(|id, phone| {
                        deliveries.contains(&(id.to_owned(), phone.to_owned()))
                    });
                }
            }
        }
    }

    /// Returns the files that came with a delivery.
    fn carried(&self, files: Option<BTreeMap<String, CarriedFile>>) -> CarriedFiles {
        match (files, &self.services.routes) {
            (Some(files), Some(routes)) => {
                let store = Arc::new(FilesOfRoutes(Arc::clone(routes)));
                CarriedFiles::received(files, store)
            }
            _ => CarriedFiles::default(),
        }
    }

    fn resume_one(&self, stored: StoredEntry, result: Option<oneshot::Sender<Outcome>>) {
        let StoredEntry {
            number,
            state,
            entry,
        } = stored;
        let services = &self.services;
        let requester = serde_json::from_str(&entry.requester).unwrap_or(UNKNOWN_REQUESTER);
        let id = DeliveryId::given(entry.id);
        let info = RequestInfo::stored(id, requester, entry.verb, entry.keys);
        // What is stored was accepted; it is delivered even if the memory for requests is full.
        let info = services.hold(&info).unwrap_or(info);
        let pairs = info.keys.iter().map(|(key, value)| (key, value));
        let request = Request::parse(&info.verb, pairs).map_err(|refusal| refusal.to_string());
        let phone_ref = serde_json::from_str(&entry.phone_ref).map_err(|error| error.to_string());
        let record = services
            .history
            .begin_at(entry.at, &info, &entry.phone, None);
        let outcome = |status, reason: String| Outcome::at(&entry.phone, None, status, reason);
        let outcome = match (request, phone_ref) {
            _ if state != EntryState::Pending => {
                let reason = match state {
                    EntryState::Moving => MOVING,
                    EntryState::Uncertain => DAMAGED,
                    _ => "handsetd ended while sending this; it may have happened",
                };
                outcome(Status::Unknown, reason.to_owned())
            }
            (Err(why), _) | (_, Err(why)) => {
                let reason = format!("this version of handsetd cannot read the delivery: {why}");
                outcome(Status::Invalid, reason)
            }
            (Ok(request), Ok(phone_ref)) => {
                let phone_ref = services.resolver.with_server(phone_ref);
                let commit_point = self.commit_point(number);
                let in_flight = &services.in_flight;
                let guard = in_flight.enter(&info.id, &entry.phone, &commit_point);
                let now = Instant::now();
                // Never longer than requested, even if the clock was set back.
                let age = self.now().duration_since(entry.at);
                let rest = entry.keep.saturating_sub(age.unwrap_or_default());
                self.enqueue(PendingDelivery {
                    number,
                    order: self.order(number),
                    id: info.id,
                    requester: info.requester,
                    request: Arc::new(request),
                    phone: entry.phone,
                    vendor: None,
                    phone_ref,
                    accepted_at: now,
                    expires_at: now + rest,
                    record,
                    guard,
                    commit_point,
                    files: self.carried(entry.files),
                    pace: self.pace_of_adopted(),
                    result,
                    unreachable_because: String::new(),
                });
                return;
            }
        };
        let span = info_span!(parent: None, "delivery", id = %info.id);
        span.in_scope(|| services.finish(record, &info.verb, &outcome, Duration::ZERO));
        let _ = result.map(|result| result.send(outcome));
        self.delete_later(number);
    }
}

/// The files of the other daemons.
#[derive(Debug)]
struct FilesOfRoutes(Arc<dyn Routes>);

impl FileStore for FilesOfRoutes {
    fn put(&self, content: Bytes) -> BoxFuture<'_, Result<String, String>> {
        self.0.files().put(content)
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Bytes, String>> {
        self.0.files().get(id)
    }
}

/// Reason for a delivery whose state is unknown.
const DAMAGED: &str = "the outbox was damaged; this may have been sent before";

/// Reason for a delivery that was being moved to a cluster which is not configured any more.
const MOVING: &str = "handsetd ended while moving this to the outbox of the cluster; another daemon may have sent it";

/// The requester, if this version cannot read it.
const UNKNOWN_REQUESTER: Requester = Requester::UserEvent {
    channel: String::new(),
    extension: String::new(),
};
