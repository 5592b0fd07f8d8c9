//! Changes the queue: each change names the revision that it is based on, and is repeated until its result is
//! known.

use std::sync::Arc;

use async_nats::header::{HeaderMap, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_ID};
use bytes::Bytes;
use handset_net::random;

use super::entry::{MAX_ENTRY, Position};
use crate::attempts::Attempts;
use crate::error::{AppendError, ChangeError, Reason, Unavailable};
use crate::headers;
use crate::revisions::{self, WRONG_LAST_SEQUENCE};
use crate::session::{Failure, Session};
use crate::shared::Shared;

pub(super) async fn append(
    shared: &Arc<Shared>,
    key: &str,
    id: &str,
    value: Bytes,
) -> Result<Position, AppendError> {
    let (length, max) = (value.len(), MAX_ENTRY);
    if length > max {
        return Err(AppendError::TooLong { length, max });
    }
    let subject = shared.subjects.queue_entry(key, id);
    match change(shared, &subject, 0, HeaderMap::new(), value).await? {
        ChangeResult::Stored(sequence) => Ok(Position {
            first: sequence,
            last: sequence,
        }),
        ChangeResult::Conflict => Err(AppendError::Exists),
        ChangeResult::Full => Err(AppendError::Full),
    }
}

pub(super) async fn replace(
    shared: &Arc<Shared>,
    key: &str,
    id: &str,
    position: Position,
    value: Bytes,
) -> Result<Position, ChangeError> {
    let (length, max) = (value.len(), MAX_ENTRY);
    if length > max {
        return Err(ChangeError::TooLong { length, max });
    }
    let last = change_existing(shared, (key, id), position, HeaderMap::new(), value).await?;
    Ok(Position { last, ..position })
}

pub(super) async fn remove(
    shared: &Arc<Shared>,
    key: &str,
    id: &str,
    position: Position,
) -> Result<(), ChangeError> {
    // A tombstone, because consumers are not notified of a message that is deleted.
    let map = revisions::deletion();
    let sequence = change_existing(shared, (key, id), position, map, Bytes::new()).await?;
    let stream = shared.subjects.queue_stream();
    shared.tombstones.delete_later(&stream, sequence);
    Ok(())
}

/// Stores a revision of an existing entry; returns its sequence.
async fn change_existing(
    shared: &Arc<Shared>,
    (key, id): (&str, &str),
    position: Position,
    mut map: HeaderMap,
    value: Bytes,
) -> Result<u64, ChangeError> {
    let subject = shared.subjects.queue_entry(key, id);
    map.insert(headers::FIRST, position.first.to_string());
    match change(shared, &subject, position.last, map, value).await? {
        ChangeResult::Stored(sequence) => Ok(sequence),
        ChangeResult::Conflict => {
            // Watchers receive the current entry: a consumer reads from any replica, and one on a server that
            // was killed may differ from the leader, whose copy is authoritative. Without watchers, sending
            // this fails.
            let _ = shared.conflicts.send((key.to_owned(), id.to_owned()));
            Err(ChangeError::Conflict)
        }
        // A change replaces a message, so there should always be room; if not, nothing was changed.
        ChangeResult::Full => Err(ChangeError::Unavailable(Unavailable::NotApplied(
            Reason::new("the queue of the cluster is full"),
        ))),
    }
}

/// The result of a change.
enum ChangeResult {
    Stored(u64),
    Conflict,
    Full,
}

/// Stores a revision of an entry that replaces `expected`, retrying until the time limit.
///
/// Two changes of the same revision exclude each other by their message id: with replicas, NATS 2.9 checks the
/// expected sequence before the message is replicated, so two concurrent changes could both pass.
async fn change(
    shared: &Arc<Shared>,
    subject: &str,
    expected: u64,
    mut map: HeaderMap,
    value: Bytes,
) -> Result<ChangeResult, Unavailable> {
    let change_id = random::hex_token::<8>();
    map.insert(headers::CHANGE, change_id.as_str());
    map.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string());
    map.insert(NATS_MESSAGE_ID, revisions::message_id(subject, expected));
    let mut attempts = Attempts::new(shared);
    loop {
        let session = attempts.session(shared).await?;
        let store = session.store(subject.to_owned(), map.clone(), value.clone());
        let result_of = || read_result(shared, &session, subject, expected, &change_id);
        let failure = match store.await {
            Ok(stored) if !stored.is_duplicate => return Ok(ChangeResult::Stored(stored.sequence)),
            // Appended by an earlier attempt, and possibly changed since.
            Ok(stored) if attempts.may_be_applied() && expected == 0 && stored.sequence > 0 => {
                return Ok(ChangeResult::Stored(stored.sequence));
            }
            Ok(stored) => match result_of().await {
                Ok(Some(result)) => return Ok(result),
                // Removed since, and its tombstone deleted.
                Ok(None) if stored.sequence > 0 => return Ok(ChangeResult::Conflict),
                // NATS is storing a message of that id, or has failed to.
                Ok(None) => Failure::NotSent(Reason::new("another change is not yet stored")),
                Err(failure) => failure,
            },
            Err(Failure::Refused {
                code: WRONG_LAST_SEQUENCE,
                ..
            }) if !attempts.may_be_applied() => return Ok(ChangeResult::Conflict),
            Err(Failure::Refused {
                code: WRONG_LAST_SEQUENCE,
                ..
            }) => match result_of().await {
                Ok(result) => return Ok(result.unwrap_or(ChangeResult::Conflict)),
                Err(failure) => failure,
            },
            Err(Failure::Refused {
                code: STORE_FAILED,
                reason,
            }) if is_limit(&reason) && !attempts.may_be_applied() => {
                return Ok(ChangeResult::Full);
            }
            Err(failure) => {
                attempts.record(&failure);
                failure
            }
        };
        attempts.pause(failure).await?;
    }
}

/// Reads the result of earlier attempts of a change; `None` if the entry has not changed.
async fn read_result(
    shared: &Shared,
    session: &Session,
    subject: &str,
    expected: u64,
    change_id: &str,
) -> Result<Option<ChangeResult>, Failure> {
    let last = revisions::last(session, &shared.subjects.queue_stream(), subject).await?;
    Ok(match last {
        Some(last) if last.is_of_change(change_id) => Some(ChangeResult::Stored(last.sequence)),
        Some(last) if last.sequence != expected => Some(ChangeResult::Conflict),
        _ => None,
    })
}

fn is_limit(reason: &Reason) -> bool {
    reason.as_str().contains("maximum")
}

/// JetStream's error code for a message that a stream cannot store; the description gives the reason.
const STORE_FAILED: u64 = 10077;
