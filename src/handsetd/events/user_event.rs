//! `UserEvent(Handset,Verb: push,Phone: 1001,Text: Hello)`: a request without a rule, for dialplans
//! that do not want to wait.

use crate::history::Requester;
use crate::rules::Fact;
use handset_phones::verb::{Request, Verb};

/// What a user event asks for.
pub(super) struct UserEventRequest {
    /// Whose call it is.
    pub(super) asker: Requester,
    /// The verb; empty if none is named.
    pub(super) verb: String,
    /// The keys and values.
    pub(super) keys: Vec<(String, String)>,
    /// The request, or what is wrong with it.
    pub(super) request: Result<Request, String>,
}

/// Reads what a user event asks for; `None` if it is another event.
///
/// Keys are written in any case. What stands before the name of the event is Asterisk's (the channel
/// and its state, among it a `Priority` and a `Context`); what follows is the dialplan's. Without
/// `Phone` it is the phone of the channel.
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
        None => Err("Verb is missing; write Verb: push".to_owned()),
    };
    Some(UserEventRequest {
        asker: asker(fact),
        verb: verb.unwrap_or_default(),
        keys,
        request,
    })
}

fn asker(fact: &Fact) -> Requester {
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
    let own = fact
        .values()
        .skip_while(|(name, _)| !name.eq_ignore_ascii_case("UserEvent"))
        .skip(1);
    // Keys are written in any case, but the elements of a CSTA request are not.
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
    let mut pairs: Vec<(String, String)> = own
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
    use super::*;
    use handset_phones::verb::{Action, Content, Control, Priority, Push};

    /// A user event as the dialplan sends it from a channel.
    fn event(headers: &[(&str, &str)]) -> Fact {
        let usual = [
            ("Event", "UserEvent"),
            ("Privilege", "user,all"),
            ("Channel", "PJSIP/1001-0000002a"),
            ("Context", "phones"),
            ("Exten", "700"),
            ("Priority", "1"),
            ("ChanVariable", "TONE=3"),
            ("UserEvent", "Handset"),
        ];
        let all = usual.iter().chain(headers);
        Fact::of_headers(all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
            .unwrap()
    }

    fn request(headers: &[(&str, &str)]) -> Result<Request, String> {
        read(&event(headers)).unwrap().request
    }

    #[test]
    fn a_user_event_asks_by_itself() {
        let asked = request(&[
            ("Verb", "push"),
            ("Phone", "1001"),
            ("Text", "Hello"),
            ("TITLE", "T"),
        ]);
        let asked = asked.unwrap();
        assert_eq!(asked.phone.as_deref(), Some("1001"));
        let Action::Push(Push {
            content: Content::Screen(screen),
            ..
        }) = asked.action
        else {
            panic!()
        };
        assert_eq!(screen.title.as_deref(), Some("T"));
    }

    #[test]
    fn who_asked_is_the_call_that_sent_it() {
        let wish = read(&event(&[("Verb", "Push"), ("Text", "a")])).unwrap();
        assert_eq!(
            wish.asker.to_string(),
            "user event of PJSIP/1001-0000002a at 700@phones"
        );
        assert_eq!(wish.verb, "push");
        let keys = [("text", "a"), ("phone", "PJSIP/1001")];
        assert_eq!(
            wish.keys,
            keys.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn without_a_phone_it_is_the_channels() {
        let asked = request(&[("Verb", "push"), ("Text", "Hello"), ("Priority", "idle")]).unwrap();
        assert_eq!(asked.phone.as_deref(), Some("PJSIP/1001"));
        let Action::Push(push) = asked.action else {
            panic!()
        };
        assert_eq!(push.priority, Priority::Idle);
    }

    #[test]
    fn elements_of_a_csta_request_keep_their_case() {
        let asked = request(&[
            ("Verb", "csta"),
            ("Request", "AnswerCall"),
            ("callToBeAnswered.callID", "-18"),
        ]);
        let Action::Control(Control::Csta(csta)) = asked.unwrap().action else {
            panic!()
        };
        assert_eq!(csta.elements()[0].name(), "callToBeAnswered");
    }

    #[test]
    fn what_is_wrong_is_said_and_other_events_are_none_of_ours() {
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
