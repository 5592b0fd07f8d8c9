//! `POST /page/phones/NAME/fetch-test`: whether a phone fetches what handsetd serves.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::{listing, render};
use crate::admin::accounts::Principal;
use crate::admin::fetch_test;
use crate::admin::role::Role;
use crate::admin::state::AppState;

/// Tests a phone as the API does, and renders what was found.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
) -> Response {
    // The document of the test may close what the phone shows.
    if let Some(reason) = principal.refusal(Role::Send, "fetch-test") {
        return (StatusCode::FORBIDDEN, reason).into_response();
    }
    let (results, reason) = match fetch_test::results(&state, &name).await {
        Ok((results, missing)) => (results, missing.join("; ")),
        Err(reply) => (Vec::new(), reply.reason().to_owned()),
    };
    let path = listing::segment(&name);
    let results = Value::from(Serde(results));
    render::html("fetch_test.html", context! { name, path, results, reason })
}
