//! Payload the page asks for: anything of the form, screenshots, and calling back.

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Value, context};

use super::{fields, render};
use crate::admin::{AppState, requests};
use crate::history::Requester;

/// Answers `/page/send`.
pub(super) async fn send(
    State(state): State<Arc<AppState>>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let (verb, pairs) = fields::read(form);
    let (answer, id) = requests::answer(&state, Requester::Page, &verb, pairs).await;
    let result = answer.result_line().unwrap_or_default();
    let (status, reason, phone) = (answer.status.word(), answer.reason, answer.phone);
    let sent = context! { status, reason, phone, id, result };
    let none = Vec::<Value>::new;
    let page = context! { wrong => "", kinds => none(), lost => none(), count => 0, sent };
    render::html("preview.html", page)
}

/// Answers `/page/phones/NAME/screenshot`: the picture, or why there is none.
pub(super) async fn screenshot(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
) -> Response {
    let pairs = vec![("phone".to_owned(), name.clone())];
    let (answer, _) = requests::answer(&state, Requester::Page, "screenshot", pairs).await;
    let png = answer
        .result
        .as_ref()
        .and_then(|result| result["png"].as_str());
    let is_base64 = |text: &&str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c))
    };
    let Some(png) = png.filter(is_base64) else {
        let why = render::escaped(&format!("{}: {}", answer.status, answer.reason));
        return Html(format!("<p class=\"none\">{why}</p>")).into_response();
    };
    let name = render::escaped(&name);
    let picture = format!(
        "<img class=\"shot\" src=\"data:image/png;base64,{png}\" alt=\"The display of {name}\">"
    );
    Html(picture).into_response()
}

/// Answers `DELETE /page/deliveries/ID`; the list tells what came of it.
pub(super) async fn cancel(State(state): State<Arc<AppState>>, Path(id): Path<String>) -> Response {
    let phones = state.parts.dispatcher.cancel(&id, &Requester::Page).await;
    let told = if phones.is_empty() {
        "too late: it is sent, or over"
    } else {
        "called back"
    };
    Html(told).into_response()
}
