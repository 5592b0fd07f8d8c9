//! `UserEvent(Handset,Verb: push,Phone: 1001,Text: Hello)`: a request without a rule, for dialplans
//! that do not want to wait.

use crate::rules::Fact;
use crate::verb::{Request, Verb};

/// Reads what a user event asks for; `None` if it is another event, else the request or what is
/// wrong with it.
///
/// Keys are written in any case. What stands before the name of the event is Asterisk's (the channel
/// and its state, among it a `Priority` and a `Context`); what follows is the dialplan's. Without
/// `Phone` it is the phone of the channel.
pub(super) fn read(fact: &Fact) -> Option<Result<Request, String>> {
    if !fact.name().eq_ignore_ascii_case("UserEvent.Handset") {
        return None;
    }
    Some(request(fact))
}

fn request(fact: &Fact) -> Result<Request, String> {
    let name = fact
        .value("Verb")
        .ok_or("Verb is missing; write Verb: push")?;
    let name = name.trim().to_ascii_lowercase();
    let own = fact
        .values()
        .skip_while(|(name, _)| !name.eq_ignore_ascii_case("UserEvent"))
        .skip(1);
    // Keys are written in any case, but the elements of a CSTA request are not.
    let verb = Verb::find(&name);
    let is_element = |key: &str| {
        verb.is_some_and(|verb| {
            verb.row().open && verb.row().key(&key.to_ascii_lowercase()).is_none()
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
    Request::parse(&name, pairs).map_err(|refusal| refusal.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verb::{Action, Content, Control, Priority, Push};

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
        read(&event(headers)).unwrap()
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
                .starts_with("\"pusch\" is no verb")
        );
        let wrong = request(&[("Verb", "push"), ("Text", "a"), ("Colour", "red")]);
        assert!(
            wrong
                .unwrap_err()
                .starts_with("\"colour\" is no key of push")
        );
        let other = [("Event", "Hangup")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert!(read(&Fact::of_headers(other).unwrap()).is_none());
    }
}
