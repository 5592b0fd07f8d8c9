//! The files of the page, which are part of the program.
//!
//! `htmx.min.js` is htmx.org 2.0.11 and `sse.min.js` is htmx-ext-sse 2.2.4, as published; both are
//! under the Zero-Clause BSD licence, which asks for nothing.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// Answers `/static/NAME`.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let found = FILES.iter().find(|(known, _, _)| *known == name);
    match found {
        Some((_, kind, text)) => {
            let headers = [(CONTENT_TYPE, *kind), (CACHE_CONTROL, "max-age=300")];
            (headers, *text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

const FILES: [(&str, &str, &str); 3] = [
    ("htmx.js", "text/javascript", include_str!("htmx.min.js")),
    ("page.css", "text/css", include_str!("page.css")),
    ("sse.js", "text/javascript", include_str!("sse.min.js")),
];
