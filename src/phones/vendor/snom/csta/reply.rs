//! Replies to a CSTA request over HTTP.
//!
//! HTTP 500 is a regular response: it carries an error of ECMA-323.

use super::super::web;
use crate::csta::{Answer, ErrorCode};
use crate::vendor::{Reply, ReplyOutcome};

/// Reads an answer: the element of the response, or what else there is to say.
pub(super) fn read(reply: &Reply) -> Result<Answer, ReplyOutcome> {
    if matches!(reply.status, 401 | 403 | 404) {
        return Err(match web::parse(reply) {
            ReplyOutcome::Rejected(_) => ReplyOutcome::Rejected(
                "the phone does not offer CSTA (HTTP 404); turn on its setting csta_control"
                    .to_owned(),
            ),
            other => other,
        });
    }
    let text = reply.text();
    let answer = Answer::parse(&text);
    if let Some(error) = ErrorCode::find(&answer, &text) {
        return Err(ReplyOutcome::Rejected(error.to_string()));
    }
    let is_success = (200..300).contains(&reply.status);
    match answer.response() {
        Some(response) if is_success => Ok(response.clone()),
        _ => Err(ReplyOutcome::Rejected(format!(
            "the phone did not respond with CSTA (HTTP {}); turn on its setting csta_control",
            reply.status
        ))),
    }
}

#[cfg(test)]
mod tests;
