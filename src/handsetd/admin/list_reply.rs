//! A reply with a list that may be long: it is written as the client reads it.
//!
//! Clients that request the history often, or do not read it, so take the memory of a part of the reply
//! each, and no thread for longer than a part takes.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};

use super::daemons::{Daemons, Missing};
use super::reply::Reply;

/// Returns the reply `OK` whose result is the list of `items`, and which names the daemons that are missing.
pub(super) fn list_reply<I>(daemons: &Daemons, missing: &[Missing], items: I) -> Response
where
    I: Iterator<Item = Value> + Send + 'static,
{
    let reply = Reply::ok(json!([])).with_missing(daemons, missing);
    let envelope = format!("{}\n", reply.body);
    // The members are in alphabetical order, and none after `result` has brackets.
    let (head, tail) = envelope.rsplit_once("[]").unwrap_or((&envelope, ""));
    let mut is_first = true;
    let items = items.map(move |item| {
        let separator = if std::mem::replace(&mut is_first, false) {
            ""
        } else {
            ","
        };
        format!("{separator}{item}")
    });
    let headers = [(CONTENT_TYPE, "application/json")];
    (
        headers,
        long_body(format!("{head}["), items, format!("]{tail}")),
    )
        .into_response()
}

/// Returns the reply whose body is `head` and the lines, which end as their format requires.
pub(super) fn text_reply<I>(content_type: &'static str, head: String, lines: I) -> Response
where
    I: Iterator<Item = String> + Send + 'static,
{
    let headers = [(CONTENT_TYPE, content_type)];
    (headers, long_body(head, lines, String::new())).into_response()
}

/// Returns a body that is written as the client reads it.
fn long_body<I>(head: String, items: I, tail: String) -> impl IntoResponse
where
    I: Iterator<Item = String> + Send + 'static,
{
    let mut parts = Parts {
        head,
        items,
        tail: Some(tail),
    };
    let first = parts.next().unwrap_or_default();
    let body = if parts.tail.is_none() {
        // The length of a short one is sent.
        Body::from(first)
    } else {
        let parts = std::iter::once(first).chain(parts);
        Body::from_stream(stream::iter(parts.map(Ok::<Bytes, Infallible>)))
    };
    ([(CACHE_CONTROL, "no-store")], body)
}

/// The text of the reply, in parts of [`PART`] bytes and an item at most.
struct Parts<I> {
    /// What precedes the items; empty once it was returned.
    head: String,
    items: I,
    /// What follows the items; `None` once it was returned.
    tail: Option<String>,
}

impl<I: Iterator<Item = String>> Iterator for Parts<I> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        self.tail.as_ref()?;
        let mut part = std::mem::take(&mut self.head);
        while part.len() < PART {
            let Some(item) = self.items.next() else {
                part.push_str(&self.tail.take().unwrap_or_default());
                break;
            };
            part.push_str(&item);
        }
        Some(part.into())
    }
}

/// The length from which a part ends, in bytes: more than most replies have, and little for each of all
/// connections.
const PART: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::body::to_bytes;
    use futures_util::StreamExt;

    use super::*;

    fn items(count: usize) -> impl Iterator<Item = Value> + Send {
        (0..count).map(|number| json!({"id": number, "text": "x".repeat(1000)}))
    }

    #[tokio::test]
    async fn list_is_whole_however_long_it_is() {
        for count in [0, 1, 2, 63, 64, 65, 66, 1000] {
            let body = list_reply(&Daemons::default(), &[], items(count)).into_body();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let expected = format!("{}\n", Reply::ok(items(count).collect()).body);
            assert_eq!(body, expected, "{count}");
        }
    }

    #[tokio::test]
    async fn items_are_written_only_when_the_client_reads() {
        let written = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&written);
        let counted = items(1000).inspect(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let mut body = list_reply(&Daemons::default(), &[], counted)
            .into_body()
            .into_data_stream();
        body.next().await.unwrap().unwrap();
        assert!(written.load(Ordering::Relaxed) <= PART / 1000 + 1);
    }
}
