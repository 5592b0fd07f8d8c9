//! Action URIs: `key=…`, the same words in the query of a request and in the body of a NOTIFY.
//!
//! Written by hand: the phone wants `key` first, no `&` at the end, and its `;`, `=` and `:` as they
//! are. They are made of checked parts only, so nothing in a number ends one or begins another.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::screen::Number;

/// What a phone is to do, as an action URI.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ActionUri(Deed);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Deed {
    /// A number, and the account that calls it.
    Dial(String, Option<OutgoingUri>),
    /// What stands behind `key=`.
    Key(String),
}

impl ActionUri {
    /// Does what a key or a command does, or several in order.
    pub(super) fn keys(keys: &[String]) -> Self {
        Self(Deed::Key(keys.join(";")))
    }

    /// Does what a command without arguments does.
    pub(super) fn command(name: &'static str) -> Self {
        Self(Deed::Key(name.to_owned()))
    }

    /// Does what a command does with a number.
    pub(super) fn with_number(name: &'static str, number: &Number) -> Self {
        Self(Deed::Key(format!("{name}={}", dialled(number))))
    }

    /// Does what a command does with a number after some seconds.
    pub(super) fn after(name: &'static str, number: &Number, seconds: u64) -> Self {
        Self(Deed::Key(format!("{name}={}={seconds}", dialled(number))))
    }

    /// Does what a command does with one call.
    pub(super) fn of_call(name: &'static str, call: u64) -> Self {
        Self(Deed::Key(format!("{name}:{call}")))
    }

    /// Calls a number, from an account if it matters which.
    pub(super) fn dial(number: &Number, from: Option<OutgoingUri>) -> Self {
        Self(Deed::Dial(dialled(number).to_owned(), from))
    }

    /// Writes it as a query.
    pub(super) fn query(&self) -> String {
        let written = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
        match &self.0 {
            Deed::Dial(number, None) => format!("key=number={}", written(number)),
            Deed::Dial(number, Some(OutgoingUri(from))) => {
                format!(
                    "key=number={}&outgoing_uri={}",
                    written(number),
                    written(from)
                )
            }
            Deed::Key(key) => format!("key={}", written(key)),
        }
    }

    /// Writes it as the body of a NOTIFY, where a number stands without `key=`.
    pub(super) fn body(&self) -> String {
        match &self.0 {
            Deed::Dial(number, None) => format!("number={number}"),
            Deed::Dial(number, Some(OutgoingUri(from))) => {
                format!("number={number}&outgoing_uri=sip:{from}")
            }
            Deed::Key(key) => format!("key={key}"),
        }
    }
}

/// An account of the phone as it calls it itself, `USER@SERVER`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct OutgoingUri(String);

impl OutgoingUri {
    /// Reads what a phone tells; `None` if that could be anything but an account.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "*+.@:_~!-".contains(c);
        let (user, server) = text.split_once('@')?;
        let good = !user.is_empty() && !server.is_empty() && text.len() <= MAX_OUTGOING;
        (good && text.chars().all(fits)).then(|| Self(text.to_owned()))
    }
}

/// Returns a number without the scheme that web pages put before it.
fn dialled(number: &Number) -> &str {
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

/// What may not documents in the query as it is: a `#` would end the address, a `+` be a blank.
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
    fn numbers_are_written_as_query_and_as_body() {
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
        let uri = ActionUri::after("NoAnswFwdOn", &number("1001"), 24);
        assert_eq!(uri.query(), "key=NoAnswFwdOn=1001=24");
        assert_eq!(uri.body(), "key=NoAnswFwdOn=1001=24");
        let keys = ["F1".to_owned(), "*".to_owned(), "POUND".to_owned()];
        assert_eq!(ActionUri::keys(&keys).query(), "key=F1;*;POUND");
        assert_eq!(ActionUri::of_call("ASW", 33093).body(), "key=ASW:33093");
    }

    #[test]
    fn only_an_account_can_be_called_from() {
        assert!(OutgoingUri::parse("1001@pbx.example.com:5060").is_some());
        for text in ["", "1001", "@pbx", "1001@", "1@p&key=Reset", "1@p;2", "ü@p"] {
            assert_eq!(OutgoingUri::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_number_adds_a_parameter_or_a_key(text in any::<String>(), told in any::<String>()) {
            if let Ok(number) = text.parse() {
                let query = ActionUri::dial(&number, OutgoingUri::parse(&told)).query();
                prop_assert!(query.starts_with("key=number="));
                prop_assert!(!query.contains([';', '#', '+', ' ', '"']));
                prop_assert!(query.matches('&').count() <= 1);
            }
        }
    }
}
