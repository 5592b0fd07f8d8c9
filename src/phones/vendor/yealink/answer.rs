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
    let start = reply.body.get(..MAX_SEARCH).unwrap_or(&reply.body);
    let text = String::from_utf8_lossy(start).to_ascii_lowercase();
    if text.contains("remote control forbidden") {
        return Err(ReplyOutcome::Denied(
            "the phone asks «Allow remote control?»: press OK there and retry; its setting \
             features.show_action_uri_option = 0 avoids the question"
                .to_owned(),
        ));
    }
    match reply.status {
        200..=299 => Ok(reply),
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
        status => Err(other(status)),
    }
}

/// Interprets the reply to a pushed document.
pub(super) fn pushed(reply: &Reply) -> ReplyOutcome {
    match reply.status {
        200..=299 => ReplyOutcome::Done,
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
        status => other(status),
    }
}

fn other(status: u16) -> ReplyOutcome {
    ReplyOutcome::Rejected(match status {
        404 => "the phone has no such page (HTTP 404)".to_owned(),
        status => format!("the phone answered HTTP {status}"),
    })
}

/// How far into a reply messages of the phone are searched, in bytes.
const MAX_SEARCH: usize = 1024;

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

    proptest! {
        #[test]
        fn any_reply_is_interpreted(status in 100_u16..600, body in any::<Vec<u8>>()) {
            let reply = Reply { status, body: body.into(), ..Reply::default() };
            let is_done = matches!(done(&reply), ReplyOutcome::Done);
            prop_assert_eq!(is_done, (200..300).contains(&status));
            let _ = pushed(&reply);
        }
    }
}
