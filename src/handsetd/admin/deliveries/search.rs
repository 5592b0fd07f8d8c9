//! The query of a search for deliveries.

use std::time::SystemTime;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use handset_phones::verb::Verb;

use crate::admin::daemons::{Daemons, Wanted};
use crate::admin::query;
use crate::admin::reply::Reply;
use crate::history::{Position, Search, parse_time};
use crate::outcome::Status;

/// A search.
#[derive(Clone, Debug, Default)]
pub(in crate::admin) struct Query {
    pub(in crate::admin) search: Search,
    /// The daemons whose deliveries are wanted.
    pub(in crate::admin) wanted: Wanted,
    /// In a cluster, the place in the list after which the next part begins.
    pub(in crate::admin) before: Option<Position>,
    /// How many deliveries are wanted.
    pub(in crate::admin) limit: Option<usize>,
    pub(in crate::admin) format: Option<Format>,
}

/// The format of the reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::admin) enum Format {
    Csv,
    Json,
}

impl Query {
    /// Parses a query; empty values are ignored.
    pub(in crate::admin) fn parse(query: Option<&str>, daemons: &Daemons) -> Result<Self, Reply> {
        let mut parsed = Self::default();
        let search = &mut parsed.search;
        for (key, value) in query::parse(query, &query::keys(&KEYS, daemons), &[])? {
            if value.is_empty() {
                continue;
            }
            match key.as_str() {
                "asker" => search.requester = Some(value),
                "before" if daemons.own().is_some() => {
                    parsed.before = Some(parse_position(&value)?);
                }
                "before" => search.before = Some(parse_number(&value)?),
                "daemon" => parsed.wanted = daemons.wanted(&value).map_err(Reply::invalid)?,
                "format" => parsed.format = Some(Format::parse(&value)?),
                "id" => search.id = Some(value),
                "limit" => parsed.limit = Some(parse_limit(&value)?),
                "phone" => search.phone = Some(value),
                "since" => search.since = Some(parse_at(&key, &value)?),
                "status" => search.status = Some(parse_status(&value)?),
                "text" => search.text = Some(value),
                "until" => search.until = Some(parse_at(&key, &value)?),
                _ => {
                    if Verb::find(&value).is_none() {
                        return Err(Reply::invalid(format!("verb: unknown verb {value:?}")));
                    }
                    search.verb = Some(value);
                }
            }
        }
        Ok(parsed)
    }
}

impl Format {
    /// Returns the format that the client prefers: CSV if it is the first of its types.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
        let first = accept.unwrap_or_default().split([',', ';']).next();
        match first.map(str::trim) {
            Some(first) if first.eq_ignore_ascii_case("text/csv") => Self::Csv,
            _ => Self::Json,
        }
    }

    fn parse(text: &str) -> Result<Self, Reply> {
        match text {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            _ => Err(Reply::invalid(format!(
                "format: unknown format {text:?}; use csv or json"
            ))),
        }
    }
}

fn parse_at(key: &str, text: &str) -> Result<SystemTime, Reply> {
    let time = parse_time(text, SystemTime::now());
    time.map_err(|error| Reply::invalid(format!("{key}: {error}")))
}

fn parse_number(text: &str) -> Result<u64, Reply> {
    text.parse().map_err(|_| {
        Reply::invalid(format!(
            "before: invalid number {text:?}; use the number of a delivery"
        ))
    })
}

fn parse_position(text: &str) -> Result<Position, Reply> {
    text.parse().map_err(|()| {
        Reply::invalid(format!(
            "before: invalid position {text:?}; use the position of a delivery, since daemons number theirs \
             separately"
        ))
    })
}

fn parse_limit(text: &str) -> Result<usize, Reply> {
    text.parse()
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| {
            Reply::invalid(format!(
                "limit: invalid number {text:?}; use 1 to {MAX_LIMIT}"
            ))
        })
}

fn parse_status(text: &str) -> Result<Status, Reply> {
    Status::find(text).ok_or_else(|| {
        let words = Status::ALL.map(Status::word).join(", ");
        Reply::invalid(format!(
            "status: unknown status {text:?}; use one of {words}"
        ))
    })
}

/// The keys of the query.
pub(in crate::admin) const KEYS: [&str; 12] = [
    "asker", "before", "daemon", "format", "id", "limit", "phone", "since", "status", "text",
    "until", "verb",
];

/// How many deliveries a reply in JSON has, unless the query says so.
pub(in crate::admin) const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;
