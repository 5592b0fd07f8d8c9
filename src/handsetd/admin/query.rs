//! Query strings; unknown and repeated keys are refused by name.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::daemons::{Daemons, Wanted};
use super::reply::Reply;

/// Refuses a request with a query: its handler takes none, so that a key in it would be lost.
#[derive(Debug)]
pub(super) struct NoQuery;

impl<S: Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Reply> {
        parse(parts.uri.query(), &[], &[]).map(|_| Self)
    }
}

/// Parses a query. A key of `single` may occur once, one of `repeatable` any number of times.
pub(super) fn parse(
    query: Option<&str>,
    single: &[&str],
    repeatable: &[&str],
) -> Result<Vec<(String, String)>, Reply> {
    let known_keys = [single, repeatable].concat();
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned() {
        if !known_keys.contains(&key.as_str()) {
            let expected = match known_keys.as_slice() {
                [] => "none is allowed here".to_owned(),
                known => format!("use {}", known.join(", ")),
            };
            return Err(Reply::invalid(format!("unknown key {key:?}; {expected}")));
        }
        if single.contains(&key.as_str()) && pairs.iter().any(|(known, _)| *known == key) {
            return Err(Reply::invalid(format!("{key} is given twice")));
        }
        if pairs.len() >= MAX_PAIRS {
            return Err(Reply::invalid(format!(
                "the query has more than {MAX_PAIRS} keys"
            )));
        }
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// Parses a query whose only key, in a cluster, is `daemon`: the one that is asked.
pub(super) fn daemon(query: Option<&str>, daemons: &Daemons) -> Result<Wanted, Reply> {
    let keys: &[&str] = if daemons.own().is_some() {
        &[DAEMON]
    } else {
        &[]
    };
    wanted(&parse(query, keys, &[])?, daemons)
}

/// Returns the keys that a query may have: `daemon` in a cluster only.
pub(super) fn keys<'a>(all: &[&'a str], daemons: &Daemons) -> Vec<&'a str> {
    let is_cluster = daemons.own().is_some();
    let keys = all.iter().copied();
    keys.filter(|key| is_cluster || *key != DAEMON).collect()
}

/// Returns the daemons that the key `daemon` names; all without it.
pub(super) fn wanted(pairs: &[(String, String)], daemons: &Daemons) -> Result<Wanted, Reply> {
    let name = pairs.iter().find(|(key, _)| key == DAEMON);
    let name = name.map_or("", |(_, name)| name.as_str());
    daemons.wanted(name).map_err(Reply::invalid)
}

/// The key that narrows a reply to one daemon of a cluster.
pub(super) const DAEMON: &str = "daemon";

const MAX_PAIRS: usize = 100;
