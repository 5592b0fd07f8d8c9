//! Bucket keys, changed by compare-and-set on their last version.

use std::time::SystemTime;

use async_nats::header::{HeaderMap, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_ID};
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use bytes::Bytes;

use crate::error::Reason;
use crate::headers;
use crate::session::{Failure, Session};

/// The last version of a key.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) sequence: u64,
    pub(crate) at: SystemTime,
    pub(crate) headers: HeaderMap,
    /// `None` if the key was deleted.
    pub(crate) value: Option<Bytes>,
}

/// The result of an attempt to take a key.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// This daemon has it, in that version.
    Ours(u64),
    /// Another daemon has it.
    Theirs(Record),
}

/// Reads the last version of a subject.
pub(crate) async fn last(
    session: &Session,
    stream: &str,
    subject: &str,
) -> Result<Option<Record>, Failure> {
    let unanswered = |error: &dyn std::fmt::Display| {
        Failure::Unanswered(Reason::new(format!("cannot read {subject}: {error}")))
    };
    let reading = async {
        let stream = session
            .jetstream
            .get_stream_no_info(stream)
            .await
            .map_err(|error| unanswered(&error))?;
        match stream.get_last_raw_message_by_subject(subject).await {
            Ok(message) => Ok(Some(Record {
                sequence: message.sequence,
                at: SystemTime::from(message.time),
                value: value_of(&message.headers, message.payload),
                headers: message.headers,
            })),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(unanswered(&error)),
        }
    };
    tokio::select! {
        read = tokio::time::timeout(session.patience, reading) => {
            read.unwrap_or_else(|_| Err(unanswered(&"no answer")))
        }
        () = session.ended.cancelled() => Err(unanswered(&"the connection to NATS was lost")),
    }
}

/// Stores a new version of a subject if `expected` is the last one; 0 means none.
pub(crate) async fn put(
    session: &Session,
    subject: &str,
    expected: u64,
    mut headers: HeaderMap,
    value: Bytes,
) -> Result<u64, Failure> {
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string());
    if expected > 0 {
        // With replicas, NATS 2.9 checks the sequence before the message is replicated, so two concurrent
        // changes could both pass; of one message id, only one does. The check that no message exists is
        // reliable.
        headers.insert(NATS_MESSAGE_ID, change_id(subject, expected));
    }
    let stored = session.store(subject.to_owned(), headers, value).await?;
    if stored.duplicate {
        return Err(Failure::Refused {
            code: WRONG_LAST,
            reason: Reason::new("changed at the same time"),
        });
    }
    Ok(stored.sequence)
}

/// Returns a message id that is the same for all changes of a version.
pub(crate) fn change_id(subject: &str, expected: u64) -> String {
    format!("{subject}@{expected}")
}

/// Deletes a subject if `expected` is its last version; watchers are notified.
pub(crate) async fn delete(
    session: &Session,
    subject: &str,
    expected: u64,
) -> Result<u64, Failure> {
    put(session, subject, expected, deleted(), Bytes::new()).await
}

/// Returns the headers of a deletion.
pub(crate) fn deleted() -> HeaderMap {
    let mut map = HeaderMap::new();
    map.insert(headers::OPERATION, headers::DELETED);
    map
}

/// Returns the value of a version, or `None` if it is a deletion.
pub(crate) fn value_of(headers: &HeaderMap, body: Bytes) -> Option<Bytes> {
    headers.get(headers::OPERATION).is_none().then_some(body)
}

/// Takes or renews a key: if it is free, if this daemon has it already, or if `may_take` permits it.
///
/// `expected` is the presumed last version.
pub(crate) async fn hold(
    session: &Session,
    stream: &str,
    subject: &str,
    expected: Option<u64>,
    value: &Bytes,
    may_take: impl Fn(&Bytes) -> bool,
) -> Result<Held, Failure> {
    let mut expected = expected.unwrap_or(0);
    for _ in 0..ATTEMPTS {
        match put(session, subject, expected, HeaderMap::new(), value.clone()).await {
            Ok(sequence) => return Ok(Held::Ours(sequence)),
            Err(Failure::Refused {
                code: WRONG_LAST, ..
            }) => {}
            Err(failure) => return Err(failure),
        }
        match last(session, stream, subject).await? {
            None => expected = 0,
            Some(record) if record.value.as_ref().is_none_or(&may_take) => {
                expected = record.sequence;
            }
            Some(record) => return Ok(Held::Theirs(record)),
        }
    }
    Err(Failure::Unanswered(Reason::new(format!(
        "{subject} changes all the time"
    ))))
}

/// The error code for a version that is not the last one.
pub(crate) const WRONG_LAST: u64 = 10071;

/// Maximum number of conflicts while taking a key.
const ATTEMPTS: usize = 4;
