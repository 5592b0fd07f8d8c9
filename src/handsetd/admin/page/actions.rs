//! What the page can do: send a request, take a screenshot, cancel a delivery.

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::response::Response;
use minijinja::context;

use super::{fields, render};
use crate::admin::requests;
use crate::admin::state::AppState;
use crate::history::Requester;

/// Handles `POST /page/send`.
pub(super) async fn send(
    State(state): State<Arc<AppState>>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let (verb, pairs) = fields::parse(form);
    let (report, id) = requests::deliver(&state, Requester::Page, &verb, pairs).await;
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
    Path(name): Path<String>,
) -> Response {
    let pairs = vec![("phone".to_owned(), name.clone())];
    let (report, _) = requests::deliver(&state, Requester::Page, "screenshot", pairs).await;
    let png = report
        .result
        .as_ref()
        .and_then(|result| result["png"].as_str());
    let (status, reason) = (report.status.word(), &report.reason);
    render::html("screenshot.html", context! { name, png, status, reason })
}

/// Handles `DELETE /page/deliveries/ID`; the list of deliveries shows the outcome.
pub(super) async fn cancel(State(state): State<Arc<AppState>>, Path(id): Path<String>) -> Response {
    let dispatcher = &state.services.dispatcher;
    let cancelled_phones = dispatcher.cancel(&id, &Requester::Page).await;
    let is_cancelled = !cancelled_phones.is_empty();
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
