//! What the buttons of the page do: send a request, take a screenshot, cancel a delivery, try the rules.

mod progress;

pub(super) use progress::serve as progress;

use std::sync::Arc;

use axum::extract::{Extension, Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use handset_phones::Given;
use handset_phones::phone::PhoneNames;
use handset_phones::verb::Verb;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::{fields, listing, render};
use crate::admin::accounts::Principal;
use crate::admin::daemons::TIMEOUT;
use crate::admin::deliveries;
use crate::admin::question::LocalQuestion;
use crate::admin::recent_events::{DryRun, DryRunReport};
use crate::admin::requests::{self, Answer};
use crate::admin::role::Role;
use crate::admin::state::AppState;
use crate::outcome::Status;

/// Handles `POST /page/send`.
///
/// A request to several phones that returns nothing is followed in the background, and its progress is
/// shown for each phone.
pub(super) async fn send(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let (verb, mut pairs) = fields::parse(form);
    if let Some(reason) = principal.refusal(Role::Send, "sending") {
        return (StatusCode::FORBIDDEN, reason).into_response();
    }
    let returns = Verb::find(&verb).is_some_and(|verb| verb.row().result.is_some());
    let waits = pairs.iter().all(|(key, _)| key != "wait");
    let is_followed = waits && !returns && names_several(&state, fields::value(&pairs, "phone"));
    if is_followed {
        pairs.push(("wait".to_owned(), "no".to_owned()));
    }
    let Answer { report, id, .. } = requests::answer(&state, &principal, &verb, pairs).await;
    if is_followed && report.status == Status::Queued {
        return progress::show(&state.services, &principal, &id).await;
    }
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

/// Returns whether `phone` names more than one phone.
fn names_several(state: &AppState, phone: &str) -> bool {
    let names = PhoneNames::parse(Given::written(phone));
    names.is_ok_and(|names| 1 < state.services.resolver.targets(&names, None).len())
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
    let path = listing::segment(&name);
    render::html(
        "screenshot.html",
        context! { name, path, png, status, reason },
    )
}

/// Handles `DELETE /page/deliveries/ID`; the list of deliveries shows the outcome.
pub(super) async fn cancel(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Response {
    let is_cancelled = match deliveries::cancelled(&state.services, &principal, &id).await {
        Ok(_) => true,
        Err(reply) if reply.code() == StatusCode::FORBIDDEN => return reply.into_response(),
        Err(_) => false,
    };
    render::html("cancelled.html", context! { is_cancelled })
}

/// Handles `POST /page/dry-run`: evaluates the rules, or the one called `rule`, for the event of that
/// number, and sends nothing. The rules are those of the daemon that has the event.
pub(super) async fn dry_run(
    State(state): State<Arc<AppState>>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let (rule, daemon) = (fields::value(&form, "rule"), fields::value(&form, "daemon"));
    let mut report = DryRunReport::default();
    if let Ok(number) = fields::value(&form, "number").parse() {
        let rule = rule.to_owned();
        let question = DryRun { number, rule };
        let found = question.at(daemon, TIMEOUT, &state.services).await;
        report = found.unwrap_or_default();
    }
    let values = context! {
        is_known => report.event.is_some(),
        event => report.event,
        rule,
        traces => Value::from(Serde(&report.traces)),
    };
    render::html("dry_run.html", values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screenshots_and_failures_are_escaped() {
        let none = Value::from(());
        let (name, path, reason) = ("<b>&desk", "desk", "no <display>");
        let failure = context! { name, path, png => none, status => "DENIED", reason };
        let failure = render::text("screenshot.html", failure).unwrap();
        assert!(failure.contains("DENIED: no &lt;display&gt;"), "{failure}");
        let png = context! { name, path, png => "\"><script>", status => "OK", reason => "" };
        let png = render::text("screenshot.html", png).unwrap();
        assert!(png.contains("Display of &lt;b&gt;&amp;desk"), "{png}");
        assert!(!png.contains("<script>"), "{png}");
    }
}
