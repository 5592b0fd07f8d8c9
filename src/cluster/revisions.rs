//! Revisions of the keys of a bucket or queue, changed by compare-and-set.
//!
//! A key is a subject of a stream, and its revision the sequence of the last message of that subject.

use std::fmt;
use std::time::SystemTime;

use async_nats::header::{HeaderMap, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_ID};
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use bytes::Bytes;

use crate::error::Reason;
use crate::headers;
use crate::session::{Failure, Session};

/// The last revision of a key.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    pub(crate) sequence: u64,
    pub(crate) at: SystemTime,
    pub(crate) headers: HeaderMap,
    /// `None` if the key was deleted.
    pub(crate) value: Option<Bytes>,
}

impl Revision {
    /// Returns whether it was stored by the change with this id.
    pub(crate) fn is_of_change(&self, id: &str) -> bool {
        headers::text(Some(&self.headers), headers::CHANGE) == Some(id)
    }
}

/// The owner of a key after an attempt to acquire it.
#[derive(Clone, Debug)]
pub(crate) enum Owner {
    /// This daemon, with the revision of this sequence.
    This(u64),
    /// Another daemon.
    Other(Revision),
}

/// Reads the last revision of a subject.
pub(crate) async fn last(
    session: &Session,
    stream: &str,
    subject: &str,
) -> Result<Option<Revision>, Failure> {
    let reading = async {
        let stream = session.jetstream.get_stream_no_info(stream).await;
        let stream = stream.map_err(Reason::new)?;
        match stream.get_last_raw_message_by_subject(subject).await {
            Ok(message) => Ok(Some(Revision {
                sequence: message.sequence,
                at: SystemTime::from(message.time),
                value: value_of(&message.headers, message.payload),
                headers: message.headers,
            })),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(Reason::new(error)),
        }
    };
    let read = session.within(session.reply_timeout, reading).await;
    read.map_err(|reason| unanswered(format!("cannot read {subject}: {reason}")))
}

/// Stores a new revision of a subject if `expected` is the last one; 0 means none.
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
        headers.insert(NATS_MESSAGE_ID, message_id(subject, expected));
    }
    let stored = session.store(subject.to_owned(), headers, value).await?;
    if stored.is_duplicate {
        return Err(Failure::Refused {
            code: WRONG_LAST_SEQUENCE,
            reason: Reason::new("changed at the same time"),
        });
    }
    Ok(stored.sequence)
}

/// Returns a message id that is the same for all changes of a revision.
pub(crate) fn message_id(subject: &str, expected: u64) -> String {
    format!("{subject}@{expected}")
}

/// Deletes a subject if `expected` is its last revision; consumers receive the deletion.
pub(crate) async fn delete(
    session: &Session,
    subject: &str,
    expected: u64,
) -> Result<u64, Failure> {
    put(session, subject, expected, deletion(), Bytes::new()).await
}

/// Returns the headers of a deletion.
pub(crate) fn deletion() -> HeaderMap {
    let mut map = HeaderMap::new();
    map.insert(headers::OPERATION, headers::DELETED);
    map
}

/// Returns the value of a revision, or `None` if it is a deletion.
pub(crate) fn value_of(headers: &HeaderMap, body: Bytes) -> Option<Bytes> {
    headers.get(headers::OPERATION).is_none().then_some(body)
}

/// Acquires or renews a key: if it is free, if this daemon has it already, or if `may_replace` permits it.
///
/// `expected` is the presumed last revision.
pub(crate) async fn acquire(
    session: &Session,
    stream: &str,
    subject: &str,
    expected: Option<u64>,
    value: &Bytes,
    may_replace: impl Fn(&Bytes) -> bool,
) -> Result<Owner, Failure> {
    let mut expected = expected.unwrap_or(0);
    for _ in 0..MAX_CONFLICTS {
        match put(session, subject, expected, HeaderMap::new(), value.clone()).await {
            Ok(sequence) => return Ok(Owner::This(sequence)),
            Err(Failure::Refused {
                code: WRONG_LAST_SEQUENCE,
                ..
            }) => {}
            Err(failure) => return Err(failure),
        }
        match last(session, stream, subject).await? {
            None => expected = 0,
            Some(revision) if revision.value.as_ref().is_none_or(&may_replace) => {
                expected = revision.sequence;
            }
            Some(revision) => return Ok(Owner::Other(revision)),
        }
    }
    Err(unanswered(format!("{subject} changes all the time")))
}

fn unanswered(reason: impl fmt::Display) -> Failure {
    Failure::Unanswered(Reason::new(reason))
}

/// JetStream's error code for an expected sequence that is not the last one.
pub(crate) const WRONG_LAST_SEQUENCE: u64 = 10071;

/// Maximum number of conflicts while acquiring a key.
const MAX_CONFLICTS: usize = 4;
