//! The picture on the screen, by `/CGI/Screenshot`: BMP of most phones, PNG of the 8941 and 8945,
//! and a `CiscoIPPhoneImage` of the 7940 and 7960. A fault comes as XML, with HTTP 200 as well.

use std::sync::Arc;

use super::family::Family;
use super::redirect;
use super::{answer, execute};
use crate::phone::Phone;
use crate::vendor::lenient_xml::{self, Element};
use crate::vendor::{Plan, Reply, ReplyData, ReplyOutcome, Request};

/// Takes the picture.
pub(super) fn plan(phone: &Phone) -> Plan {
    let request = Request {
        auth: execute::auth(phone),
        ..Request::get("/CGI/Screenshot")
    };
    let family = Family::of(phone);
    let wants_tls = phone.pin.is_none() && family.title.starts_with("the 98");
    let plan = Plan::of(redirect::exchange(
        phone,
        request,
        Arc::new(move |reply| read(reply, wants_tls)),
    ));
    if family.is_multiplatform() {
        let title = family.title;
        return plan.with_note(format!("that {title} gives its screen is unproven"));
    }
    plan
}

fn read(reply: &Reply, wants_tls: bool) -> ReplyOutcome {
    let is_picture = [&b"BM"[..], b"\x89PNG", b"\xff\xd8\xff"]
        .iter()
        .any(|start| reply.body.starts_with(start));
    if matches!(reply.status, 200..=299) && is_picture {
        return ReplyOutcome::ReplyData(ReplyData::Picture(reply.body.clone()));
    }
    let root = lenient_xml::read(&reply.body);
    if let Some(image) = root
        .as_ref()
        .and_then(|root| root.find("CiscoIPPhoneImage"))
    {
        return match grey(image) {
            Some(told) => ReplyOutcome::ReplyData(told),
            None => answer::rejected("it sent a picture that can't be read"),
        };
    }
    match answer::read(reply) {
        ReplyOutcome::Done => answer::rejected("it sent something else than a picture"),
        ReplyOutcome::Rejected(why) if wants_tls => ReplyOutcome::Rejected(format!(
            "{why}; some of its kind do this by HTTPS only (tls.pin)"
        )),
        verdict => verdict,
    }
}

/// Reads an image of one or two bits for each point, the first point in the lowest bits; the
/// highest value is black.
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

/// The longest side of such an image; the schema's is 133.
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
        match read(&reply, true) {
            ReplyOutcome::ReplyData(ReplyData::Picture(file)) => {
                format!("a file of {} bytes", file.len())
            }
            ReplyOutcome::ReplyData(ReplyData::Grey {
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
    fn three_formats_are_understood() {
        assert_eq!(check(200, "BM and so on"), "a file of 12 bytes");
        assert_eq!(check(200, b"\x89PNG\r\n"), "a file of 6 bytes");
        // The pixels 1, 3, 2, 0 of Cisco's own example.
        assert_eq!(check(200, image("4", "2D")), "4x1 [170, 0, 85, 255]");
        assert_eq!(check(200, image("3", "2D")), "3x1 [170, 0, 85]");
    }

    #[test]
    fn what_is_no_picture_is_told() {
        for (status, body, words) in [
            (200, image("5", "2D"), "can't be read"),
            (200, image("4", "2"), "can't be read"),
            (200, image("4000000000", "2D"), "can't be read"),
            (200, "<html>".to_owned(), "something else than a picture"),
            (404, String::new(), "HTTPS only"),
            (
                200,
                "<CiscoIPPhoneError Number=\"4\" />".to_owned(),
                "denied",
            ),
            (401, String::new(), "denied"),
            (404, "BM".to_owned(), "HTTP 404"),
        ] {
            let told = check(status, &body);
            assert!(told.contains(words), "{body}: {told}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(width in "[0-9]{0,12}", data in "[0-9A-Fa-f ]{0,20}") {
            let _ = check(200, image(&width, &data));
        }
    }
}
