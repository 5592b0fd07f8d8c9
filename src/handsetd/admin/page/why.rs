//! `POST /page/phones/NAME/why`: which ways to a phone work, tried by the daemon that has it.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::{listing, render};
use crate::admin::accounts::Principal;
use crate::admin::fetch_test::{self, DAEMON_TIMEOUT};
use crate::admin::question::LocalQuestion;
use crate::admin::role::Role;
use crate::admin::state::AppState;
use crate::admin::ways::{Tried, TryWays};

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
    let services = &state.services;
    let daemon = fetch_test::daemon_of(services, &name).await;
    let question = TryWays { name: name.clone() };
    let tried = question.at(&daemon, DAEMON_TIMEOUT, services).await;
    let Tried { phones, reason } = tried.unwrap_or_else(|error| Tried {
        reason: format!("{daemon}: {error}."),
        ..Tried::default()
    });
    let path = listing::segment(&name);
    let phones = Value::from(Serde(&phones));
    render::html("why.html", context! { name, path, phones, reason })
}
