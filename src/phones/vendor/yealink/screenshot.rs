//! Screenshots over HTTP, since firmware V73.

use super::handset::{Handset, NO_ANSWER};
use super::pages;
use crate::vendor::{Plan, PlanError, Reply, ReplyData, ReplyOutcome};

impl Handset<'_> {
    /// Plans a screenshot: a BMP or JPEG, regardless of its content type. Older firmware has it at
    /// another URL.
    pub(super) fn screenshot(&self) -> Result<Plan, PlanError> {
        self.require_http("screenshot", NO_ANSWER)?;
        self.model.require_release(73, "screenshot")?;
        let step = pages::get_or_else("/screencapture", parse, || {
            pages::get("/servlet?command=screenshot", parse)
        });
        Ok(Plan::new([step]))
    }
}

/// Recognizes images by their first bytes.
fn parse(reply: &Reply) -> ReplyOutcome {
    let starts: [&[u8]; 3] = [b"BM", b"\xff\xd8", b"\x89PNG"];
    if starts.iter().any(|start| reply.body.starts_with(start)) {
        return ReplyOutcome::Data(ReplyData::ImageFile(reply.body.clone()));
    }
    let what = match reply.content_type.as_str() {
        "" => "unknown data",
        content_type => content_type,
    };
    let what: String = what.chars().take(64).collect();
    ReplyOutcome::Rejected(format!("the phone sent {what} instead of an image"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_recognized_by_their_first_bytes() {
        let outcome = |content_type: &str, body: &'static [u8]| {
            parse(&Reply {
                status: 200,
                content_type: content_type.to_owned(),
                body: body.into(),
                ..Reply::default()
            })
        };
        for body in [&b"BM1"[..], b"\xff\xd8\xff\xe0", b"\x89PNG\r\n"] {
            assert!(matches!(outcome("text/plain", body), ReplyOutcome::Data(_)));
        }
        for (content_type, words) in [("text/html", "sent text/html"), ("", "unknown data")] {
            let result = outcome(content_type, b"<html>");
            assert!(matches!(result, ReplyOutcome::Rejected(why) if why.contains(words)));
        }
    }
}
