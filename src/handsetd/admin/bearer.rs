//! Who may come in: whoever shows the token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, USER_AGENT, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::reply::Reply;
use crate::history::Requester;

/// Lets a request through if it shows the token, with who asks.
pub(super) async fn by_token(
    State(state): State<Arc<AppState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(shown) = bearer(request.headers()) else {
        return refused("a token is missing; send Authorization: Bearer TOKEN");
    };
    if !state.token.is(shown) {
        return refused("this is not the token");
    }
    let asker = asker(request.headers());
    request.extensions_mut().insert(asker);
    next.run(request).await
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

fn asker(headers: &HeaderMap) -> Requester {
    let agent = headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    if agent.is_some_and(|agent| agent.starts_with(COMMAND_LINE)) {
        return Requester::CommandLine;
    }
    Requester::Token {
        name: TOKEN.to_owned(),
    }
}

fn refused(why: &str) -> Response {
    let mut response = Reply::refused(StatusCode::UNAUTHORIZED, why).into_response();
    let bearer = HeaderValue::from_static("Bearer realm=\"handsetd\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, bearer);
    response
}

/// Payload the User-Agent of our own command line begins with.
pub(super) const COMMAND_LINE: &str = "handsetd-send/";

/// The name of the one token that there is, as the configuration calls it.
const TOKEN: &str = "admin.token";
