//! `UserEvent(Handset,Verb: push,Phone: 1001,Text: Hello)`: a request without a rule, for dialplans
//! that do not want to wait.

use std::collections::HashSet;

use handset_net::text;
use handset_phones::Given;
use handset_phones::verb::{Refusal, Request, Verb};

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
/// its state, among them a `Priority` and a `Context`), those after it from the dialplan. `Query` holds
/// keys and values as the query of a URL; a header takes precedence. Without `Phone`, the request is
/// for the phone of the channel.
pub(super) fn read(fact: &Fact) -> Option<UserEventRequest> {
    if !fact.name().eq_ignore_ascii_case("UserEvent.Handset") {
        return None;
    }
    let (verb, mut keys) = keys(fact);
    let is_named = keys.iter().any(|(key, _)| key == PHONE);
    let default = fact.phone().filter(|_| !is_named);
    let request = match &verb {
        // An empty line in a value ends the event for its readers.
        Some(_) if fact.values().any(|(_, value)| value.ends_with('\n')) => {
            Err("the event was cut at an empty line; send Query: text=${URIENCODE(…)}".to_owned())
        }
        Some(verb) => parse(verb, &keys, default).map_err(|refusal| refusal.to_string()),
        None => Err("Verb is missing; add one, such as Verb: push".to_owned()),
    };
    keys.extend(default.map(|phone| (PHONE.to_owned(), phone.to_owned())));
    Some(UserEventRequest {
        requester: requester(fact),
        verb: verb.unwrap_or_default(),
        keys,
        request,
    })
}

/// Parses the keys of the dialplan, and the phone of the channel, which is one whatever its name.
fn parse(verb: &str, keys: &[(String, String)], default: Option<&str>) -> Result<Request, Refusal> {
    let written = keys
        .iter()
        .map(|(key, value)| (key.as_str(), Given::written(value)));
    let default = default.map(|phone| (PHONE, Given::inserted(phone)));
    Request::parse_given(verb.parse()?, written.chain(default))
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

/// Returns the verb, and the keys with their values.
fn keys(fact: &Fact) -> (Option<String>, Vec<(String, String)>) {
    let headers = fact
        .values()
        .skip_while(|(name, _)| !name.eq_ignore_ascii_case("UserEvent"))
        .skip(1)
        .filter(|(name, _)| *name != "ActionID");
    let (queries, headers): (Vec<_>, Vec<_>) =
        headers.partition(|(name, _)| name.eq_ignore_ascii_case("Query"));
    let query: Vec<(String, String)> = queries
        .iter()
        .flat_map(|(_, query)| text::query(query))
        .collect();
    let query = query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));

    let is_verb = |name: &str| name.eq_ignore_ascii_case("verb");
    let verb = headers.iter().copied().chain(query.clone());
    let verb = verb
        .clone()
        .find(|(name, _)| is_verb(name))
        .map(|(_, verb)| verb.trim().to_ascii_lowercase());
    let known = verb.as_deref().and_then(Verb::find);
    let keyed = |(name, value): (&str, &str)| {
        (!is_verb(name)).then(|| (Key::parse(name, known), value.to_owned()))
    };
    let mut headers: Vec<_> = headers.into_iter().filter_map(keyed).collect();
    headers.sort_by_key(|(key, _)| key.number);
    let replaced: HashSet<String> = headers.iter().map(|(key, _)| key.name.clone()).collect();
    let mut pairs: Vec<_> = query
        .filter_map(keyed)
        .filter(|(key, _)| !replaced.contains(&key.name))
        .collect();
    pairs.append(&mut headers);
    let pairs = pairs
        .into_iter()
        .map(|(key, value)| (key.name, value))
        .collect();
    (verb, pairs)
}

/// The key that a header stands for.
struct Key {
    name: String,
    /// The number after the name of a key that repeats, else 0. Asterisk passes on only the last of
    /// several headers with one name, so each has its own: `Item1`, `Item2`.
    number: u32,
}

impl Key {
    fn parse(header: &str, verb: Option<Verb>) -> Self {
        let lower = header.to_ascii_lowercase();
        let Some(row) = verb.map(Verb::row) else {
            return Self::of(lower, 0);
        };
        if row.key(&lower).is_some() {
            return Self::of(lower, 0);
        }
        let base = lower.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = lower
            .get(base.len()..)
            .and_then(|digits| digits.parse().ok());
        match number {
            Some(number)
                if row
                    .key(base)
                    .is_some_and(handset_phones::verb::Key::is_repeatable) =>
            {
                Self::of(base.to_owned(), number)
            }
            // Unlike keys, the elements of a CSTA request are case-sensitive.
            _ if row.takes_elements => Self::of(header.to_owned(), 0),
            _ => Self::of(lower, 0),
        }
    }

    fn of(name: String, number: u32) -> Self {
        Self { name, number }
    }
}

