//! `GET rules` and `GET rules/NAME`: the rules of all daemons, their counters and their last traces.

mod find;
mod list;
mod stream;
mod to_json;

pub(super) use find::{DescriptionRow, FindRule, merged};
pub(super) use list::ListRules;
pub(super) use stream::{feed, serve as stream};
pub(super) use to_json::{RuleRow, TraceRow};

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use serde_json::json;

use super::path::Path;
use super::query;
use super::question::LocalQuestion;
use super::reply::Reply;
use super::state::AppState;

/// Handles `GET rules`: for each daemon, in order of its configuration.
pub(super) async fn list(State(state): State<Arc<AppState>>, RawQuery(query): RawQuery) -> Reply {
    let services = &state.services;
    let wanted = match query::daemon(query.as_deref(), &services.daemons) {
        Ok(wanted) => wanted,
        Err(reply) => return reply,
    };
    let (rules, missing) = ListRules {}.of(&wanted, services).await.into_rows();
    let rules = rules.iter();
    let rules = rules.map(|(daemon, rule)| rule.to_json(daemon.as_deref()));
    Reply::ok(rules.collect()).with_missing(&services.daemons, &missing)
}

/// Handles `GET rules/NAME`; the traces are ordered oldest first.
pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Reply {
    let services = &state.services;
    let wanted = match query::daemon(query.as_deref(), &services.daemons) {
        Ok(wanted) => wanted,
        Err(reply) => return reply,
    };
    let merged = match merged(services, &wanted, name).await {
        Ok(merged) => merged,
        Err(reply) => return reply,
    };
    let mut object = merged.rule.to_json(merged.daemon.as_deref());
    object["traces"] = json!(merged.traces);
    Reply::ok(object).with_missing(&services.daemons, &merged.missing)
}
