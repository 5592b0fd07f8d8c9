//! The targets of menu items and soft keys.

use std::str::FromStr;

use url::Url;

use super::number::Number;
use super::page_link::PageLink;
use crate::given::Given;
use crate::invalid_value::InvalidValue;

/// The effect of pressing an item or soft key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// The phone calls a number.
    Dial(Number),
    /// The screen closes.
    Exit,
    /// The phone acts as if one of its keys were pressed.
    Key(KeyName),
    /// The phone fetches a page of handsetd.
    Page(PageLink),
    /// The phone fetches the next screen from a server.
    Url(Url),
}

impl FromStr for Target {
    type Err = InvalidValue;

    /// Parses a target that its author wrote.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::parse(Given::written(text))
    }
}

impl Target {
    /// Parses `dial:NUMBER`, `key:NAME`, `page:NAME`, `exit` or an http(s) URL.
    pub(crate) fn parse(given: Given<'_>) -> Result<Self, InvalidValue> {
        let given = given.trim();
        let text = given.as_str();
        if text == "exit" {
            Ok(Self::Exit)
        } else if let Some(link) = given.strip_prefix("page:") {
            PageLink::parse(link).map(Self::Page)
        } else if let Some(number) = text.strip_prefix("dial:") {
            number.parse().map(Self::Dial)
        } else if let Some(key) = text.strip_prefix("key:") {
            key.parse().map(Self::Key)
        } else {
            http_url(text).map(Self::Url).ok_or_else(|| {
                let hint = "use dial:NUMBER, key:NAME, page:NAME, exit or an http URL";
                InvalidValue::malformed("target", text, hint)
            })
        }
    }
}

/// Parses an http or https URL with a host.
pub(crate) fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// The name of a key, portable or the vendor's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyName(String);

impl KeyName {
    /// Returns the name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    const MAX: usize = 32;
}

impl FromStr for KeyName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_*#".contains(c);
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(is_allowed) {
            let hint = "use letters, digits and _ * #";
            return Err(InvalidValue::malformed("key name", text, hint));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_kinds_of_target_are_parsed() {
        let target = |text: &str| text.parse::<Target>();
        assert_eq!(
            target("dial:+49 30 1234"),
            Ok(Target::Dial("+49301234".parse().unwrap()))
        );
        assert_eq!(
            target("key:F_HOLD"),
            Ok(Target::Key("F_HOLD".parse().unwrap()))
        );
        assert_eq!(target("exit"), Ok(Target::Exit));
        let Ok(Target::Page(link)) = target(" page:menu?day=mon ") else {
            panic!()
        };
        assert_eq!(link.name.as_str(), "menu");
        assert_eq!(link.query, [("day".to_owned(), "mon".to_owned())]);
        let url = Url::parse("http://192.0.2.1/next?a=b&c=d").unwrap();
        assert_eq!(
            target("http://192.0.2.1/next?a=b&c=d"),
            Ok(Target::Url(url))
        );
    }

    #[test]
    fn targets_cannot_inject_commands() {
        for text in [
            "",
            "Exit",
            "dial:",
            "dial:100;key=Reset",
            "dial:1&2",
            "dial:1%0a",
            "key:",
            "key:A;B",
            "key:A B",
            "javascript:alert(1)",
            "page:",
            "page:../action/snom/x",
            "page:a/b",
            "Page:a",
            "file:///etc/passwd",
            "http://",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
