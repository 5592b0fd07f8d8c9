//! What the phone's web server means by its answers, in words that name the setting that cures it.
//!
//! The guides tell of no statuses but 200; the rest is what others have met. A 200 says that the
//! phone has taken something, not that it has done it.

use crate::vendor::{Reply, ReplyOutcome};

/// Reads the answer to an action URI.
pub(super) fn done(reply: &Reply) -> ReplyOutcome {
    good(reply).map_or_else(|verdict| verdict, |_| ReplyOutcome::Done)
}

/// Lets an answer pass that is good, or says what it means.
pub(super) fn good(reply: &Reply) -> Result<&Reply, ReplyOutcome> {
    // Whoever asks first raises a question at the phone, and that request is lost.
    let start = reply.body.get(..MAX_WORDS).unwrap_or(&reply.body);
    let words = String::from_utf8_lossy(start).to_ascii_lowercase();
    if words.contains("remote control forbidden") {
        return Err(ReplyOutcome::Denied(
            "the phone asks «Allow remote control?»: press OK there, then ask again; its setting \
             features.show_action_uri_option = 0 spares that"
                .to_owned(),
        ));
    }
    match reply.status {
        200..=299 => Ok(reply),
        401 => Err(ReplyOutcome::Denied(
            "the phone refused the user name and password (HTTP 401); they are those of its web \
             administrator, and it locks us out if this repeats"
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

/// Reads the answer to a pushed document.
pub(super) fn pushed(reply: &Reply) -> ReplyOutcome {
    match reply.status {
        200..=299 => ReplyOutcome::Done,
        401 => ReplyOutcome::Denied(
            "the phone refused the user name and password (HTTP 401); they are its settings \
             push_xml.username and push_xml.password, and it locks us out if this repeats"
                .to_owned(),
        ),
        403 => ReplyOutcome::Denied(
            "the phone does not allow it (HTTP 403): handsetd's address must be in its setting \
             push_xml.server, or the password is wrong, or someone must confirm at the phone"
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

/// As far into an answer as the phone's own words are looked for.
const MAX_WORDS: usize = 1024;

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
    fn refusals_name_the_setting_that_cures_them() {
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
            let verdict = done(&reply(status, body));
            let ReplyOutcome::Denied(words) = verdict else {
                panic!("{status}: {verdict:?}")
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
        fn any_answer_is_read(status in 100_u16..600, body in any::<Vec<u8>>()) {
            let reply = Reply { status, body: body.into(), ..Reply::default() };
            let is_done = matches!(done(&reply), ReplyOutcome::Done);
            prop_assert_eq!(is_done, (200..300).contains(&status));
            let _ = pushed(&reply);
        }
    }
}
