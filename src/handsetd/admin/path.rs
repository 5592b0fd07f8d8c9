//! The names in the path of a request.

use axum::extract::{self, FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::reply::Reply;

/// Extracts what [`axum::extract::Path`] does, and refuses other paths as the API refuses everything else.
#[derive(Debug)]
pub(super) struct Path<T>(pub(super) T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Reply;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Reply> {
        if let Ok(extract::Path(names)) = extract::Path::from_request_parts(parts, state).await {
            return Ok(Self(names));
        }
        let Ok(OriginalUri(uri)) = OriginalUri::from_request_parts(parts, state).await;
        let reason = format!("{} is not UTF-8 with percent-encoding", uri.path());
        Err(Reply::invalid(reason))
    }
}
