//! What an item or a soft key does when it is pressed.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// What happens on a press; each vendor has its own way to write it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// The phone calls a number.
    Dial(Number),
    /// The screen goes away.
    Exit,
    /// The phone acts as if one of its keys was pressed.
    Key(KeyName),
    /// The phone fetches the next screen from a server.
    Url(Url),
}

impl FromStr for Target {
    type Err = String;

    /// Reads `dial:NUMBER`, `key:NAME`, `exit` or an http(s) URL.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "exit" {
            Ok(Self::Exit)
        } else if let Some(number) = text.strip_prefix("dial:") {
            number.parse().map(Self::Dial)
        } else if let Some(key) = text.strip_prefix("key:") {
            key.parse().map(Self::Key)
        } else {
            http_url(text).map(Self::Url).ok_or_else(|| {
                format!("{text:?} is no target; write dial:NUMBER, key:NAME, exit or an http URL")
            })
        }
    }
}

/// Reads an http or https URL that has a host.
pub(crate) fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// Something that can be dialed: digits, `*`, `#`, `+`, and the letters and marks of a SIP address.
///
/// Nothing in it ends, extends or injects into a vendor's command (`;`, `&`, `%`, blanks and quotes
/// are refused).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Number(String);

impl Number {
    /// Returns it as it is dialed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    const MAX: usize = 64;
}

impl FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // People write numbers with blanks; phones don't dial them.
        let number: String = text.chars().filter(|c| *c != ' ').collect();
        let dialable = |c: char| c.is_ascii_alphanumeric() || "*#+.@:_-".contains(c);
        if number.is_empty() || number.len() > Self::MAX || !number.chars().all(dialable) {
            return Err(format!(
                "{text:?} is no number; a number has digits, letters and * # + . @ : _ - only"
            ));
        }
        Ok(Self(number))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a key, as the vendor calls it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyName(String);

impl KeyName {
    /// Returns it as the phone wants it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    const MAX: usize = 32;
}

impl FromStr for KeyName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || "_*#".contains(c);
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(fits) {
            return Err(format!(
                "{text:?} is no name of a key; see the phone's own list of keys"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_kinds_of_target_are_read() {
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
        let url = Url::parse("http://192.0.2.1/next?a=b&c=d").unwrap();
        assert_eq!(
            target("http://192.0.2.1/next?a=b&c=d"),
            Ok(Target::Url(url))
        );
    }

    #[test]
    fn what_could_smuggle_something_into_a_command_is_no_target() {
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
            "file:///etc/passwd",
            "http://",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
