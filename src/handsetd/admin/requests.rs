//! Requests for phones: `POST phones/NAME/VERB` and `POST do/VERB`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout, timeout_at};

use super::idempotency::Admission;
use super::reply::Reply;
use super::{AppState, body};
use crate::dispatch::Delivery;
use crate::history::{RequestInfo, Requester};
use crate::outcome::{Answer, Status};
use handset_phones::verb::{Refusal, Request, Verb};

/// Answers `POST do/VERB`.
pub(super) async fn post_verb(
    State(state): State<Arc<AppState>>,
    Extension(asker): Extension<Requester>,
    Path(verb): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Reply {
    idempotent(state, asker, verb, None, &headers, body).await
}

/// Answers `POST phones/NAME/VERB`.
pub(super) async fn post_phone_verb(
    State(state): State<Arc<AppState>>,
    Extension(asker): Extension<Requester>,
    Path((name, verb)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Reply {
    idempotent(state, asker, verb, Some(name), &headers, body).await
}

/// Answers `GET phones/NAME/screenshot`: the picture itself.
pub(super) async fn screenshot(
    State(state): State<Arc<AppState>>,
    Extension(asker): Extension<Requester>,
    Path((name, verb)): Path<(String, String)>,
) -> Response {
    if verb != "screenshot" {
        let why = format!("{verb} is asked for by POST");
        return Reply::refused(StatusCode::METHOD_NOT_ALLOWED, why).into_response();
    }
    let reply = ask(&state, asker, &verb, vec![("phone".to_owned(), name)]).await;
    match picture(&reply.body) {
        Some(png) => ([(CONTENT_TYPE, "image/png")], png).into_response(),
        None => reply.into_response(),
    }
}

/// Returns the picture that an answer carries.
fn picture(answer: &Value) -> Option<Vec<u8>> {
    let text = answer.pointer("/result/png")?.as_str()?;
    STANDARD.decode(text).ok()
}

/// Does what is asked, or says what came of it before, if it comes a second time.
async fn idempotent(
    state: Arc<AppState>,
    asker: Requester,
    verb: String,
    phone: Option<String>,
    headers: &HeaderMap,
    body: Body,
) -> Reply {
    let key = match headers.get("Idempotency-Key").map(|key| key.to_str()) {
        None => None,
        Some(Ok(key)) if (1..=MAX_KEY).contains(&key.len()) => Some(key.to_owned()),
        Some(_) => {
            let why = format!("Idempotency-Key: must be 1 to {MAX_KEY} visible characters");
            return Reply::invalid(why);
        }
    };
    let body = match body::read(headers, body).await {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    let Some(key) = key else {
        return parsed(&state, asker, &verb, phone, &body).await;
    };
    let mut print = Sha256::new();
    for part in [
        verb.as_bytes(),
        phone.as_deref().unwrap_or_default().as_bytes(),
        &body,
    ] {
        print.update(u64::try_from(part.len()).unwrap_or_default().to_be_bytes());
        print.update(part);
    }
    print.update([u8::from(phone.is_some())]);
    match state
        .idempotency
        .admit(&key, print.finalize().into(), Instant::now())
    {
        Admission::Replay(mut answer) => {
            let told = timeout(WAIT, answer.wait_for(Option::is_some)).await;
            let told = told.ok().and_then(Result::ok).and_then(|told| told.clone());
            told.unwrap_or_else(|| {
                let why = "the first request of this Idempotency-Key is not answered yet";
                Reply::refused(StatusCode::CONFLICT, why)
            })
        }
        Admission::New(tell) => {
            // It goes on if whoever asked goes away, so that the second time finds its answer.
            let own = Arc::clone(&state);
            let task = state.parts.tasks.spawn("request", async move {
                let reply = parsed(&own, asker, &verb, phone, &body).await;
                // The store may have forgotten it.
                let _ = tell.send(Some(reply.clone()));
                reply
            });
            task.await.unwrap_or_else(|error| {
                let why = format!("the request broke off: {error}; see the log");
                let code = StatusCode::INTERNAL_SERVER_ERROR;
                Reply::plain(code, Status::Error, why, Value::Null)
            })
        }
        Admission::Mismatch => {
            Reply::invalid("Idempotency-Key: another request came with it; make up a new one")
        }
    }
}

/// Reads the body, and does what it asks.
async fn parsed(
    state: &AppState,
    asker: Requester,
    name: &str,
    phone: Option<String>,
    body: &[u8],
) -> Reply {
    let refuse = |asker, why: String| {
        let asked = RequestInfo::new(asker, name, Vec::new());
        Reply::of(
            &state.parts.dispatcher.refuse(&asked, why),
            &asked.id.to_string(),
        )
    };
    let Some(verb) = Verb::find(name) else {
        let name = name.to_owned();
        return refuse(asker, Refusal::UnknownVerb { name }.to_string());
    };
    let mut pairs = match body::pairs(verb, body) {
        Ok(pairs) => pairs,
        Err(why) => return refuse(asker, why),
    };
    if let Some(phone) = phone {
        if pairs.iter().any(|(key, _)| key == "phone") {
            return refuse(asker, "phone: the path names it already".to_owned());
        }
        pairs.push(("phone".to_owned(), phone));
    }
    ask(state, asker, name, pairs).await
}

/// Does what is asked, and waits for it as long as a client may be kept waiting.
pub(super) async fn ask(
    state: &AppState,
    asker: Requester,
    verb: &str,
    pairs: Vec<(String, String)>,
) -> Reply {
    let (answer, id) = answer(state, asker, verb, pairs).await;
    Reply::of(&answer, &id)
}

/// As [`ask`], in our own words.
pub(super) async fn answer(
    state: &AppState,
    asker: Requester,
    verb: &str,
    pairs: Vec<(String, String)>,
) -> (Answer, String) {
    let dispatcher = &state.parts.dispatcher;
    let asked = RequestInfo::new(asker, verb, pairs);
    let id = asked.id.to_string();
    let read = Request::parse(verb, asked.keys.iter().map(|(key, value)| (key, value)));
    let request = match read {
        Ok(request) => request,
        Err(refusal) => return (dispatcher.refuse(&asked, refusal.to_string()), id),
    };
    let wait = request.wait;
    let mut deliveries = match dispatcher.launch(request, &asked) {
        Ok(deliveries) => deliveries,
        Err(answer) => return (answer, id),
    };
    let until = Instant::now() + WAIT;
    if !wait {
        let settled = join_all(deliveries.iter_mut().map(Delivery::settle));
        // Each tells by itself whether it was in time.
        let _ = timeout_at(until, settled).await;
        return (Delivery::queued(deliveries, ""), id);
    }
    let ended = join_all(deliveries.iter_mut().map(Delivery::end));
    let is_late = timeout_at(until, ended).await.is_err();
    let answer = if is_late {
        Delivery::queued(deliveries, "delivery goes on")
    } else {
        Answer::of(&Delivery::outcomes(deliveries))
    };
    (answer, id)
}

/// The longest `Idempotency-Key`.
const MAX_KEY: usize = 255;

/// How long a client is kept waiting; longer than a phone may usually take.
const WAIT: Duration = Duration::from_secs(50);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_picture_is_in_the_result_or_there_is_none() {
        let answer = json!({"status": "OK", "result": {"png": "iVBORw=="}});
        assert_eq!(picture(&answer).as_deref(), Some(&b"\x89PNG"[..]));
        for result in [json!(null), json!({"png": "?"}), json!("iVBORw==")] {
            assert_eq!(picture(&json!({"result": result})), None);
        }
    }
}
