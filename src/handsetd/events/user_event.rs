//! `UserEvent(Handset,Verb: push,Phone: 1001,Text: Hello)`: a request without a rule, for dialplans
//! that do not want to wait.

use handset_phones::verb::{Request, Verb};

use crate::history::Requester;
use crate::rules::Fact;

/// The request in a user event.
pub(super) struct UserEventRequest {
    /// The call that sent it.
    pub(super) requester: Requester,
    /// The verb; empty if missing.
    pub(super) verb: String,
    /// Keys and values, with keys in lower case.
    pub(super) keys: Vec<(String, String)>,
    /// The parsed request, or why it is invalid.
    pub(super) request: Result<Request, String>,
}

/// Reads the request of a user event `Handset`; `None` for any other event.
///
/// Keys are case-insensitive. Headers before the name of the event come from Asterisk (the channel and
/// its state, among them a `Priority` and a `Context`), those after it from the dialplan. Without
/// `Phone`, the request is for the phone of the channel.
pub(super) fn read(fact: &Fact) -> Option<UserEventRequest> {
    if !fact.name().eq_ignore_ascii_case("UserEvent.Handset") {
        return None;
    }
    let verb = fact
        .value("Verb")
        .map(|verb| verb.trim().to_ascii_lowercase());
    let keys = keys(fact, verb.as_deref().and_then(Verb::find));
    let request = match &verb {
        Some(verb) => {
            let pairs = keys
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str()));
            Request::parse(verb, pairs).map_err(|refusal| refusal.to_string())
        }
        None => Err("Verb is missing; add one, such as Verb: push".to_owned()),
    };
    Some(UserEventRequest {
        requester: requester(fact),
        verb: verb.unwrap_or_default(),
        keys,
        request,
    })
}

fn requester(fact: &Fact) -> Requester {
    let value = |name: &str| fact.value(name).unwrap_or_default();
    let (extension, context) = (value("Exten"), value("Context"));
    Requester::UserEvent {
        channel: value("Channel").to_owned(),
        extension: match context {
            "" => extension.to_owned(),
            context => format!("{extension}@{context}"),
        },
    }
}

fn keys(fact: &Fact, verb: Option<Verb>) -> Vec<(String, String)> {
    let headers = fact
        .values()
        .skip_while(|(name, _)| !name.eq_ignore_ascii_case("UserEvent"))
        .skip(1);
    // Unlike keys, the elements of a CSTA request are case-sensitive.
    let is_element = |key: &str| {
        verb.is_some_and(|verb| {
            verb.row().takes_elements && verb.row().key(&key.to_ascii_lowercase()).is_none()
        })
    };
    let key = |name: &str| match name {
        "ActionID" => "actionid".to_owned(),
        name if !name.eq_ignore_ascii_case("verb") && is_element(name) => name.to_owned(),
        name => name.to_ascii_lowercase(),
    };
    let mut pairs: Vec<(String, String)> = headers
        .map(|(name, value)| (key(name), value.to_owned()))
        .filter(|(key, _)| !matches!(key.as_str(), "verb" | "actionid"))
        .collect();
    if !pairs.iter().any(|(key, _)| key == "phone") {
        pairs.extend(
            fact.phone()
                .map(|phone| ("phone".to_owned(), phone.to_owned())),
        );
    }
    pairs
}

#[cfg(test)]
mod tests {
    use handset_phones::verb::{Action, Content, Control, Priority, Push};

    use super::*;

    /// Returns a user event as sent by a channel.
    fn event(headers: &[(&str, &str)]) -> Fact {
        let asterisk = [
            ("Event", "UserEvent"),
            ("Privilege", "user,all"),
            ("Channel", "PJSIP/1001-0000002a"),
            ("Context", "phones"),
            ("Exten", "700"),
            ("Priority", "1"),
            ("ChanVariable", "TONE=3"),
            ("UserEvent", "Handset"),
        ];
        let all = asterisk.iter().chain(headers);
        Fact::of_headers(all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
            .unwrap()
    }

    fn request(headers: &[(&str, &str)]) -> Result<Request, String> {
        read(&event(headers)).unwrap().request
    }

    #[test]
    fn user_events_carry_a_request() {
        let request = request(&[
            ("Verb", "push"),
            ("Phone", "1001"),
            ("Text", "Hello"),
            ("TITLE", "T"),
        ]);
        let request = request.unwrap();
        assert_eq!(request.phone.as_deref(), Some("1001"));
        let Action::Push(Push {
            content: Content::Screen(screen),
            ..
        }) = request.action
        else {
            panic!()
        };
        assert_eq!(screen.title.as_deref(), Some("T"));
    }

    #[test]
    fn requester_is_the_call_that_sent_the_event() {
        let user_event = read(&event(&[("Verb", "Push"), ("Text", "a")])).unwrap();
        assert_eq!(
            user_event.requester.to_string(),
            "user event of PJSIP/1001-0000002a at 700@phones"
        );
        assert_eq!(user_event.verb, "push");
        let keys = [("text", "a"), ("phone", "PJSIP/1001")];
        assert_eq!(
            user_event.keys,
            keys.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn phone_defaults_to_that_of_the_channel() {
        let request =
            request(&[("Verb", "push"), ("Text", "Hello"), ("Priority", "idle")]).unwrap();
        assert_eq!(request.phone.as_deref(), Some("PJSIP/1001"));
        let Action::Push(push) = request.action else {
            panic!()
        };
        assert_eq!(push.priority, Priority::Idle);
    }

    #[test]
    fn csta_elements_keep_their_case() {
        let request = request(&[
            ("Verb", "csta"),
            ("Request", "AnswerCall"),
            ("callToBeAnswered.callID", "-18"),
        ]);
        let Action::Control(Control::Csta(csta)) = request.unwrap().action else {
            panic!()
        };
        assert_eq!(csta.elements()[0].name(), "callToBeAnswered");
    }

    #[test]
    fn invalid_requests_are_reported_and_other_events_ignored() {
        assert!(
            request(&[("Text", "a")])
                .unwrap_err()
                .starts_with("Verb is missing")
        );
        assert!(
            request(&[("Verb", "pusch")])
                .unwrap_err()
                .starts_with("unknown verb \"pusch\"")
        );
        let wrong = request(&[("Verb", "push"), ("Text", "a"), ("Colour", "red")]);
        assert!(
            wrong
                .unwrap_err()
                .starts_with("unknown key \"colour\" of push")
        );
        let other = [("Event", "Hangup")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert!(read(&Fact::of_headers(other).unwrap()).is_none());
    }
}
