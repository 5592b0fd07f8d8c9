//! Authenticates API requests by a user's token.
//!
//! The header is parsed here: the `headers` crate, which axum-extra uses for that, depends on a second
//! version of digest and its dependencies.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, RETRY_AFTER, USER_AGENT, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use handset_net::http_server::PeerTrust;

use super::accounts::Principal;
use super::reply::Reply;
use super::state::AppState;
use super::wrong_tokens::{Rejection, WINDOW};
use crate::history::Requester;

/// Middleware that requires the token, and adds the [`Principal`] to the request.
pub(super) async fn require_token(
    State(state): State<Arc<AppState>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(token) = bearer_token(request.headers()) else {
        return unauthorized("missing token; send Authorization: Bearer TOKEN");
    };
    let check = || state.accounts.authenticate(token);
    let account = match state.wrong_tokens.attempt(peer.ip(), check).await {
        Ok(account) => account,
        Err(Rejection::Wrong) => return unauthorized("wrong token"),
        Err(Rejection::TooMany) => return too_many_wrong_tokens(),
    };
    if let Some(trust) = request.extensions().get::<PeerTrust>() {
        trust.grant();
    }
    let principal = Principal::new(account, |name| requester(request.headers(), name));
    request.extensions_mut().insert(principal);
    next.run(request).await
}

/// Returns the token of the `Authorization` header (RFC 6750, section 2.1).
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    // Not only ASCII: a token may have any characters.
    let value = str::from_utf8(headers.get(AUTHORIZATION)?.as_bytes()).ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

fn requester(headers: &HeaderMap, name: String) -> Requester {
    let is_command_line = headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .is_some_and(|agent| agent.starts_with(COMMAND_LINE));
    if is_command_line {
        Requester::CommandLine { name }
    } else {
        Requester::Token { name }
    }
}

fn unauthorized(reason: &str) -> Response {
    let challenge = HeaderValue::from_static("Bearer realm=\"handsetd\"");
    let reply = Reply::refused(StatusCode::UNAUTHORIZED, reason);
    ([(WWW_AUTHENTICATE, challenge)], reply).into_response()
}

fn too_many_wrong_tokens() -> Response {
    let reason = "wrong token, and too many before from this address; it has to wait";
    let reply = Reply::refused(StatusCode::TOO_MANY_REQUESTS, reason);
    ([(RETRY_AFTER, WINDOW.as_secs())], reply).into_response()
}

/// The start of the User-Agent of `handsetd send`.
const COMMAND_LINE: &str = "handsetd-send/";
