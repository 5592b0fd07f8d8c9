//! What the page can do: send a request, take a screenshot, cancel a delivery.

use std::sync::Arc;

use axum::extract::{Extension, Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use minijinja::context;

use super::{fields, render};
use crate::admin::accounts::Principal;
use crate::admin::deliveries;
use crate::admin::requests::{self, Answer};
use crate::admin::role::Role;
use crate::admin::state::AppState;

/// Handles `POST /page/send`.
pub(super) async fn send(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let (verb, pairs) = fields::parse(form);
    if let Some(reason) = principal.refusal(Role::Send, "sending") {
        return (StatusCode::FORBIDDEN, reason).into_response();
    }
    let Answer { report, id, .. } = requests::answer(&state, &principal, &verb, pairs).await;
    let result = report.result_line().unwrap_or_default();
    let report = context! {
        status => report.status.word(),
        reason => report.reason,
        phone => report.phone,
        id,
        result,
    };
    render::html("report.html", context! { report })
}

/// Handles `POST /page/phones/NAME/screenshot`.
pub(super) async fn screenshot(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
) -> Response {
    let pairs = vec![("phone".to_owned(), name.clone())];
    let Answer { report, .. } = requests::answer(&state, &principal, "screenshot", pairs).await;
    let png = report
        .result
        .as_ref()
        .and_then(|result| result["png"].as_str());
    let (status, reason) = (report.status.word(), &report.reason);
    render::html("screenshot.html", context! { name, png, status, reason })
}

/// Handles `DELETE /page/deliveries/ID`; the list of deliveries shows the outcome.
pub(super) async fn cancel(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Response {
    let is_cancelled = match deliveries::cancelled(&state, &principal, &id).await {
        Ok(_) => true,
        Err(reply) if reply.code() == StatusCode::FORBIDDEN => return reply.into_response(),
        Err(_) => false,
    };
    render::html("cancelled.html", context! { is_cancelled })
}

#[cfg(test)]
mod tests {
    use minijinja::Value;

    use super::*;

    #[test]
    fn screenshots_and_failures_are_escaped() {
        let none = Value::from(());
        let (name, reason) = ("<b>&desk", "no <display>");
        let failure = context! { name, png => none, status => "DENIED", reason };
        let failure = render::text("screenshot.html", failure).unwrap();
        assert!(failure.contains("DENIED: no &lt;display&gt;"), "{failure}");
        let png = context! { name, png => "\"><script>", status => "OK", reason => "" };
        let png = render::text("screenshot.html", png).unwrap();
        assert!(png.contains("Display of &lt;b&gt;&amp;desk"), "{png}");
        assert!(!png.contains("<script>"), "{png}");
    }
}
