//! `POST /page/phones/NAME/why`: which ways to a phone work, as `handsetd phones --why` finds out, and whether it
//! fetches what handsetd serves.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use handset_phones::phone::Phone;
use minijinja::{Value, context};

use super::{listing, render};
use crate::admin::accounts::Principal;
use crate::admin::fetch_test;
use crate::admin::phones;
use crate::admin::role::Role;
use crate::admin::state::AppState;
use crate::outcome::{Outcome, Status};
use crate::uacsta::SessionStatus;

/// Tries all ways to the phone, and renders what was found.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
) -> Response {
    // The document of the fetch test may close what the phone shows.
    if let Some(reason) = principal.refusal(Role::Send, "the test") {
        return (StatusCode::FORBIDDEN, reason).into_response();
    }
    let (tested, reason) = match fetch_test::phones(&state, &name).await {
        Ok((phones, missing)) => (phones, missing.join("; ")),
        Err(reply) => (Vec::new(), reply.reason().to_owned()),
    };
    let (known, _) = phones::known_phones(&state).await;
    let sections = tested.iter().map(|phone| {
        let summary = known.iter().find(|summary| summary.name == phone.name);
        let session = summary.and_then(|summary| summary.csta.as_ref());
        section(&state, phone, session)
    });
    let phones: Vec<Value> = join_all(sections).await;
    let path = listing::segment(&name);
    render::html("why.html", context! { name, path, phones, reason })
}

async fn section(state: &AppState, phone: &Phone, session: Option<&SessionStatus>) -> Value {
    let courier = &state.services.courier;
    let probed = courier.probe_transports(phone, true, PATIENCE).await;
    let mut ways: Vec<Value> = probed
        .iter()
        .map(|probed| {
            let status = probed.outcome.status;
            way(
                probed.transport,
                probed.description,
                status,
                &probed.reason(),
            )
        })
        .collect();
    ways.extend(session.map(of_session));
    let test = courier.test_fetch(phone).await;
    let url = test.url.as_ref().map(ToString::to_string);
    let url = url.as_deref().unwrap_or("handsetd");
    let fetched =
        |what: String, outcome: &Outcome| way("fetch", &what, outcome.status, &outcome.reason);
    ways.push(fetched(
        format!("the phone from {url} ({})", test.shows),
        &test.fetched,
    ));
    ways.push(fetched(
        format!("this machine from {url}"),
        &test.own_request,
    ));
    let refused = test.refusals.map(|(ip, refusals)| {
        let last = listing::time(refusals.last);
        format!(
            "{ip} was refused {} times by http.allow, last at {last}; add its network there",
            refusals.count
        )
    });
    context! { address => phone.address.to_string(), ways, refused }
}

/// Returns the line of the CSTA session over SIP.
fn of_session(session: &SessionStatus) -> Value {
    let since = session.since.map(|since| format!("since {since:.0}"));
    let reason = match &session.last_refusal {
        Some(reason) if !session.session => reason.clone(),
        _ => since.unwrap_or_default(),
    };
    let status = if session.session {
        Status::Ok
    } else {
        Status::Unreachable
    };
    way("csta", "its session with handsetd", status, &reason)
}

fn way(transport: &str, tried: &str, status: Status, reason: &str) -> Value {
    context! { transport, tried, status => status.word(), reason }
}

/// How long Asterisk may take to tell what it could send.
const PATIENCE: Duration = Duration::from_secs(2);
