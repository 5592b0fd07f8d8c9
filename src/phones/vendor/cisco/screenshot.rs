//! Screenshots by `/CGI/Screenshot`: BMP from most phones, PNG from the 8941 and 8945, and a
//! `CiscoIPPhoneImage` from the 7940 and 7960. Errors come as XML, possibly with HTTP 200.

use std::sync::Arc;

use super::answer::{self, Replies};
use super::family::Family;
use super::{execute, redirect};
use crate::phone::Phone;
use crate::vendor::lenient_xml::{self, Element};
use crate::vendor::{Plan, Reply, ReplyData, ReplyOutcome, Request};

/// Plans a screenshot.
pub(super) fn plan(phone: &Phone) -> Plan {
    let request = Request {
        auth: execute::auth(phone),
        ..Request::get("/CGI/Screenshot")
    };
    let (family, replies) = (Family::of(phone), Replies::of(phone));
    let wants_tls = phone.pin.is_none() && family.title.starts_with("the 98");
    let plan = Plan::single(redirect::exchange(
        phone,
        request,
        "cisco screenshot",
        Arc::new(move |reply| parse(reply, replies, wants_tls)),
    ));
    if family.is_multiplatform() {
        let title = family.title;
        return plan.with_note(format!("unverified on real phones: screenshots of {title}"));
    }
    plan
}

fn parse(reply: &Reply, replies: Replies, wants_tls: bool) -> ReplyOutcome {
    let is_picture = [&b"BM"[..], b"\x89PNG", b"\xff\xd8\xff"]
        .iter()
        .any(|start| reply.body.starts_with(start));
    if matches!(reply.status, 200..=299) && is_picture {
        return ReplyOutcome::Data(ReplyData::ImageFile(reply.body.clone()));
    }
    let root = lenient_xml::parse(&reply.body);
    if let Some(image) = root
        .as_ref()
        .and_then(|root| root.find("CiscoIPPhoneImage"))
    {
        return match grey(image) {
            Some(data) => ReplyOutcome::Data(data),
            None => answer::rejected("it sent an image that cannot be decoded"),
        };
    }
    match replies.parse(reply) {
        ReplyOutcome::Done | ReplyOutcome::Unconfirmed(_) => {
            answer::rejected("it did not send an image")
        }
        ReplyOutcome::Rejected(why) if wants_tls => ReplyOutcome::Rejected(format!(
            "{why}; some 9800 phones require HTTPS for this (tls.pin)"
        )),
        outcome => outcome,
    }
}

/// Decodes an image of one or two bits per pixel, the first pixel in the lowest bits. The highest
/// value is black.
fn grey(image: &Element) -> Option<ReplyData> {
    let number = |name: &str| image.text_of(name)?.parse::<u32>().ok();
    let side = |name: &str| number(name).filter(|side| (1..=MAX_SIDE).contains(side));
    let (width, height) = (side("Width")?, side("Height")?);
    let depth = number("Depth").filter(|depth| matches!(depth, 1 | 2))?;
    let digits: String = image
        .text_of("Data")?
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let data = hex::decode(digits).ok()?;
    let count = usize::try_from(width.checked_mul(height)?).ok()?;
    let (mask, step) = if depth == 1 { (1, 255) } else { (3, 85) };
    let points = data
        .iter()
        .flat_map(|byte| (0..8 / depth).map(move |at| 255 - (byte >> (at * depth) & mask) * step));
    let pixels: Vec<u8> = points.take(count).collect();
    (pixels.len() == count).then_some(ReplyData::Grey {
        width,
        height,
        pixels,
    })
}

/// The longest accepted side in pixels; the schema allows 133.
const MAX_SIDE: u32 = 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(status: u16, body: impl AsRef<[u8]>) -> String {
        let reply = Reply {
            status,
            body: body.as_ref().to_vec().into(),
            ..Reply::default()
        };
        match parse(&reply, Replies::Objects, true) {
            ReplyOutcome::Data(ReplyData::ImageFile(file)) => {
                format!("a file of {} bytes", file.len())
            }
            ReplyOutcome::Data(ReplyData::Grey {
                width,
                height,
                pixels,
            }) => {
                format!("{width}x{height} {pixels:?}")
            }
            ReplyOutcome::Denied(_) => "denied".to_owned(),
            ReplyOutcome::Rejected(why) => why,
            other => panic!("{other:?}"),
        }
    }

    fn image(width: &str, data: &str) -> String {
        format!(
            "<CiscoIPPhoneImage><LocationX>0</LocationX><Width>{width}</Width><Height>1</Height>\
             <Depth>2</Depth><Data>{data}</Data></CiscoIPPhoneImage>"
        )
    }

    #[test]
    fn three_formats_are_decoded() {
        assert_eq!(check(200, "BM and so on"), "a file of 12 bytes");
        assert_eq!(check(200, b"\x89PNG\r\n"), "a file of 6 bytes");
        // The pixels 1, 3, 2, 0 of Cisco's own example.
        assert_eq!(check(200, image("4", "2D")), "4x1 [170, 0, 85, 255]");
        assert_eq!(check(200, image("3", "2D")), "3x1 [170, 0, 85]");
    }

    #[test]
    fn other_replies_are_reported() {
        for (status, body, words) in [
            (200, image("5", "2D"), "cannot be decoded"),
            (200, image("4", "2"), "cannot be decoded"),
            (200, image("4000000000", "2D"), "cannot be decoded"),
            (200, "<html>".to_owned(), "did not send an image"),
            (404, String::new(), "require HTTPS"),
            (
                200,
                "<CiscoIPPhoneError Number=\"4\" />".to_owned(),
                "denied",
            ),
            (401, String::new(), "denied"),
            (404, "BM".to_owned(), "HTTP 404"),
        ] {
            let outcome = check(status, &body);
            assert!(outcome.contains(words), "{body}: {outcome}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(width in "[0-9]{0,12}", data in "[0-9A-Fa-f ]{0,20}") {
            let _ = check(200, image(&width, &data));
        }
    }
}
