//! The one shape of answers: status, reason, phone, vendor, id, result.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::outcome::{Answer, Status};

/// An answer, as it goes out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) code: StatusCode,
    pub(super) body: Value,
}

impl Reply {
    /// Tells what came of a request.
    pub(super) fn of(answer: &Answer, id: &str) -> Self {
        let Answer {
            status,
            reason,
            phone,
            vendor,
            result,
        } = answer;
        Self {
            code: code(*status),
            body: json!({
                "status": status.word(),
                "reason": reason,
                "phone": phone,
                "vendor": vendor,
                "id": id,
                "result": result,
            }),
        }
    }

    /// Tells what was found.
    pub(super) fn found(result: Value) -> Self {
        Self::plain(StatusCode::OK, Status::Ok, "", result)
    }

    /// Says that a request is wrong.
    pub(super) fn invalid(reason: impl Into<String>) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, reason)
    }

    /// Says that a request is wrong in a way that HTTP has a code of its own for.
    pub(super) fn refused(code: StatusCode, reason: impl Into<String>) -> Self {
        Self::plain(code, Status::Invalid, reason, Value::Null)
    }

    /// Says that there is no such thing.
    pub(super) fn not_found(reason: impl Into<String>) -> Self {
        Self::plain(StatusCode::NOT_FOUND, Status::NotFound, reason, Value::Null)
    }

    /// Tells anything else.
    pub(super) fn plain(
        code: StatusCode,
        status: Status,
        reason: impl Into<String>,
        result: Value,
    ) -> Self {
        let mut body = json!({
            "status": status.word(),
            "reason": reason.into(),
            "phone": "",
            "vendor": "",
            "id": "",
        });
        body["result"] = result;
        Self { code, body }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        let fresh = HeaderValue::from_static("no-store");
        let headers = [(CONTENT_TYPE, json), (CACHE_CONTROL, fresh)];
        (self.code, headers, format!("{}\n", self.body)).into_response()
    }
}

/// Returns the HTTP status that goes with a status.
pub(super) fn code(status: Status) -> StatusCode {
    match status {
        Status::Denied => StatusCode::BAD_GATEWAY,
        Status::Error => StatusCode::INTERNAL_SERVER_ERROR,
        Status::Invalid => StatusCode::BAD_REQUEST,
        Status::NotFound => StatusCode::NOT_FOUND,
        Status::Ok => StatusCode::OK,
        Status::Partial => StatusCode::MULTI_STATUS,
        Status::Queued => StatusCode::ACCEPTED,
        Status::Rejected => StatusCode::CONFLICT,
        Status::Unknown => StatusCode::GATEWAY_TIMEOUT,
        Status::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        Status::Unsupported => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
