//! The pages of a Snom phone's web server, and what they answer.
//!
//! A reply is an HTML page. Its status only says that the phone accepted the request. A redirect back
//! to the page is a success and is not followed.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::model;
use crate::phone::Phone;
use crate::vendor::{Plan, PlanError, Reply, ReplyOutcome, Request};

/// Refuses phones without these pages.
pub(super) fn reachable(phone: &Phone) -> Result<(), PlanError> {
    if model::is_d8(phone) {
        return Err(PlanError::unsupported(
            "the D8 series has no HTTP remote control; it requires a NOTIFY through Asterisk",
        ));
    }
    model::is_desk_phone(phone)
}

/// Plans a request for a page.
pub(super) fn get(target: &str) -> Plan {
    Plan::single(Request::get(target).parse_with("snom page", parse))
}

/// Plans to write settings persistently, as many per request as fit its URL.
pub(super) fn save(settings: &[(&str, &str)]) -> Plan {
    let mut plan = Plan::default();
    let mut query = String::new();
    for (name, value) in settings {
        let pair = format!("&{}={}", http_name(name), encoded(value));
        if !query.is_empty() && query.len() + pair.len() > MAX_QUERY {
            plan = plan.then(save_query(&query));
            query.clear();
        }
        query.push_str(&pair);
    }
    plan.then(save_query(&query))
}

fn save_query(query: &str) -> Plan {
    get(&format!(
        "/settings.htm?settings=save{query}&store_settings=save"
    ))
}

/// Plans to write settings persistently.
pub(super) fn save_all(settings: &[(String, String)]) -> Plan {
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    save(&settings)
}

/// Validates the number of an identity.
pub(super) fn identity(line: u8) -> Result<u8, PlanError> {
    if (1..=12).contains(&line) {
        return Ok(line);
    }
    Err(PlanError::Invalid(format!(
        "line: Snom phones have lines 1 to 12, not {line}"
    )))
}

/// Returns the value of a switch.
pub(super) fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Returns the name that a setting has over HTTP, where the index stands right behind the name.
pub(super) fn http_name(name: &str) -> String {
    encoded(&name.replace(['[', ']'], ""))
}

/// Encodes a value for a query.
pub(super) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, VALUE).to_string()
}

/// Returns the page that makes the phone fetch and show a document.
///
/// Before firmware 8.4.32 the address is written without scheme and encoding.
pub(super) fn minibrowser(phone: &Phone, url: &Url) -> Result<String, PlanError> {
    if phone.firmware.is_older_than(&[8, 2, 7]) {
        let firmware = &phone.firmware;
        return Err(PlanError::unsupported(format!(
            "firmware {firmware} does not support pushed screens; 8.2.7 and later do"
        )));
    }
    let url = url.as_str();
    if phone.firmware.is_older_than(&[8, 4, 32]) {
        return Ok(format!(
            "/minibrowser.htm?url={}",
            url.trim_start_matches("http://")
        ));
    }
    Ok(format!("/minibrowser.htm?url={}", encoded(url)))
}

/// Interprets the reply of a page.
pub(super) fn parse(reply: &Reply) -> ReplyOutcome {
    match reply.status {
        200 | 204 | 302 => ReplyOutcome::Done,
        401 => ReplyOutcome::Denied(
            "the phone refused the user name and password (HTTP 401); they are its settings \
             http_user and http_pass"
                .to_owned(),
        ),
        403 => ReplyOutcome::Denied(
            "the phone does not allow it (HTTP 403); turn off its settings use_hidden_tags and \
             restrict_uri_queries"
                .to_owned(),
        ),
        404 => ReplyOutcome::Rejected("the phone has no such page (HTTP 404)".to_owned()),
        status => ReplyOutcome::Rejected(format!("the phone answered HTTP {status}")),
    }
}

/// Everything but letters, digits and what never needs encoding.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The most bytes of settings in one address. Snom documents no limit; this one is ours.
const MAX_QUERY: usize = 1500;
