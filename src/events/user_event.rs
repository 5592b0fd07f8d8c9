//! `UserEvent(Handset,Verb: push,Phone: 1001,Text: Hello)`: a request without a rule, for dialplans
//! that do not want to wait.

use crate::rules::Fact;
use crate::verb::{Request, Verb};

/// Reads what a user event asks for; `None` if it is another event, else the request or what is
/// wrong with it.
///
/// Keys are written in any case. What Asterisk itself adds to a user event (the channel and its
/// state) is passed over; without `Phone` it is the phone of that channel.
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
    let verb = Verb::find(&name);
    let mut pairs = Vec::new();
    for (name, value) in fact.values() {
        let key = name.to_ascii_lowercase();
        let is_key = verb.is_none_or(|verb| verb.row().key(&key).is_some());
        if is_key && key != "verb" || !is_key && !is_asterisks(name) {
            pairs.push((key, value.to_owned()));
        }
    }
    if verb.is_some() && !pairs.iter().any(|(key, _)| key == "phone") {
        pairs.extend(
            fact.phone()
                .map(|phone| ("phone".to_owned(), phone.to_owned())),
        );
    }
    Request::parse(&name, pairs).map_err(|refusal| refusal.to_string())
}

/// Whether Asterisk adds this header to user events by itself.
fn is_asterisks(name: &str) -> bool {
    OWN.iter().any(|own| own.eq_ignore_ascii_case(name)) || name.starts_with("ChanVariable")
}

const OWN: [&str; 26] = [
    "AccountCode",
    "ActionID",
    "CallerIDName",
    "CallerIDNum",
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "ConnectedLineName",
    "ConnectedLineNum",
    "Context",
    "Event",
    "Exten",
    "File",
    "Func",
    "Language",
    "Line",
    "Linkedid",
    "Priority",
    "Privilege",
    "SequenceNumber",
    "SystemName",
    "TenantID",
    "Timestamp",
    "Uniqueid",
    "UserEvent",
    "Verb",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verb::{Action, Content, Push};

    fn event(headers: &[(&str, &str)]) -> Fact {
        let usual = [
            ("Event", "UserEvent"),
            ("Privilege", "user,all"),
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
        let channel = [
            ("Channel", "PJSIP/1001-0000002a"),
            ("ChannelState", "6"),
            ("Exten", "700"),
            ("Language", "en"),
            ("Verb", "push"),
            ("Text", "Hello"),
        ];
        assert_eq!(
            request(&channel).unwrap().phone.as_deref(),
            Some("PJSIP/1001")
        );
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
