//! The JSON reply that all requests get: status, reason, phone, vendor, id, result.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use handset_net::excerpt::excerpt;
use serde_json::{Value, json};

use super::daemons::{Daemons, Missing};
use crate::outcome::{Report, Status};

/// A reply of the admin API.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    code: StatusCode,
    pub(super) body: Value,
}

impl Reply {
    /// The report of a request to phones.
    pub(super) fn of(report: &Report, id: &str) -> Self {
        let Report {
            status,
            reason,
            phone,
            vendor,
            result,
        } = report;
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

    pub(super) fn ok(result: Value) -> Self {
        Self::new(StatusCode::OK, Status::Ok, "", result)
    }

    pub(super) fn invalid(reason: impl Into<String>) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, reason)
    }

    /// An invalid request with a specific HTTP status code.
    pub(super) fn refused(code: StatusCode, reason: impl Into<String>) -> Self {
        Self::new(code, Status::Invalid, reason, Value::Null)
    }

    /// A request that the user's role does not permit.
    pub(super) fn forbidden(reason: impl Into<String>) -> Self {
        Self::refused(StatusCode::FORBIDDEN, reason)
    }

    pub(super) fn not_found(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, Status::NotFound, reason, Value::Null)
    }

    pub(super) fn new(
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

    /// Returns a copy to keep for a repetition of the request. A long reply is kept without its result,
    /// which the reason states.
    pub(super) fn excerpt(&self) -> Self {
        let length = self.body.to_string().len();
        if length <= MAX_KEPT {
            return self.clone();
        }
        let mut kept = self.clone();
        for (name, field) in kept.body.as_object_mut().into_iter().flatten() {
            if name == "result" {
                *field = Value::Null;
            } else if let Some(text) = field.as_str() {
                *field = Value::from(excerpt(text, MAX_KEPT_TEXT));
            }
        }
        let note = "the reply was too long to be kept; this is its beginning, without the result";
        let reason = match kept.reason() {
            "" => note.to_owned(),
            reason => format!("{reason}; {note}"),
        };
        kept.with("reason", reason)
    }

    /// Sets one of the text fields.
    pub(super) fn with(mut self, field: &str, text: impl Into<String>) -> Self {
        self.body[field] = Value::from(text.into());
        self
    }

    /// In a cluster, names the daemons whose part is missing, as the member `missing` and in the reason.
    pub(super) fn with_missing(mut self, daemons: &Daemons, missing: &[Missing]) -> Self {
        if daemons.own().is_none() {
            return self;
        }
        self.body["missing"] = json!(missing);
        let reasons = missing.iter().map(ToString::to_string);
        let own = Some(self.reason().to_owned()).filter(|reason| !reason.is_empty());
        let reasons: Vec<String> = own.into_iter().chain(reasons).collect();
        self.with("reason", reasons.join("; "))
    }

    pub(super) fn with_code(self, code: StatusCode) -> Self {
        Self { code, ..self }
    }

    pub(super) fn code(&self) -> StatusCode {
        self.code
    }

    pub(super) fn reason(&self) -> &str {
        self.body["reason"].as_str().unwrap_or_default()
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (self.code, headers, format!("{}\n", self.body)).into_response()
    }
}

/// Returns the HTTP status code of a status.
pub(super) fn code(status: Status) -> StatusCode {
    StatusCode::from_u16(status.http_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
/// The longest reply that is kept for a repetition, in bytes of JSON.
const MAX_KEPT: usize = 16 * 1024;

/// How much of each text of a longer reply is kept, in bytes.
const MAX_KEPT_TEXT: usize = 2048;
