//! Interpretation of HTTP replies. Messages name the setting to change.
//!
//! The guides document only status 200; the others were observed. A 200 means that the phone accepted
//! the request, not that it acted on it.

use crate::vendor::{Reply, ReplyOutcome};

/// Interprets the reply to an action URI.
pub(super) fn done(reply: &Reply) -> ReplyOutcome {
    success(reply).map_or_else(|outcome| outcome, |_| ReplyOutcome::Done)
}

/// Returns a successful reply, or else its meaning.
pub(super) fn success(reply: &Reply) -> Result<&Reply, ReplyOutcome> {
    // The first request makes the phone ask its user, and is lost.
    let text = start(reply);
    if text.contains("remote control forbidden") {
        return Err(ReplyOutcome::Denied(
            "the phone asks «Allow remote control?»: press OK there and retry; its setting \
             features.show_action_uri_option = 0 avoids the question"
                .to_owned(),
        ));
    }
    match reply.status {
        200..=299 => confirmed(reply, &text).map(|()| reply),
        401 => Err(ReplyOutcome::Denied(
            "the phone refused the user name and password (HTTP 401); use those of its web \
             administrator; repeated failures lock handsetd out"
                .to_owned(),
        )),
        403 => Err(ReplyOutcome::Denied(
            "the phone forbids it (HTTP 403): its setting features.action_uri_limit_ip lacks \
             handsetd, features.action_uri.enable is 0, or the password is wrong"
                .to_owned(),
        )),
        _ => Err(other(reply)),
    }
}

/// Refuses a success that comes with a page for people: the phone wants a login, or is none.
fn confirmed(reply: &Reply, text: &str) -> Result<(), ReplyOutcome> {
    let asks = ["<form", "<input", "type=\"password\""];
    if asks.iter().any(|mark| text.contains(mark)) {
        return Err(ReplyOutcome::Denied(
            "the phone answered with its login page; use the user name and password of its web \
             administrator, and firmware that accepts action URIs"
                .to_owned(),
        ));
    }
    if reply.content_type.starts_with("application/json") || text.trim_start().starts_with('{') {
        return Err(ReplyOutcome::Unconfirmed(format!(
            "it answered {}, which Yealink phones do not; is one at this address and port?",
            reply.description()
        )));
    }
    Ok(())
}

/// Interprets the reply to a pushed document.
pub(super) fn pushed(reply: &Reply) -> ReplyOutcome {
    match reply.status {
        200..=299 => {
            confirmed(reply, &start(reply)).map_or_else(|outcome| outcome, |()| ReplyOutcome::Done)
        }
        401 => ReplyOutcome::Denied(
            "the phone refused the user name and password (HTTP 401); use its settings \
             push_xml.username and push_xml.password; repeated failures lock handsetd out"
                .to_owned(),
        ),
        403 => ReplyOutcome::Denied(
            "the phone does not allow it (HTTP 403): its setting push_xml.server lacks handsetd, \
             the password is wrong, or the user must confirm at the phone"
                .to_owned(),
        ),
        _ => other(reply),
    }
}

fn other(reply: &Reply) -> ReplyOutcome {
    ReplyOutcome::Rejected(match (reply.status, reply.https_advice()) {
        (404, _) => "the phone has no such page (HTTP 404)".to_owned(),
        (status, Some(advice)) => format!("the phone answered HTTP {status}: {advice}"),
        (status, None) => format!("the phone answered HTTP {status}"),
    })
}

/// Returns the start of a reply in lower case.
fn start(reply: &Reply) -> String {
    let start = reply.body.get(..MAX_SEARCH).unwrap_or(&reply.body);
    String::from_utf8_lossy(start).to_ascii_lowercase()
}

/// How far into a reply messages of the phone are searched, in bytes.
const MAX_SEARCH: usize = 4096;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            body: body.to_owned().into(),
            ..Reply::default()
        }
    }

    #[test]
    fn denials_name_the_setting_to_change() {
        for (status, body, part) in [
            (401, "", "web administrator"),
            (403, "", "features.action_uri_limit_ip"),
            (
                403,
                "<html>Remote control forbidden</html>",
                "show_action_uri_option",
            ),
            (200, "remote control Forbidden", "show_action_uri_option"),
        ] {
            let outcome = done(&reply(status, body));
            let ReplyOutcome::Denied(words) = outcome else {
                panic!("{status}: {outcome:?}")
            };
            assert!(words.contains(part), "{words}");
            // The dialplan gets 200 characters.
            assert!(words.chars().count() <= 200, "{words}");
        }
        assert!(matches!(done(&reply(200, "")), ReplyOutcome::Done));
        assert!(
            matches!(done(&reply(404, "")), ReplyOutcome::Rejected(words) if words.contains("no such page"))
        );
    }

    #[test]
    fn page_is_no_confirmation() {
        let login = reply(
            200,
            "<html><form action=/login><input type=\"password\"></form>",
        );
        let json = Reply {
            content_type: "application/json".to_owned(),
            ..reply(200, "{\"a\": 1}")
        };
        for outcome in [done(&login), pushed(&login)] {
            assert!(matches!(outcome, ReplyOutcome::Denied(_)), "{outcome:?}");
        }
        for outcome in [done(&json), pushed(&json)] {
            assert!(
                matches!(outcome, ReplyOutcome::Unconfirmed(_)),
                "{outcome:?}"
            );
        }
        let to_https = Reply {
            location: Some("https://192.0.2.7/".to_owned()),
            ..reply(302, "")
        };
        for outcome in [done(&to_https), pushed(&to_https)] {
            assert!(matches!(outcome, ReplyOutcome::Rejected(words) if words.contains("tls")));
        }
    }

    proptest! {
        #[test]
        fn any_reply_is_interpreted(status in 100_u16..600, body in any::<Vec<u8>>()) {
            let reply = Reply { status, body: body.into(), ..Reply::default() };
            let is_done = matches!(done(&reply), ReplyOutcome::Done);
            prop_assert!(!is_done || (200..300).contains(&status));
            let _ = pushed(&reply);
        }
    }
}
