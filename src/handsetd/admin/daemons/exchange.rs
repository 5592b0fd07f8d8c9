//! The encoding of queries and answers between daemons.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A query that every daemon can answer about itself.
pub(in crate::admin) trait Question:
    Serialize + DeserializeOwned + Clone + Send + Sync + 'static
{
    /// Its operation name.
    const NAME: &'static str;
    type Answer: Serialize + DeserializeOwned + Send + 'static;

    /// Drops the less relevant half of an answer that is too long; returns whether there was one.
    fn shorten(_answer: &mut Self::Answer) -> bool {
        false
    }
}

/// An encoded query.
#[derive(Deserialize, Serialize)]
pub(in crate::admin) struct Asked<Q> {
    pub(in crate::admin) ask: String,
    /// Maximum size of the answer, in bytes.
    pub(in crate::admin) max_bytes: usize,
    pub(in crate::admin) question: Q,
}

/// An encoded answer: exactly one of the two is set.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::admin) struct Answered<T> {
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) answer: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) error: Option<String>,
    /// Whether something was left out because of the size limit.
    #[serde(default)]
    pub(in crate::admin) is_cut: bool,
}

fn none<T>() -> Option<T> {
    None
}

/// Parses an answer; the second value is whether it is truncated.
pub(super) fn parse<T: DeserializeOwned>(answer: &Bytes) -> Result<(T, bool), String> {
    let answered: Answered<T> = serde_json::from_slice(answer)
        .map_err(|error| format!("its answer is not understood ({error})"))?;
    match answered {
        Answered {
            answer: Some(answer),
            is_cut,
            ..
        } => Ok((answer, is_cut)),
        Answered { error, .. } => Err(error.unwrap_or_else(|| "its answer is empty".to_owned())),
    }
}

/// Serializes an answer within the size limit.
pub(in crate::admin) fn write<Q: Question>(mut answer: Q::Answer, max_bytes: usize) -> Bytes {
    let max_bytes = max_bytes.min(MAX_ANSWER);
    let mut is_cut = false;
    loop {
        let answered = Answered {
            answer: Some(&answer),
            error: None,
            is_cut,
        };
        let Ok(written) = serde_json::to_vec(&answered) else {
            return refusal("it cannot write its answer");
        };
        if written.len() <= max_bytes {
            return written.into();
        }
        is_cut = true;
        if !Q::shorten(&mut answer) {
            let length = written.len();
            return refusal(&format!("its answer has {length} bytes, which is too long"));
        }
    }
}

/// Formats the reason for a missing answer, from the point of view of the querying daemon.
pub(in crate::admin) fn refusal(error: &str) -> Bytes {
    let answered = Answered::<()> {
        answer: None,
        error: Some(error.to_owned()),
        is_cut: false,
    };
    serde_json::to_vec(&answered).unwrap_or_default().into()
}

/// Parses the envelope of a query, without its content.
pub(in crate::admin) fn read(asked: &Bytes) -> Result<Asked<Value>, String> {
    serde_json::from_slice(asked)
        .map_err(|error| format!("it does not understand the question ({error})"))
}

/// Maximum size of the answer of one daemon, in bytes: enough for all of ten thousand phones.
pub(in crate::admin) const MAX_ANSWER: usize = 8 * 1024 * 1024;
