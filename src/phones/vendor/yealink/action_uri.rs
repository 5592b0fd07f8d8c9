//! Action URIs: `key=…`, the same words in the query of a request and in the body of a NOTIFY.
//!
//! Serialized by hand, since phones expect `key` first, no trailing `&`, and unencoded `;`, `=` and `:`.
//! All parts are validated, so a number can neither end a parameter nor start another.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::screen::Number;

/// An action URI.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ActionUri(Action);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Action {
    /// A number and the account to call from.
    Dial(String, Option<OutgoingUri>),
    /// The value of `key`.
    Key(String),
}

impl ActionUri {
    /// Presses keys in order.
    pub(super) fn keys(keys: &[String]) -> Self {
        Self(Action::Key(keys.join(";")))
    }

    /// Runs a command without arguments.
    pub(super) fn command(name: &'static str) -> Self {
        Self(Action::Key(name.to_owned()))
    }

    /// Runs a command with a number.
    pub(super) fn with_number(name: &'static str, number: &Number) -> Self {
        Self(Action::Key(format!("{name}={}", strip_scheme(number))))
    }

    /// Runs a command with a number and a delay in seconds.
    pub(super) fn with_delay(name: &'static str, number: &Number, seconds: u64) -> Self {
        Self(Action::Key(format!(
            "{name}={}={seconds}",
            strip_scheme(number)
        )))
    }

    /// Runs a command on a call.
    pub(super) fn of_call(name: &'static str, call: u64) -> Self {
        Self(Action::Key(format!("{name}:{call}")))
    }

    /// Calls a number, optionally from a certain account.
    pub(super) fn dial(number: &Number, from: Option<OutgoingUri>) -> Self {
        Self(Action::Dial(strip_scheme(number).to_owned(), from))
    }

    /// Serializes the URI as a query.
    pub(super) fn query(&self) -> String {
        let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
        match &self.0 {
            Action::Dial(number, None) => format!("key=number={}", encode(number)),
            Action::Dial(number, Some(OutgoingUri(from))) => {
                format!(
                    "key=number={}&outgoing_uri={}",
                    encode(number),
                    encode(from)
                )
            }
            Action::Key(key) => format!("key={}", encode(key)),
        }
    }

    /// Serializes the URI as the body of a NOTIFY, where numbers have no `key=`.
    pub(super) fn body(&self) -> String {
        match &self.0 {
            Action::Dial(number, None) => format!("number={number}"),
            Action::Dial(number, Some(OutgoingUri(from))) => {
                format!("number={number}&outgoing_uri=sip:{from}")
            }
            Action::Key(key) => format!("key={key}"),
        }
    }
}

/// An account in the notation of the phone, `USER@SERVER`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct OutgoingUri(String);

impl OutgoingUri {
    /// Parses an account reported by a phone.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "*+.@:_~!-".contains(c);
        let (user, server) = text.split_once('@')?;
        let good = !user.is_empty() && !server.is_empty() && text.len() <= MAX_OUTGOING;
        (good && text.chars().all(fits)).then(|| Self(text.to_owned()))
    }
}

/// Strips the scheme that web pages put before a number.
fn strip_scheme(number: &Number) -> &str {
    let text = number.as_str();
    ["tel:", "callto:"]
        .iter()
        .find_map(|scheme| {
            let start = text.get(..scheme.len())?;
            let rest = text.get(scheme.len()..)?;
            (start.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
        })
        .unwrap_or(text)
}

/// Characters to encode in the query: a `#` would end the URL, a `+` would be a space.
const RESERVED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\');

const MAX_OUTGOING: usize = 128;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_serialized_as_query_and_body() {
        let from = OutgoingUri::parse("1006@10.3.5.199");
        let uri = ActionUri::dial(&number("tel:+49 30#*1"), from);
        assert_eq!(
            uri.query(),
            "key=number=%2B4930%23*1&outgoing_uri=1006@10.3.5.199"
        );
        assert_eq!(
            uri.body(),
            "number=+4930#*1&outgoing_uri=sip:1006@10.3.5.199"
        );
        let uri = ActionUri::with_delay("NoAnswFwdOn", &number("1001"), 24);
        assert_eq!(uri.query(), "key=NoAnswFwdOn=1001=24");
        assert_eq!(uri.body(), "key=NoAnswFwdOn=1001=24");
        let keys = ["F1".to_owned(), "*".to_owned(), "POUND".to_owned()];
        assert_eq!(ActionUri::keys(&keys).query(), "key=F1;*;POUND");
        assert_eq!(ActionUri::of_call("ASW", 33093).body(), "key=ASW:33093");
    }

    #[test]
    fn outgoing_uri_is_an_account() {
        assert!(OutgoingUri::parse("1001@pbx.example.com:5060").is_some());
        for text in ["", "1001", "@pbx", "1001@", "1@p&key=Reset", "1@p;2", "ü@p"] {
            assert_eq!(OutgoingUri::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_cannot_inject_parameters_or_keys(text in any::<String>(), outgoing_uri in any::<String>()) {
            if let Ok(number) = text.parse() {
                let query = ActionUri::dial(&number, OutgoingUri::parse(&outgoing_uri)).query();
                prop_assert!(query.starts_with("key=number="));
                prop_assert!(!query.contains([';', '#', '+', ' ', '"']));
                prop_assert!(query.matches('&').count() <= 1);
            }
        }
    }
}