const PHONE: &str = "phone";

#[cfg(test)]
mod tests {
    use handset_phones::phone::PhoneNames;
    use handset_phones::screen::{Body, Screen};
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
        assert_eq!(request.phone.unwrap().to_string(), "1001");
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
        assert_eq!(request.phone, Some(PhoneNames::inserted("PJSIP/1001")));
        let Action::Push(push) = request.action else {
            panic!()
        };
        assert_eq!(push.priority, Priority::Idle);
    }

    fn screen(headers: &[(&str, &str)]) -> Screen {
        match request(headers).unwrap().action {
            Action::Push(Push {
                content: Content::Screen(screen),
                ..
            }) => screen,
            other => panic!("{other:?}"),
        }
    }

    fn labels(screen: &Screen) -> Vec<&str> {
        match &screen.body {
            Body::Menu(items) => items.iter().map(|item| item.label.as_str()).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn blanks_after_commas_are_dropped() {
        let screen = screen(&[(" Verb", "push"), ("  Text", "Hello"), (" Title", "T")]);
        assert_eq!(screen.body, Body::Text("Hello".to_owned()));
        assert_eq!(screen.title.as_deref(), Some("T"));
    }

    #[test]
    fn key_repeats_with_a_number() {
        let headers = [
            ("Verb", "push"),
            ("Item10", "J|dial:10"),
            ("Item2", "B|dial:2"),
            ("ITEM1", "A|dial:1"),
            ("Softkey1", "Close|exit"),
        ];
        let screen = screen(&headers);
        assert_eq!(labels(&screen), ["A", "B", "J"]);
        assert_eq!(screen.softkeys.len(), 1);
        let written = request(&[("Verb", "settings"), ("Set2", "b=2"), ("Set1", "a=1")]);
        let Action::Control(Control::Settings(settings)) = written.unwrap().action else {
            panic!()
        };
        assert_eq!(settings.set[0].name.as_str(), "a");
    }

    #[test]
    fn value_of_several_lines_arrives_whole_or_is_refused() {
        let event = |text: &[u8]| {
            let start = b"Event: UserEvent\r\nUserEvent: Handset\r\nVerb: push\r\nPhone: 1001\r\n";
            let event = handset_ami::Event::parse(&[start, text].concat()).unwrap();
            read(&Fact::from(event)).unwrap()
        };
        let whole = event(b"Text: first\nsecond\nTitle: no\r\nTitle: T\xfcr\r\n");
        assert_eq!(whole.keys[1].1, "first\nsecond\nTitle: no");
        assert_eq!(whole.keys[2].1, "Tür");
        assert!(whole.request.is_ok());
        let cut = event(b"Text: first\n").request.unwrap_err();
        assert!(cut.ends_with("send Query: text=${URIENCODE(…)}"), "{cut}");
    }

    #[test]
    fn only_keys_that_repeat_take_a_number() {
        for (header, key) in [("Text1", "text1"), ("Item1a", "item1a"), ("1", "1")] {
            let refused = request(&[("Verb", "push"), (header, "a")]).unwrap_err();
            assert!(refused.starts_with("unknown key "), "{refused}");
            assert!(refused.contains(key), "{refused}");
        }
        let huge = request(&[("Verb", "push"), ("Item99999999999", "A|exit")]);
        assert!(huge.unwrap_err().starts_with("unknown key "));
    }

    #[test]
    fn query_holds_all_keys() {
        let query = "title=Hello%2C+you&text=a%0Ab%20%26%20c&phone=1001";
        let screen = screen(&[("Verb", "push"), ("Query", query)]);
        assert_eq!(screen.title.as_deref(), Some("Hello, you"));
        assert_eq!(screen.body, Body::Text("a\nb & c".to_owned()));
        let menu = "verb=push&item=A%7Cdial:1&item=B%7Cdial:2&title=T";
        let screen = self::screen(&[("Query", menu), ("Title", "Mine")]);
        assert_eq!(labels(&screen), ["A", "B"]);
        assert_eq!(screen.title.as_deref(), Some("Mine"));
        let wrong = request(&[("Verb", "push"), ("Query", "text=a&titel=b")]);
        assert_eq!(wrong.unwrap_err(), "unknown key titel; did you mean title?");
    }

    #[test]
    fn phone_of_a_strange_channel_is_one_phone() {
        // Callers who may dial any number choose the name of a local channel.
        let headers = [
            ("Event", "UserEvent"),
            ("Channel", "Local/1001&all@phones-00000001;2"),
            ("UserEvent", "Handset"),
            ("Verb", "clear"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = read(&Fact::of_headers(headers).unwrap()).unwrap().request;
        let refused = request.unwrap_err();
        let expected = "phone: invalid name \"Local/1001&all@phones\"";
        assert!(refused.starts_with(expected), "{refused}");
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
