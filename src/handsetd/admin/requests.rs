//! Requests to phones: `POST do/VERB`, `POST phones/NAME/VERB`, `GET phones/NAME/screenshot`.

mod deliver;
mod of_peer;

pub(super) use of_peer::MakeRequest;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use handset_phones::verb::{Request, UnknownVerb, Verb};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use deliver::MAX_WAIT;
pub(super) use deliver::deliver;

use super::accounts::Principal;
use super::body;
use super::daemons::OfDaemon;
use super::idempotency::{Admission, Fingerprint};
use super::path::Path;
use super::query::NoQuery;
use super::reply::Reply;
use super::role::Role;
use super::state::{AppState, Services};
use crate::history::RequestInfo;
use crate::outcome::{DeliveryId, Report, Status};

/// Handles `POST do/VERB`.
pub(super) async fn post_verb(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(verb): Path<String>,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Reply {
    idempotent(state, principal, verb, None, &headers, body).await
}

/// Handles `POST phones/NAME/VERB`.
pub(super) async fn post_phone_verb(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path((name, verb)): Path<(String, String)>,
    _: NoQuery,
    headers: HeaderMap,
    body: Body,
) -> Reply {
    idempotent(state, principal, verb, Some(name), &headers, body).await
}

/// Handles `GET phones/NAME/screenshot`, which returns the image itself.
pub(super) async fn get_screenshot(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path((name, verb)): Path<(String, String)>,
    _: NoQuery,
) -> Response {
    if verb != "screenshot" {
        let reason = format!("{verb} requires POST");
        let reply = Reply::refused(StatusCode::METHOD_NOT_ALLOWED, reason);
        return ([(ALLOW, "POST")], reply).into_response();
    }
    let reply = execute(&state, &principal, &verb, vec![("phone".to_owned(), name)]).await;
    match image(&reply.body) {
        Some(png) => ([(CONTENT_TYPE, "image/png")], png).into_response(),
        None => reply.into_response(),
    }
}

/// Decodes the image in the result of a screenshot.
fn image(body: &Value) -> Option<Vec<u8>> {
    let base64 = body.pointer("/result/png")?.as_str()?;
    STANDARD.decode(base64).ok()
}

/// Executes a request; one that repeats an `Idempotency-Key` gets the reply of the first.
async fn idempotent(
    state: Arc<AppState>,
    principal: Principal,
    verb: String,
    phone: Option<String>,
    headers: &HeaderMap,
    body: Body,
) -> Reply {
    if let Err(reply) = principal.require(Role::Send, "POST") {
        return reply;
    }
    let key = match idempotency_key(headers, &principal) {
        Ok(key) => key,
        Err(reply) => return reply,
    };
    let body = match body::read(headers, body).await {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    let Some(key) = key else {
        return execute_body(&state, &principal, &verb, phone, &body).await;
    };
    let fingerprint = Fingerprint::of(&verb, phone.as_deref(), &body);
    let execute_state = Arc::clone(&state);
    let execute =
        async move { execute_body(&execute_state, &principal, &verb, phone, &body).await };
    once(&state, &key, fingerprint, execute).await
}

/// Returns the `Idempotency-Key` of a request, which users do not share.
pub(super) fn idempotency_key(
    headers: &HeaderMap,
    principal: &Principal,
) -> Result<Option<String>, Reply> {
    match headers.get("Idempotency-Key").map(|key| key.to_str()) {
        None => Ok(None),
        // Names contain no line break.
        Some(Ok(key)) if (1..=MAX_KEY).contains(&key.len()) => {
            Ok(Some(format!("{}\n{key}", principal.name())))
        }
        Some(_) => {
            let reason = format!("Idempotency-Key: must be 1 to {MAX_KEY} visible characters");
            Err(Reply::invalid(reason))
        }
    }
}

/// Executes a request with an `Idempotency-Key`, if it is the first with that key; returns its reply, or
/// that of the first.
pub(super) async fn once(
    state: &AppState,
    key: &str,
    fingerprint: Fingerprint,
    execute: impl Future<Output = Reply> + Send + 'static,
) -> Reply {
    match state.idempotency.admit(key, fingerprint, Instant::now()) {
        Admission::Replay(mut reply) => {
            if let Ok(Ok(reply)) = timeout(MAX_WAIT, reply.wait_for(Option::is_some)).await
                && let Some(reply) = reply.clone()
            {
                return reply;
            }
            let reason = "the first request with this Idempotency-Key is still in progress";
            Reply::refused(StatusCode::CONFLICT, reason)
        }
        Admission::New(sender) => {
            // The task outlives the connection, so that a repetition finds the reply.
            let task = state.services.tasks.spawn("request", async move {
                let reply = execute.await;
                // Fails only if the key has been dropped meanwhile.
                let _ = sender.send(Some(reply.excerpt()));
                reply
            });
            task.await.unwrap_or_else(|error| {
                let code = StatusCode::INTERNAL_SERVER_ERROR;
                let reason = format!("the request was aborted ({error}); see the log");
                Reply::new(code, Status::Error, reason, Value::Null)
            })
        }
        Admission::Mismatch => {
            Reply::invalid("Idempotency-Key: already used for a different request; use a new key")
        }
    }
}

/// Parses the body of a request and executes it.
async fn execute_body(
    state: &AppState,
    principal: &Principal,
    name: &str,
    phone: Option<String>,
    body: &[u8],
) -> Reply {
    let refuse = |reason: String| {
        let info = RequestInfo::new(principal.requester.clone(), name, Vec::new());
        let report = state.services.dispatcher.refuse(&info, reason);
        Reply::of(&report, &info.id.to_string())
    };
    let verb: Verb = match name.parse() {
        Ok(verb) => verb,
        Err(unknown) => return refuse(UnknownVerb::to_string(&unknown)),
    };
    let mut pairs = match body::parse(verb, body) {
        Ok(pairs) => pairs,
        Err(reason) => return refuse(reason),
    };
    if let Some(phone) = phone {
        if pairs.iter().any(|(key, _)| key == "phone") {
            let reason = "phone: already given by the path; omit the key";
            return refuse(reason.to_owned());
        }
        pairs.push(("phone".to_owned(), phone));
    }
    execute(state, principal, name, pairs).await
}

async fn execute(
    state: &AppState,
    principal: &Principal,
    verb: &str,
    pairs: Vec<(String, String)>,
) -> Reply {
    let answer = answer(state, principal, verb, pairs).await;
    answer.into_reply()
}

/// The result of a request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) report: Report,
    pub(super) id: String,
    /// Whether the role of the user does not permit the request.
    is_forbidden: bool,
}

impl Answer {
    pub(super) fn into_reply(self) -> Reply {
        let reply = Reply::of(&self.report, &self.id);
        if self.is_forbidden {
            reply.with_code(StatusCode::FORBIDDEN)
        } else {
            reply
        }
    }
}

/// Executes a request, if the role of the user permits it.
pub(super) async fn answer(
    state: &AppState,
    principal: &Principal,
    verb: &str,
    pairs: Vec<(String, String)>,
) -> Answer {
    answer_at(&state.services, principal, verb, vec![(None, pairs)]).await
}

/// Executes a request, if the role of the user permits it: for each daemon, with those keys. `None` is this
/// daemon.
pub(super) async fn answer_at(
    services: &Services,
    principal: &Principal,
    verb: &str,
    parts: Vec<OfDaemon<Vec<(String, String)>>>,
) -> Answer {
    let id = DeliveryId::random();
    let parts = parts.into_iter().map(|(daemon, pairs)| {
        let requester = principal.requester.clone();
        let info = RequestInfo::stored(id.clone(), requester, verb.to_owned(), pairs);
        let daemon = daemon.filter(|daemon| services.daemons.is_other(daemon));
        answer_part(services, principal, daemon, info)
    });
    let mut parts = join_all(parts).await;
    let is_forbidden = parts.iter().any(|(_, is_forbidden)| *is_forbidden);
    let report = if parts.len() == 1 {
        parts.remove(0).0
    } else {
        Report::joined(parts.into_iter().map(|(report, _)| report))
    };
    Answer {
        report,
        id: id.to_string(),
        is_forbidden,
    }
}

/// Executes the part of a request that is for one daemon; the second value is whether the role of the user
/// does not permit it.
async fn answer_part(
    services: &Services,
    principal: &Principal,
    daemon: Option<Arc<str>>,
    info: RequestInfo,
) -> (Report, bool) {
    let dispatcher = &services.dispatcher;
    let parsed = Request::parse(
        &info.verb,
        info.keys.iter().map(|(key, value)| (key, value)),
    );
    match parsed {
        Ok(request) => {
            let (role, what) = Role::for_request(&request);
            if let Some(reason) = principal.refusal(role, &what) {
                return (dispatcher.refuse(&info, reason), true);
            }
            let report = match daemon {
                None => deliver(dispatcher, request, &info).await,
                Some(daemon) => of_peer::make(services, &daemon, &info).await,
            };
            (report, false)
        }
        Err(refusal) => (dispatcher.refuse(&info, refusal.to_string()), false),
    }
}

/// Maximum length of an `Idempotency-Key`, in bytes.
pub(super) const MAX_KEY: usize = 255;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn image_is_decoded_from_the_result() {
        let body = json!({"status": "OK", "result": {"png": "iVBORw=="}});
        assert_eq!(image(&body).as_deref(), Some(&b"\x89PNG"[..]));
        for result in [json!(null), json!({"png": "?"}), json!("iVBORw==")] {
            assert_eq!(image(&json!({"result": result})), None);
        }
    }
}
