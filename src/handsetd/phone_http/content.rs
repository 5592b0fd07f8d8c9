//! Pushed content: screens, pictures and tones, addressed by unguessable tokens.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, REFRESH};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use handset_phones::documents::StoredContent;

use crate::content_store::ContentStore;

/// Handles `GET /screen/TOKEN`.
pub(super) async fn screen(
    State(content_store): State<ContentStore>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    Path(token): Path<String>,
) -> Response {
    serve(&content_store, &token, &method, peer)
}

/// Handles `GET /media/TOKEN/NAME`; the name is for the phone and is ignored.
pub(super) async fn media(
    State(content_store): State<ContentStore>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    Path((token, _)): Path<(String, String)>,
) -> Response {
    serve(&content_store, &token, &method, peer)
}

fn serve(content_store: &ContentStore, token: &str, method: &Method, peer: SocketAddr) -> Response {
    // HEAD asks, and fetches nothing.
    let content = match *method {
        Method::GET => content_store.fetch(token, peer.ip()),
        _ => content_store.get(token),
    };
    match content {
        Some(content) => respond(content),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Returns the response that carries `content`.
pub(super) fn respond(content: StoredContent) -> Response {
    let media_type = HeaderValue::from_static(content.media_type);
    let mut response = ([(CONTENT_TYPE, media_type)], content.body).into_response();
    let headers = response.headers_mut();
    // Screens are transient; a phone that cached one would show stale content.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(refresh) = content.refresh.and_then(|refresh| refresh.try_into().ok()) {
        headers.insert(REFRESH, refresh);
    }
    response
}
