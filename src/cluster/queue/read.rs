//! Reads the queue once.

use std::collections::BTreeMap;
use std::sync::Arc;

use tracing::debug;

use super::entry::{self, QueueEntry, QueueMessage};
use crate::attempts::Attempts;
use crate::error::{Reason, Unavailable};
use crate::ordered_consumer::{OrderedConsumer, StreamMessage};
use crate::revisions;
use crate::session::Session;
use crate::shared::Shared;

/// Reads all entries, or those of one key, in the order in which they were appended.
pub(super) async fn read_all(
    shared: &Arc<Shared>,
    key: Option<&str>,
) -> Result<Vec<QueueEntry>, Unavailable> {
    // Reading needs a consumer, and creating one needs the meta leader, whose election takes up to 9 s; it
    // may then place the consumer on a server that is gone.
    let deadline = shared.unavailable_deadline() + shared.config.timing.unavailable_timeout;
    let attempts = Attempts::until(deadline);
    loop {
        let session = attempts.session(shared).await?;
        match scan(shared, &session, key).await {
            Ok(entries) => return Ok(entries),
            Err(reason) => {
                debug!(%reason, "Reading the queue again.");
                attempts.pause(reason).await?;
            }
        }
    }
}

async fn scan(
    shared: &Shared,
    session: &Session,
    key: Option<&str>,
) -> Result<Vec<QueueEntry>, Reason> {
    let mut consumer = consume(shared, session, key).await?;
    let mut pending = consumer.existing;
    let mut entries = BTreeMap::new();
    while pending > 0 {
        let Some(message) = consumer.next().await? else {
            break;
        };
        // Not counted down: an entry that changes in the meantime is delivered again, after others.
        pending = message.pending;
        match entry::parse(&shared.subjects, message) {
            Some(QueueMessage::Entry(entry)) => {
                entries.insert((entry.key.clone(), entry.id.clone()), entry);
            }
            Some(QueueMessage::Removed { key, id }) => {
                entries.remove(&(key, id));
            }
            None => {}
        }
    }
    let mut entries: Vec<QueueEntry> = entries.into_values().collect();
    entries.sort_by_key(|entry| entry.position.first);
    Ok(entries)
}

/// Starts a consumer of all entries, or of those of one key.
pub(super) async fn consume(
    shared: &Shared,
    session: &Session,
    key: Option<&str>,
) -> Result<OrderedConsumer, Reason> {
    let filter = match key {
        Some(key) => shared.subjects.queue_entries_of(key),
        None => shared.subjects.queue_entries(),
    };
    OrderedConsumer::start(session, &shared.subjects.queue_stream(), filter).await
}

/// Reads one entry.
pub(super) async fn get(
    shared: &Arc<Shared>,
    key: &str,
    id: &str,
) -> Result<Option<QueueEntry>, Unavailable> {
    let attempts = Attempts::new(shared);
    loop {
        let session = attempts.session(shared).await?;
        match read_last(shared, &session, key, id).await {
            Ok(entry) => return Ok(entry),
            Err(reason) => attempts.pause(reason).await?,
        }
    }
}

/// Reads an entry from the leader of the stream; a consumer may be on another replica, which may differ.
pub(super) async fn read_last(
    shared: &Shared,
    session: &Session,
    key: &str,
    id: &str,
) -> Result<Option<QueueEntry>, Reason> {
    let subject = shared.subjects.queue_entry(key, id);
    let last = revisions::last(session, &shared.subjects.queue_stream(), &subject).await?;
    let message = last.map(|last| StreamMessage {
        subject,
        sequence: last.sequence,
        at: last.at,
        headers: last.headers,
        body: last.value.unwrap_or_default(),
        pending: 0,
    });
    Ok(
        match message.and_then(|message| entry::parse(&shared.subjects, message)) {
            Some(QueueMessage::Entry(entry)) => Some(entry),
            _ => None,
        },
    )
}
