//! Payload was delivered, and calling back what is not sent: `GET deliveries`, `DELETE deliveries/ID`.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Extension, Path, RawQuery, State};
use serde_json::Value;

use super::reply::Reply;
use super::{AppState, query};
use crate::history::{Requester, Search, parse_since};
use crate::outcome::Status;
use handset_phones::verb::Verb;

/// Answers `GET deliveries`.
pub(super) async fn list(State(state): State<Arc<AppState>>, RawQuery(given): RawQuery) -> Reply {
    let (search, limit) = match search(given.as_deref()) {
        Ok(search) => search,
        Err(reply) => return reply,
    };
    let found = state.parts.dispatcher.history().find(&search, limit);
    Reply::found(found.iter().map(|record| record.to_json()).collect())
}

/// Answers `DELETE deliveries/ID`.
pub(super) async fn cancel(
    State(state): State<Arc<AppState>>,
    Extension(asker): Extension<Requester>,
    Path(id): Path<String>,
) -> Reply {
    let dispatcher = &state.parts.dispatcher;
    let phones = dispatcher.cancel(&id, &asker).await;
    if !phones.is_empty() {
        let mut reply = Reply::found(Value::Null);
        let told = [("phone", phones.join("&")), ("id", id)];
        for (key, value) in told {
            if let Some(place) = reply.body.get_mut(key) {
                *place = Value::from(value);
            }
        }
        return reply;
    }
    let known = Search {
        id: Some(id.clone()),
        ..Search::default()
    };
    Reply::not_found(match dispatcher.history().find(&known, 1).first() {
        None => format!("no delivery {id:?} is known"),
        Some(record) if record.duration.is_none() => {
            format!("delivery {id} is being sent and can't be called back")
        }
        Some(record) => format!("delivery {id} is over: {}", record.status),
    })
}

/// Reads what is searched for; an empty value does not matter.
pub(super) fn search(given: Option<&str>) -> Result<(Search, usize), Reply> {
    let mut search = Search::default();
    let mut limit = LIMIT;
    for (key, value) in query::read(given, &KEYS, &[])? {
        if value.is_empty() {
            continue;
        }
        match key.as_str() {
            "asker" => search.requester = Some(value),
            "id" => search.id = Some(value),
            "limit" => {
                let read = value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=MAX_LIMIT).contains(limit));
                limit = read.ok_or_else(|| {
                    Reply::invalid(format!(
                        "limit: {value:?} is no number from 1 to {MAX_LIMIT}"
                    ))
                })?;
            }
            "phone" => search.phone = Some(value),
            "since" => {
                let since = parse_since(&value, SystemTime::now());
                search.since = Some(since.map_err(|why| Reply::invalid(format!("since: {why}")))?);
            }
            "status" => {
                search.status = Some(Status::find(&value).ok_or_else(|| {
                    let words = Status::ALL.map(Status::word).join(", ");
                    Reply::invalid(format!("status: {value:?} is none; they are {words}"))
                })?);
            }
            "text" => search.text = Some(value),
            _ => {
                let verb = Verb::find(&value);
                verb.ok_or_else(|| Reply::invalid(format!("verb: {value:?} is no verb")))?;
                search.verb = Some(value);
            }
        }
    }
    Ok((search, limit))
}

/// Payload can be searched for.
const KEYS: [&str; 8] = [
    "asker", "id", "limit", "phone", "since", "status", "text", "verb",
];

/// How many are told unless more or fewer are wanted.
const LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;
