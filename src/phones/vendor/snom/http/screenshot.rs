//! Screenshots by the page `screen.bmp`.

use super::super::model;
use super::super::web::{self, get};
use crate::phone::Phone;
use crate::vendor::{Plan, Reply, ReplyData, ReplyOutcome, Request};

/// Plans a screenshot with all layers.
pub(super) fn plan(phone: &Phone) -> Plan {
    let screenshot = Plan::single(Request::get("/screen.bmp").parse_with("snom screenshot", parse));
    if model::hides_lines(phone) {
        return get("/command.htm?FIX_LIL=true").then(screenshot);
    }
    screenshot
}

fn parse(reply: &Reply) -> ReplyOutcome {
    match web::parse(reply) {
        ReplyOutcome::Done if reply.status == 200 && is_image(&reply.body) => {
            ReplyOutcome::Data(ReplyData::ImageFile(reply.body.clone()))
        }
        ReplyOutcome::Done => ReplyOutcome::Rejected(format!(
            "the phone did not send an image (HTTP {})",
            reply.status
        )),
        outcome => outcome,
    }
}

/// Returns whether a file is a BMP or PNG by its first bytes.
fn is_image(file: &[u8]) -> bool {
    file.starts_with(b"BM") || file.starts_with(b"\x89PNG")
}
