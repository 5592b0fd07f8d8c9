//! Pushing a document: `POST /servlet?push=xml`, where the body is `xml=` and then the document as it
//! is, not encoded; or a NOTIFY, for which the phone wants `push_xml.sip_notify = 1`.
//!
//! Over HTTP the phone locks us out after a few wrong passwords, so a 401 to our credentials is final.

use super::document::{CONTENT_TYPE, Execute};
use crate::phone::Phone;
use crate::shelf::{Content, Stand};
use crate::vendor::plan::fits_notify;
use crate::vendor::{Plan, Refused, Reply, Request, Verdict};

/// Refuses phones that take no documents.
pub(super) fn reachable(phone: &Phone) -> Result<(), Refused> {
    let model = phone.model.to_ascii_uppercase();
    let is_dect =
        model.starts_with('W') && model.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
    if is_dect {
        return Err(Refused::unsupported(
            "Yealink's DECT bases take no pushed documents",
        ));
    }
    Ok(())
}

/// Pushes documents to a phone by the way that it is reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pusher<'a> {
    pub(super) phone: &'a Phone,
    pub(super) by_notify: bool,
    pub(super) stand: &'a Stand,
}

impl Pusher<'_> {
    /// Says how a document is pushed.
    pub(super) fn document(self, document: &str) -> Result<Plan, Refused> {
        let plan = if self.by_notify {
            self.by_notify(document)?
        } else {
            by_http(self.phone, self.stand, document)?
        };
        let android = ["T56A", "T58A", "T58V", "T58W", "T58", "VP59", "CP960"];
        let model = self.phone.model.to_ascii_uppercase();
        Ok(if android.contains(&model.as_str()) {
            plan.with_note("Yealink's Android models are said to ignore pushed documents")
        } else {
            plan
        })
    }

    /// What is too long for one packet is fetched from our door.
    fn by_notify(self, document: &str) -> Result<Plan, Refused> {
        let plan =
            |document: &str| Plan::notify("Yealink-xml", Some(("application/xml", document)));
        if fits_notify(document) {
            return Ok(plan(document));
        }
        check_length(document)?;
        let content = Content::new(CONTENT_TYPE, document.to_owned());
        let url = self.stand.screen(content);
        Ok(plan(&Execute::new().uri(url.as_str()).document()))
    }
}

fn by_http(phone: &Phone, stand: &Stand, document: &str) -> Result<Plan, Refused> {
    check_length(document)?;
    let mut request = Request::post(target(phone), "text/xml", format!("xml={document}"));
    // Some firmware wants to know who pushes.
    let referer = ("Referer", stand.base().to_string());
    request.headers.push(referer);
    Ok(Plan::of(request.read_by(read)))
}

fn check_length(document: &str) -> Result<(), Refused> {
    if document.len() > MAX_DOCUMENT {
        let long = document.len();
        return Err(Refused::unsupported(format!(
            "a Yealink phone takes documents of {MAX_DOCUMENT} bytes, and this one has {long}"
        )));
    }
    Ok(())
}

/// Firmware V61 to V70 (the second number of the version) takes documents at the root.
fn target(phone: &Phone) -> &'static str {
    let release = phone
        .firmware
        .as_str()
        .split('.')
        .nth(1)
        .and_then(|part| part.parse().ok());
    match release {
        Some(61..=70) => "/",
        Some(0_u32..=60 | 71..) | None => "/servlet?push=xml",
    }
}

fn read(reply: &Reply) -> Verdict {
    match reply.status {
        200..=299 => Verdict::Done,
        401 => Verdict::Denied(
            "the phone refused the user name and password (HTTP 401); they are its settings \
             push_xml.username and push_xml.password, and it locks us out if this repeats"
                .to_owned(),
        ),
        403 => Verdict::Denied(
            "the phone does not allow it (HTTP 403): handsetd's address must be in its setting \
             push_xml.server, or the password is wrong, or someone must confirm at the phone"
                .to_owned(),
        ),
        404 => Verdict::Rejected("the phone has no such page (HTTP 404)".to_owned()),
        status => Verdict::Rejected(format!("the phone answered HTTP {status}")),
    }
}

/// The most bytes that a document may have, from the developer's guide.
pub(super) const MAX_DOCUMENT: usize = 10_000;
