//! `GET phones` and `GET phones/NAME`: the phones of all daemons.

mod find;
mod list;
mod row;
mod shown;

pub(super) use find::{FindPhone, locate};
pub(super) use list::{ListPhones, Summary, merged};
pub(super) use row::{PhoneRow, known_phones};
pub(super) use shown::Shown;

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use serde_json::json;

use super::path::Path;
use super::query;
use super::reply::Reply;
use super::state::AppState;

/// Handles `GET phones`.
pub(super) async fn list(State(state): State<Arc<AppState>>, RawQuery(query): RawQuery) -> Reply {
    let services = &state.services;
    let wanted = match query::daemon(query.as_deref(), &services.daemons) {
        Ok(wanted) => wanted,
        Err(reply) => return reply,
    };
    let question = ListPhones::default();
    let merged = merged(services, &wanted, question).await;
    let rows = merged.rows.iter();
    let result = rows.map(|(daemon, row)| row.to_json(daemon.as_deref()));
    Reply::ok(result.collect())
        .with("reason", merged.errors.join("; "))
        .with_missing(&services.daemons, &merged.missing)
}

/// Handles `GET phones/NAME`; of a phone with several contacts, the first is returned.
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
    let question = FindPhone {
        name,
        is_exact: false,
    };
    match locate(services, &wanted, question).await {
        Ok((daemon, rows)) => {
            let row = rows.first();
            let phone = row.map(|row| row.to_json(daemon.as_deref()));
            let text = |of: fn(&PhoneRow) -> &String| row.map(of).cloned().unwrap_or_default();
            Reply::ok(json!(phone))
                .with("phone", text(|row| &row.phone.name))
                .with("vendor", text(|row| &row.phone.vendor))
        }
        Err(reply) => *reply,
    }
}
