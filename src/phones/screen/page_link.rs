//! Links to the pages of handsetd's own phone-facing server.

use std::fmt;
use std::str::FromStr;

use crate::given::Given;
use crate::invalid_value::InvalidValue;

/// The name of a page. It is one segment of a URL and needs no encoding, so it cannot lead elsewhere.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PageName(String);

impl PageName {
    /// Returns the name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Longest name, in bytes: Cisco phones accept URLs of 256 characters.
    const MAX: usize = 64;
}

impl FromStr for PageName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(is_allowed) {
            let hint = format!("use up to {} letters, digits, _ and -", Self::MAX);
            return Err(InvalidValue::malformed("name of a page", text, hint));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for PageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A link to a page, and what the page is asked with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageLink {
    /// The page.
    pub name: PageName,
    /// Names and values of the query, as plain text.
    pub query: Vec<(String, String)>,
}

impl PageLink {
    /// Parses `NAME` or `NAME?KEY=VALUE&KEY=VALUE`, where keys and values are plain text. What is inserted
    /// cannot add a key.
    pub(super) fn parse(given: Given<'_>) -> Result<Self, InvalidValue> {
        let (name, query) = match given.split_once('?') {
            Some((name, query)) => (name, Some(query)),
            None => (given, None),
        };
        let pair = |pair: Given<'_>| {
            let (key, value) = pair
                .split_once('=')
                .unwrap_or_else(|| (pair, Given::written("")));
            (key.as_str().to_owned(), value.as_str().to_owned())
        };
        let pairs = query.into_iter().flat_map(|query| query.split('&'));
        Ok(Self {
            name: name.as_str().parse()?,
            query: pairs
                .filter(|given| !given.as_str().is_empty())
                .map(pair)
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_plain_segment() {
        for name in ["menu", "hot-desk_2", "A"] {
            assert_eq!(name.parse::<PageName>().unwrap().as_str(), name);
        }
        let long = "a".repeat(65);
        for name in [
            "", ".", "..", "a/b", "a%2fb", "a b", "a?b", "ä", "a#b", &long,
        ] {
            assert!(name.parse::<PageName>().is_err(), "{name}");
        }
    }

    #[test]
    fn query_is_plain_text_and_what_is_inserted_adds_no_key() {
        let pairs = |link: &PageLink| -> Vec<String> {
            let pairs = link.query.iter();
            pairs.map(|(key, value)| format!("{key}={value}")).collect()
        };
        let link = PageLink::parse(Given::written("order?meal=Soup of the day&size=2&x")).unwrap();
        assert_eq!(link.name.as_str(), "order");
        assert_eq!(pairs(&link), ["meal=Soup of the day", "size=2", "x="]);
        let text = "order?meal=a&size=9";
        let inserted = 11..19;
        let given = Given::with_inserted(text, std::slice::from_ref(&inserted));
        assert_eq!(pairs(&PageLink::parse(given).unwrap()), ["meal=a&size=9"]);
        assert!(PageLink::parse(Given::inserted("order?meal=a")).is_err());
        assert!(PageLink::parse(Given::written("?meal=a")).is_err());
    }
}
