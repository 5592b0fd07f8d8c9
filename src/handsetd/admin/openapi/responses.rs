//! The responses of the API, by HTTP status code.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::admin::reply::code;
use crate::outcome::Status;

/// Returns the responses of every operation: what the server answers before it looks at the request,
/// whatever it is.
pub(super) fn common() -> Map<String, Value> {
    let refusals = [
        (
            StatusCode::BAD_REQUEST,
            "INVALID: the request is wrong",
            None,
        ),
        (
            StatusCode::UNAUTHORIZED,
            "INVALID: the token is missing or wrong",
            Some((
                "WWW-Authenticate",
                json!({"type": "string", "const": "Bearer realm=\"handsetd\""}),
            )),
        ),
        (
            StatusCode::FORBIDDEN,
            "INVALID: the role of the user does not permit the request",
            None,
        ),
        (
            StatusCode::NOT_FOUND,
            "NOTFOUND: no such phone, rule, delivery or path",
            None,
        ),
        (
            StatusCode::METHOD_NOT_ALLOWED,
            "INVALID: the path does not support the method",
            Some(("Allow", json!({"type": "string", "minLength": 1}))),
        ),
        (
            StatusCode::MISDIRECTED_REQUEST,
            "INVALID: the Host is not a name of this server",
            None,
        ),
        (
            StatusCode::TOO_MANY_REQUESTS,
            "INVALID: the token is wrong, and so were too many before from this address",
            Some(("Retry-After", json!({"type": "integer", "minimum": 1}))),
        ),
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "ERROR: a fault of handsetd; see its log",
            None,
        ),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "UNREACHABLE: nothing was sent, or the server has too many such requests",
            Some(("Retry-After", json!({"type": "integer", "minimum": 1}))),
        ),
    ];
    let entry = |(code, description, header): (StatusCode, &str, Option<(&str, Value)>)| {
        let mut response = reply(description);
        if let Some((name, schema)) = header {
            response["headers"] = json!({name: {"schema": schema}});
        }
        (code.as_str().to_owned(), response)
    };
    refusals.into_iter().map(entry).collect()
}

/// Returns the responses of an operation that answers with a reply.
pub(super) fn replies() -> Map<String, Value> {
    let mut responses = common();
    for status in Status::ALL {
        let code = code(status).as_str().to_owned();
        responses
            .entry(code)
            .or_insert_with(|| reply(&format!("{status}: {}", status.meaning())));
    }
    responses
}

/// Returns the responses of an operation with a body.
pub(super) fn replies_to_bodies() -> Map<String, Value> {
    let mut responses = replies();
    for (code, description) in [
        (
            StatusCode::REQUEST_TIMEOUT,
            "INVALID: the body did not arrive in time",
        ),
        (
            StatusCode::PAYLOAD_TOO_LARGE,
            "INVALID: the body is too long",
        ),
        (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "INVALID: the body is not application/json",
        ),
    ] {
        responses.insert(code.as_str().to_owned(), reply(description));
    }
    responses
}

fn reply(description: &str) -> Value {
    let schema = json!({"schema": {"$ref": "#/components/schemas/Reply"}});
    json!({"description": description, "content": {"application/json": schema}})
}
