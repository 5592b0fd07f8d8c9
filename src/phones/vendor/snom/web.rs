//! The pages of a Snom phone's web server, and what they answer.
//!
//! A reply is an HTML page. Its status only says that the phone accepted the request. A redirect back
//! to a page is a success and is not followed; one to https or to the login page is none.

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
        200 | 204 => ReplyOutcome::Done,
        302 => redirected(reply),
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
        status => ReplyOutcome::Rejected(match reply.https_advice() {
            Some(advice) => format!("the phone answered HTTP {status}: {advice}"),
            None => format!("the phone answered HTTP {status}"),
        }),
    }
}

/// Interprets a redirect: back to a page it is a success, to https or to the login it is not.
fn redirected(reply: &Reply) -> ReplyOutcome {
    if let Some(advice) = reply.https_advice() {
        return ReplyOutcome::Rejected(format!("the phone refused: {advice}"));
    }
    let location = reply.location.as_deref().unwrap_or_default();
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let page = path.rsplit('/').next().unwrap_or_default();
    if page
        .get(..5)
        .is_some_and(|page| page.eq_ignore_ascii_case("login"))
    {
        return ReplyOutcome::Denied(
            "the phone asks for a login (it redirects to its login page); the user name and password are \
             its settings http_user and http_pass"
                .to_owned(),
        );
    }
    ReplyOutcome::Done
}

/// Everything but letters, digits and what never needs encoding.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The most bytes of settings in one address. Snom documents no limit; this one is ours.
const MAX_QUERY: usize = 1500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_to_a_page_is_a_success_and_one_to_https_or_the_login_is_none() {
        let redirect = |location: Option<&str>| {
            parse(&Reply {
                status: 302,
                location: location.map(str::to_owned),
                ..Reply::default()
            })
        };
        for page in [
            None,
            Some("/"),
            Some("/line_login.htm?a=b"),
            Some("http://192.0.2.7/index.htm"),
        ] {
            assert_eq!(redirect(page), ReplyOutcome::Done, "{page:?}");
        }
        let login = redirect(Some("/login.htm?a=b"));
        assert!(matches!(login, ReplyOutcome::Denied(words) if words.contains("http_user")));
        let https = redirect(Some("https://192.0.2.7/command.htm?key=1"));
        let ReplyOutcome::Rejected(words) = https else {
            panic!("{https:?}")
        };
        assert!(
            words.contains("https") && words.contains("tls = { pin"),
            "{words}"
        );
        assert!(words.chars().count() <= 200, "{words}");
    }
}
