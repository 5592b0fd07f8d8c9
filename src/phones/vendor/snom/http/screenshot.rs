//! The picture on the screen, as the page `screen.bmp` shows it.

use super::{get, model, web};
use crate::phone::Phone;
use crate::vendor::{Plan, Reply, ReplyData, ReplyOutcome, Request};

/// Asks for the picture, with all its layers.
pub(super) fn plan(phone: &Phone) -> Plan {
    let picture = Plan::single(Request::get("/screen.bmp").parse_with("snom screenshot", read));
    if model::hides_lines(phone) {
        return get("/command.htm?FIX_LIL=true").then(picture);
    }
    picture
}

fn read(reply: &Reply) -> ReplyOutcome {
    match web::read(reply) {
        ReplyOutcome::Done if reply.status == 200 && is_picture(&reply.body) => {
            ReplyOutcome::Data(ReplyData::ImageFile(reply.body.clone()))
        }
        ReplyOutcome::Done => ReplyOutcome::Rejected(format!(
            "the phone answered no picture (HTTP {})",
            reply.status
        )),
        refused => refused,
    }
}

/// Returns whether a file begins as a BMP or a PNG does.
fn is_picture(file: &[u8]) -> bool {
    file.starts_with(b"BM") || file.starts_with(b"\x89PNG")
}
