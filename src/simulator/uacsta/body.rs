//! The bodies of messages: one CSTA document each.

use crate::document::Element;

/// The media type of CSTA.
pub(super) const MEDIA_TYPE: &str = "application/csta+xml";

/// The disposition of every body.
pub(super) const DISPOSITION: &str = "signal;handling=required";

/// Reads a document; the error says what is wrong with it.
pub(super) fn parse(body: &str, editions: &[u8]) -> Result<Element, String> {
    let element = Element::parse(body.as_bytes())?;
    let edition = body.split_once(NAMESPACE).map(|(_, rest)| rest);
    let edition = edition.and_then(|rest| rest.split(['"', '\'']).next());
    let known = edition.and_then(|edition| edition.parse().ok());
    match known.filter(|edition| editions.contains(edition)) {
        Some(_) => Ok(element),
        None => Err(format!(
            "edition {} of CSTA, where the phone supports {editions:?}",
            edition.unwrap_or("unknown")
        )),
    }
}

/// Writes a document.
pub(super) fn document(name: &str, edition: u8, inside: &str) -> String {
    let namespace = format!("{NAMESPACE}{edition}");
    let start =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"{namespace}\"");
    if inside.is_empty() {
        format!("{start}/>")
    } else {
        format!("{start}>{inside}</{name}>")
    }
}

/// The namespace up to the number of the edition.
const NAMESPACE: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed";
