//! The static files of the page, which are part of the program.
//!
//! `htmx.min.js` is htmx.org 2.0.11 and `sse.min.js` is htmx-ext-sse 2.2.4, as published. Both are
//! under the Zero-Clause BSD licence, which requires no attribution.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// Handles `GET /static/NAME`.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(file, _, _)| *file == name) {
        Some((_, media_type, text)) => {
            let headers = [(CONTENT_TYPE, *media_type), (CACHE_CONTROL, "max-age=300")];
            (headers, *text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Name, media type and content of each file.
const FILES: [(&str, &str, &str); 6] = [
    ("htmx.js", "text/javascript", include_str!("htmx.min.js")),
    ("icon.svg", "image/svg+xml", include_str!("icon.svg")),
    ("page.css", "text/css", include_str!("page.css")),
    ("page.js", "text/javascript", include_str!("page.js")),
    (
        "recipients.js",
        "text/javascript",
        include_str!("recipients.js"),
    ),
    ("sse.js", "text/javascript", include_str!("sse.min.js")),
];
