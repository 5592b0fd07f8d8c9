//! Changes the queue: each change names the version that it is based on, and is repeated until its result is
//! known.

use std::sync::Arc;

use async_nats::header::{HeaderMap, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_ID};
use bytes::Bytes;
use handset_net::random;

use super::entry::{MAX_ENTRY, Position};
use crate::error::{AppendError, Away, ChangeError, Reason};
use crate::headers;
use crate::records::{self, WRONG_LAST};
use crate::session::{Failure, Session};
use crate::shared::{RETRY, Shared};

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
    match change(shared, &subject, 0, HeaderMap::new(), value).await {
        Ok(Changed::Stored(sequence)) => Ok(Position {
            first: sequence,
            last: sequence,
        }),
        Ok(Changed::Conflict) => Err(AppendError::Exists),
        Ok(Changed::Full) => Err(AppendError::Full),
        Err(away) => Err(away.into()),
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
    let subject = shared.subjects.queue_entry(key, id);
    let mut map = HeaderMap::new();
    map.insert(headers::FIRST, position.first.to_string());
    match change(shared, &subject, position.last, map, value).await {
        Ok(Changed::Stored(last)) => Ok(Position { last, ..position }),
        Ok(Changed::Conflict) => Err(conflict(shared, key, id)),
        Ok(Changed::Full) => Err(full()),
        Err(away) => Err(away.into()),
    }
}

pub(super) async fn remove(
    shared: &Arc<Shared>,
    key: &str,
    id: &str,
    position: Position,
) -> Result<(), ChangeError> {
    let subject = shared.subjects.queue_entry(key, id);
    // A tombstone, because watchers are not notified of a message that is deleted.
    let mut map = records::deleted();
    map.insert(headers::FIRST, position.first.to_string());
    match change(shared, &subject, position.last, map, Bytes::new()).await {
        Ok(Changed::Stored(sequence)) => {
            shared
                .sweeper
                .later(&shared.subjects.queue_stream(), sequence);
            Ok(())
        }
        Ok(Changed::Conflict) => Err(conflict(shared, key, id)),
        Ok(Changed::Full) => Err(full()),
        Err(away) => Err(away.into()),
    }
}

/// The result of a change.
enum Changed {
    Stored(u64),
    Conflict,
    Full,
}

/// Stores a version of an entry that replaces `expected`, retrying until the time limit.
///
/// Two changes of the same version exclude each other by their message id: with replicas, NATS 2.9 checks the
/// expected sequence before the message is replicated, so two concurrent changes could both pass.
async fn change(
    shared: &Arc<Shared>,
    subject: &str,
    expected: u64,
    mut map: HeaderMap,
    value: Bytes,
) -> Result<Changed, Away> {
    let mark = random::hex_token::<8>();
    map.insert(headers::CHANGE, mark.as_str());
    map.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string());
    map.insert(NATS_MESSAGE_ID, records::change_id(subject, expected));
    let deadline = shared.patience();
    // Whether an attempt may have been stored.
    let mut is_open = false;
    let away = |is_open, reason| {
        Err(if is_open {
            Away::Unknown(reason)
        } else {
            Away::NotDone(reason)
        })
    };
    loop {
        let session = match shared.session_by(deadline).await {
            Ok(session) => session,
            Err(reason) => return away(is_open, reason),
        };
        let stored = session
            .store(subject.to_owned(), map.clone(), value.clone())
            .await;
        let failure = match stored {
            Ok(stored) if !stored.duplicate => return Ok(Changed::Stored(stored.sequence)),
            // Appended by an earlier attempt, and possibly changed since.
            Ok(stored) if is_open && expected == 0 && stored.sequence > 0 => {
                return Ok(Changed::Stored(stored.sequence));
            }
            Ok(stored) => match outcome(shared, &session, subject, expected, &mark).await {
                Ok(Some(changed)) => return Ok(changed),
                // Removed since, and its tombstone deleted.
                Ok(None) if stored.sequence > 0 => return Ok(Changed::Conflict),
                // NATS is storing a message of that id, or has failed to.
                Ok(None) => Failure::NotSent(Reason::new("another change is not yet stored")),
                Err(failure) => failure,
            },
            Err(Failure::Refused {
                code: WRONG_LAST, ..
            }) if !is_open => {
                return Ok(Changed::Conflict);
            }
            Err(Failure::Refused {
                code: WRONG_LAST, ..
            }) => match outcome(shared, &session, subject, expected, &mark).await {
                Ok(changed) => return Ok(changed.unwrap_or(Changed::Conflict)),
                Err(failure) => failure,
            },
            Err(Failure::Refused {
                code: NOT_STORED,
                reason,
            }) if is_limit(&reason) && !is_open => {
                return Ok(Changed::Full);
            }
            Err(failure) => {
                is_open |= matches!(failure, Failure::Unanswered(_));
                failure
            }
        };
        if tokio::time::Instant::now() + RETRY >= deadline {
            return away(is_open, Reason::new(failure.to_string()));
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Reads the result of doubtful attempts; `None` if nothing has changed.
async fn outcome(
    shared: &Shared,
    session: &Session,
    subject: &str,
    expected: u64,
    mark: &str,
) -> Result<Option<Changed>, Failure> {
    let last = records::last(session, &shared.subjects.queue_stream(), subject).await?;
    Ok(match last {
        Some(last) if headers::text(Some(&last.headers), headers::CHANGE) == Some(mark) => {
            Some(Changed::Stored(last.sequence))
        }
        Some(last) if last.sequence != expected => Some(Changed::Conflict),
        _ => None,
    })
}

/// Sends the current entry to the followers of the queue. A consumer reads from any replica, and one on a
/// server that was killed may differ from the leader, whose copy is authoritative.
fn conflict(shared: &Shared, key: &str, id: &str) -> ChangeError {
    // Without followers this is unnecessary.
    let _ = shared.doubts.send((key.to_owned(), id.to_owned()));
    ChangeError::Conflict
}

/// A change replaces a message, so there should always be room; if not, nothing was changed.
fn full() -> ChangeError {
    ChangeError::Away(Away::NotDone(Reason::new(
        "the queue of the cluster is full",
    )))
}

fn is_limit(reason: &Reason) -> bool {
    reason.as_str().contains("maximum")
}

/// The error code of a message that a stream cannot store; the description gives the reason.
const NOT_STORED: u64 = 10077;
