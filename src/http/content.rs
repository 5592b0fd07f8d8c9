//! What was pushed: screens, pictures and tones, under names that nobody can guess.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, REFRESH};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::shelf::Shelf;

/// Answers `/screen/TOKEN`.
pub(super) async fn screen(State(shelf): State<Shelf>, Path(token): Path<String>) -> Response {
    serve(&shelf, &token)
}

/// Answers `/media/TOKEN/NAME`; the name is for the phone and means nothing here.
pub(super) async fn media(
    State(shelf): State<Shelf>,
    Path((token, _)): Path<(String, String)>,
) -> Response {
    serve(&shelf, &token)
}

fn serve(shelf: &Shelf, token: &str) -> Response {
    let Some(content) = shelf.take_copy(token) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = HeaderValue::from_static(content.media_type);
    let mut response = ([(CONTENT_TYPE, kind)], content.body).into_response();
    let headers = response.headers_mut();
    // A screen is of the moment; a phone that keeps one shows yesterday's.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(refresh) = content.refresh.and_then(|refresh| refresh.try_into().ok()) {
        headers.insert(REFRESH, refresh);
    }
    response
}
