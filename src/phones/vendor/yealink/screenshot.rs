//! Screenshots, over HTTP as the administrator's guides say, from V73 on.

use super::handset::{self, Handset, NO_ANSWER};
use crate::vendor::{Plan, PlanError, Reply, ReplyData, ReplyOutcome};

impl Handset<'_> {
    /// Takes the picture on the screen: a BMP or a JPEG, whatever the phone calls it. Older firmware
    /// has it at another address.
    pub(super) fn screenshot(&self) -> Result<Plan, PlanError> {
        self.web("a screenshot", NO_ANSWER)?;
        self.model.since(73, "a screenshot")?;
        let step = handset::get_or_else("/screencapture", picture, || {
            handset::get("/servlet?command=screenshot", picture)
        });
        Ok(Plan::new([step]))
    }
}

/// Tells pictures by their first bytes.
fn picture(reply: &Reply) -> ReplyOutcome {
    let starts: [&[u8]; 3] = [b"BM", b"\xff\xd8", b"\x89PNG"];
    if starts.iter().any(|start| reply.body.starts_with(start)) {
        return ReplyOutcome::Data(ReplyData::ImageFile(reply.body.clone()));
    }
    let what = match reply.content_type.as_str() {
        "" => "something else",
        content_type => content_type,
    };
    let what: String = what.chars().take(64).collect();
    ReplyOutcome::Rejected(format!("the phone sent no picture, but {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_by_their_first_bytes() {
        let told = |content_type: &str, body: &'static [u8]| {
            picture(&Reply {
                status: 200,
                content_type: content_type.to_owned(),
                body: body.into(),
                ..Reply::default()
            })
        };
        for body in [&b"BM1"[..], b"\xff\xd8\xff\xe0", b"\x89PNG\r\n"] {
            assert!(matches!(told("text/plain", body), ReplyOutcome::Data(_)));
        }
        for (content_type, words) in [("text/html", "but text/html"), ("", "something else")] {
            let verdict = told(content_type, b"<html>");
            assert!(matches!(verdict, ReplyOutcome::Rejected(why) if why.ends_with(words)));
        }
    }
}
