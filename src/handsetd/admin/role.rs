//! What users of the admin server may do.

use std::fmt;

use handset_phones::screen::{Body, Screen, Source, Submit, Target};
use handset_phones::verb::{Action, Content, Control, Mode, Request, Tone, Verb};
use serde::Deserialize;

/// What a user may do. A higher role may do all that a lower one may.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// See everything.
    Read,
    /// Make the requests that a user of the phone could make, and cancel them.
    Send,
    /// Do everything.
    Admin,
}

impl Role {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Send => "send",
            Self::Admin => "admin",
        }
    }

    /// Returns the role that some use of `verb` requires.
    ///
    /// What changes, restarts or replaces the phone's configuration or firmware is for
    /// administrators, and so is what can do all that: key presses reach every menu, and vendor's
    /// commands and NOTIFYs do whatever the phone understands.
    pub(super) const fn for_verb(verb: Verb) -> Self {
        match verb {
            Verb::Csta
            | Verb::Execute
            | Verb::Firmware
            | Verb::Key
            | Verb::Notify
            | Verb::Reboot
            | Verb::Resync
            | Verb::Settings => Self::Admin,
            Verb::Answer
            | Verb::Background
            | Verb::Clear
            | Verb::Dial
            | Verb::Display
            | Verb::Dnd
            | Verb::Dtmf
            | Verb::Forward
            | Verb::Hangup
            | Verb::Hold
            | Verb::Info
            | Verb::Led
            | Verb::Login
            | Verb::Logout
            | Verb::Ping
            | Verb::Push
            | Verb::Resume
            | Verb::Ring
            | Verb::Ringtone
            | Verb::Stream
            | Verb::Transfer
            | Verb::Who => Self::Send,
            Verb::Screenshot => Self::Read,
        }
    }

    /// Returns the role that `request` requires, and what in it does.
    ///
    /// A vendor's document can hold any of the vendor's commands, and a document from a URL is one,
    /// so that a push with one requires what the verb `execute` requires. Likewise for a tone from a
    /// URL: an enterprise Cisco phone executes whatever document it gets from there.
    pub(super) fn for_request(request: &Request) -> (Self, String) {
        let verb = request.verb;
        let key = match &request.action {
            Action::Push(push) => match &push.content {
                Content::Document(_) => Some("xml"),
                Content::Url(_) => Some("url"),
                Content::Screen(screen) => key_with_url(screen),
                Content::Template { .. } => None,
            },
            Action::Ring(Tone::Source(Source::Url(_))) => Some("a URL in tone"),
            // It sends what the microphone hears.
            Action::Control(Control::Stream(stream)) if stream.mode != Mode::Receive => {
                Some("mode=send or both")
            }
            _ => None,
        };
        match key {
            Some(key) => (Self::Admin, format!("{verb} with {key}")),
            None => (Self::for_verb(verb), verb.to_string()),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Returns the key whose value makes the phone fetch a document from elsewhere.
fn key_with_url(screen: &Screen) -> Option<&'static str> {
    let is_url = |target: &Target| matches!(target, Target::Url(_));
    match &screen.body {
        Body::Form {
            submit: Submit::Url(_),
            ..
        } => return Some("submit"),
        Body::Menu(items) if items.iter().any(|item| is_url(&item.target)) => {
            return Some("a URL in item");
        }
        _ => {}
    }
    screen
        .softkeys
        .iter()
        .any(|softkey| is_url(&softkey.target))
        .then_some("a URL in softkey")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(verb: &str, pairs: &[(&str, &str)]) -> Role {
        let request = Request::parse(verb, pairs.iter().copied()).unwrap();
        Role::for_request(&request).0
    }

    #[test]
    fn roles_are_ordered() {
        assert!(Role::Read < Role::Send && Role::Send < Role::Admin);
    }

    #[test]
    fn microphones_are_for_administrators() {
        let role = |mode| role("stream", &[("address", "192.0.2.9:20480"), ("mode", mode)]);
        assert_eq!(
            ["receive", "send", "both"].map(role),
            [Role::Send, Role::Admin, Role::Admin]
        );
    }

    #[test]
    fn whatever_can_hold_commands_is_for_administrators() {
        for (key, value) in [
            ("xml", "<CiscoIPPhoneExecute/>"),
            ("url", "http://192.0.2.9/a.xml"),
            ("item", "A|http://192.0.2.9/a.xml"),
            ("softkey", "A|https://192.0.2.9/a.xml"),
        ] {
            let text = (key == "softkey").then_some(("text", "a"));
            let pairs: Vec<_> = text.into_iter().chain([(key, value)]).collect();
            assert_eq!(role("push", &pairs), Role::Admin, "{key}");
        }
        let form = [("input", "A|a|text"), ("submit", "http://192.0.2.9/")];
        assert_eq!(role("push", &form), Role::Admin);
        // Its values become events, which only administrators see.
        assert_eq!(role("push", &form[..1]), Role::Send);
        assert_eq!(role("push", &[("item", "A|page:menu")]), Role::Send);
        for (key, value) in [("text", "a"), ("item", "A|dial:1"), ("image", "a.png")] {
            assert_eq!(role("push", &[(key, value)]), Role::Send, "{key}");
        }
        let from_elsewhere = [("tone", "http://192.0.2.9/a.wav")];
        assert_eq!(role("ring", &from_elsewhere), Role::Admin);
        assert_eq!(role("ringtone", &from_elsewhere), Role::Send);
        for tone in ["bell.wav", "3"] {
            assert_eq!(role("ring", &[("tone", tone)]), Role::Send, "{tone}");
        }
        assert_eq!(role("reboot", &[]), Role::Admin);
        assert_eq!(role("settings", &[("get", "a")]), Role::Admin);
    }
}
