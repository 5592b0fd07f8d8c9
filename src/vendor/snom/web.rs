//! The pages of a Snom phone's web server, and what they answer.
//!
//! An answer is a page for people: its status says that the phone took the request, not what came
//! of it. A redirect back to the page is success, and is not followed.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::phone::Phone;
use crate::vendor::{Plan, Refused, Reply, Request, Verdict};

/// Refuses phones without these pages.
pub(super) fn reachable(phone: &Phone) -> Result<(), Refused> {
    let model = phone.model.to_ascii_uppercase();
    if model.starts_with("D8") {
        return Err(Refused::unsupported(
            "the D8 series has no HTTP remote control; it wants a NOTIFY through Asterisk",
        ));
    }
    if model.starts_with('M') {
        return Err(Refused::unsupported(
            "Snom's DECT phones have no remote control",
        ));
    }
    Ok(())
}

/// Says how a page is asked for.
pub(super) fn get(target: &str) -> Plan {
    Plan::of(Request::get(target).read_by(read))
}

/// Says how settings are written, so that they outlast a restart.
pub(super) fn save(settings: &[(&str, &str)]) -> Plan {
    let mut target = "/settings.htm?settings=save".to_owned();
    for (name, value) in settings {
        target.extend(["&", name, "="]);
        target.extend(utf8_percent_encode(value, VALUE));
    }
    target.push_str("&store_settings=save");
    get(&target)
}

/// Returns the page that makes the phone fetch and show a document.
///
/// Before firmware 8.4.32 the address is written without scheme and encoding.
pub(super) fn minibrowser(phone: &Phone, url: &Url) -> Result<String, Refused> {
    if phone.firmware.is_older_than(&[8, 2, 7]) {
        let firmware = &phone.firmware;
        return Err(Refused::unsupported(format!(
            "firmware {firmware} shows no pushed screens; 8.2.7 and later do"
        )));
    }
    let url = url.as_str();
    if phone.firmware.is_older_than(&[8, 4, 32]) {
        return Ok(format!(
            "/minibrowser.htm?url={}",
            url.trim_start_matches("http://")
        ));
    }
    Ok(format!(
        "/minibrowser.htm?url={}",
        utf8_percent_encode(url, VALUE)
    ))
}

fn read(reply: &Reply) -> Verdict {
    match reply.status {
        200 | 204 | 302 => Verdict::Done,
        401 => Verdict::Denied(
            "the phone refused the user name and password (HTTP 401); they are its settings \
             http_user and http_pass"
                .to_owned(),
        ),
        403 => Verdict::Denied(
            "the phone does not allow it (HTTP 403); its settings use_hidden_tags and \
             restrict_uri_queries must be off"
                .to_owned(),
        ),
        404 => Verdict::Rejected("the phone has no such page (HTTP 404)".to_owned()),
        status => Verdict::Rejected(format!("the phone answered HTTP {status}")),
    }
}

/// Everything but letters, digits and what never needs encoding.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
