//! The encoding of queries and of the parts of answers.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

/// The content of a request: a query, or a further part of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum QueryMessage {
    Query(Bytes),
    Part {
        /// The id of the answer.
        id: String,
        /// The index of the part; the first one has 0.
        number: usize,
    },
}

/// A part of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Part {
    /// The id by which further parts are requested.
    pub(super) id: String,
    /// The number of parts.
    pub(super) count: usize,
    pub(super) bytes: Bytes,
}

#[derive(Deserialize, Serialize)]
struct PartRequest {
    id: String,
    part: usize,
}

/// The header before the bytes of a part.
#[derive(Deserialize, Serialize)]
struct Header {
    id: String,
    parts: usize,
}

impl QueryMessage {
    pub(super) fn to_bytes(&self) -> Bytes {
        match self {
            Self::Query(query) => [QUERY_TAG, query].concat().into(),
            Self::Part { id, number } => {
                let request = PartRequest {
                    id: id.clone(),
                    part: *number,
                };
                let request = serde_json::to_vec(&request).unwrap_or_default();
                [PART_TAG, &request].concat().into()
            }
        }
    }

    /// Parses a body; `None` if it is neither.
    pub(super) fn parse(body: &Bytes) -> Option<Self> {
        if let Some(query) = body.strip_prefix(QUERY_TAG) {
            return Some(Self::Query(body.slice_ref(query)));
        }
        let request = body.strip_prefix(PART_TAG)?;
        let PartRequest { id, part } = serde_json::from_slice(request).ok()?;
        Some(Self::Part { id, number: part })
    }
}

impl Part {
    pub(super) fn to_bytes(&self) -> Bytes {
        let header = Header {
            id: self.id.clone(),
            parts: self.count,
        };
        let mut bytes = BytesMut::from(&*serde_json::to_vec(&header).unwrap_or_default());
        bytes.put_u8(b'\n');
        bytes.put_slice(&self.bytes);
        bytes.freeze()
    }

    /// Parses a reply; `None` if it is not a part, or belongs to an answer that is too long.
    pub(super) fn parse(reply: &Bytes) -> Option<Self> {
        let end = reply.iter().position(|byte| *byte == b'\n')?;
        let Header { id, parts } = serde_json::from_slice(reply.get(..end)?).ok()?;
        let bytes = reply.get(end.checked_add(1)?..)?;
        (1..=MAX_PARTS).contains(&parts).then(|| Self {
            id,
            count: parts,
            bytes: reply.slice_ref(bytes),
        })
    }
}

/// Returns the part of an answer with this index, counted from 0; `None` if it does not exist.
pub(super) fn part(answer: &Bytes, number: usize) -> Option<Bytes> {
    let start = number.checked_mul(PART_LENGTH)?;
    let end = start.checked_add(PART_LENGTH)?.min(answer.len());
    (start < end || number == 0).then(|| answer.slice(start.min(end)..end))
}

/// Returns the number of parts of an answer.
pub(super) fn count(answer: &Bytes) -> usize {
    answer.len().div_ceil(PART_LENGTH).max(1)
}

const QUERY_TAG: &[u8] = b"ask ";
const PART_TAG: &[u8] = b"part ";

/// Length of a part, in bytes: half of what a message may have.
pub(super) const PART_LENGTH: usize = 512 * 1024;

/// Maximum number of parts of an answer: 16 MiB together, twice what pages request.
const MAX_PARTS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_and_parts_are_read_as_they_were_written() {
        for message in [
            QueryMessage::Query(Bytes::from_static(b"{\"ask\": \"part\"}")),
            QueryMessage::Query(Bytes::new()),
            QueryMessage::Part {
                id: "a\"b".to_owned(),
                number: 3,
            },
        ] {
            assert_eq!(QueryMessage::parse(&message.to_bytes()), Some(message));
        }
        let part = Part {
            id: "a\nb".to_owned(),
            count: 2,
            bytes: Bytes::from_static(b"1\n2\n"),
        };
        assert_eq!(Part::parse(&part.to_bytes()), Some(part));
    }

    #[test]
    fn malformed_messages_are_rejected() {
        for body in [
            "",
            "ask",
            "part ",
            "part {}",
            "part {\"id\": 1, \"part\": 1}",
            "\u{0}",
        ] {
            assert_eq!(
                QueryMessage::parse(&Bytes::from_static(body.as_bytes())),
                None,
                "{body}"
            );
        }
        for reply in [
            "",
            "\n",
            "{}",
            "{}\n",
            "{\"id\": \"a\", \"parts\": 0}\n",
            "{\"id\": \"a\", \"parts\": 33}\n",
            "{\"id\": \"a\", \"parts\": -1}\n",
        ] {
            assert_eq!(
                Part::parse(&Bytes::from_static(reply.as_bytes())),
                None,
                "{reply}"
            );
        }
    }

    #[test]
    fn parts_make_the_whole() {
        for length in [0, 1, PART_LENGTH, PART_LENGTH + 1, 3 * PART_LENGTH] {
            let answer = Bytes::from(vec![7; length]);
            let parts = (0..count(&answer)).map(|number| part(&answer, number).unwrap());
            assert_eq!(parts.collect::<Vec<_>>().concat(), answer, "{length}");
            assert_eq!(part(&answer, count(&answer)), None);
            assert_eq!(part(&answer, usize::MAX), None);
        }
    }
}
