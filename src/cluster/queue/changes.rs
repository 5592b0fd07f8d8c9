//! Changing the queue: each change names the version that it is based on, and is repeated until it is known
//! what came of it.

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
    let mut map = HeaderMap::new();
    // The subject has key and id, and nothing else has the same.
    map.insert(NATS_MESSAGE_ID, subject.as_str());
    match change(shared, &subject, 0, map, value).await {
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
        Ok(Changed::Conflict) => Err(ChangeError::Conflict),
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
    // A message that says so, because those who watch are not told of one that vanishes.
    let mut map = records::deleted();
    map.insert(headers::FIRST, position.first.to_string());
    match change(shared, &subject, position.last, map, Bytes::new()).await {
        Ok(Changed::Stored(sequence)) => {
            shared
                .sweeper
                .later(&shared.subjects.queue_stream(), sequence);
            Ok(())
        }
        Ok(Changed::Conflict) => Err(ChangeError::Conflict),
        Ok(Changed::Full) => Err(full()),
        Err(away) => Err(away.into()),
    }
}

/// What came of a change.
enum Changed {
    Stored(u64),
    Conflict,
    Full,
}

/// Stores a version of an entry after `expected`, and repeats that until the patience is over. A repetition
/// is never stored twice: by its id, or because the version before it is no longer the last one.
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
    let deadline = shared.patience();
    // Whether one attempt may have been stored.
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
            // With this id something was stored: by an earlier attempt, or by an earlier call.
            Ok(_)
            | Err(Failure::Refused {
                code: WRONG_LAST, ..
            }) if !is_open => {
                return Ok(Changed::Conflict);
            }
            Ok(_)
            | Err(Failure::Refused {
                code: WRONG_LAST, ..
            }) => match is_ours(shared, &session, subject, &mark).await {
                Ok(Some(sequence)) => return Ok(Changed::Stored(sequence)),
                Ok(None) => return Ok(Changed::Conflict),
                Err(failure) => failure,
            },
            Err(Failure::Refused {
                code: NOT_STORED,
                reason,
            }) if is_limit(&reason) => {
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

/// Returns the sequence of the last version if one of our attempts has stored it.
async fn is_ours(
    shared: &Shared,
    session: &Session,
    subject: &str,
    mark: &str,
) -> Result<Option<u64>, Failure> {
    let last = records::last(session, &shared.subjects.queue_stream(), subject).await?;
    Ok(last
        .filter(|last| headers::text(Some(&last.headers), headers::CHANGE) == Some(mark))
        .map(|last| last.sequence))
}

/// A change replaces a message, so it should always find room; if not, nothing was changed.
fn full() -> ChangeError {
    ChangeError::Away(Away::NotDone(Reason::new(
        "the queue of the cluster is full",
    )))
}

fn is_limit(reason: &Reason) -> bool {
    reason.as_str().contains("maximum")
}

/// The error of a message that a stream cannot store; its text says why.
const NOT_STORED: u64 = 10077;
