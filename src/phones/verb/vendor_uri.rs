//! URIs in the vendor's syntax, such as `Key:Soft1` or `Dial:100`.

use super::priority::Priority;
use crate::given::Given;
use crate::invalid_value::InvalidValue;

/// A URI for a phone to run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VendorUri {
    uri: String,
    priority: Priority,
}

impl VendorUri {
    /// Returns the URI without its priority.
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// Returns when the URI runs.
    pub fn priority(&self) -> Priority {
        self.priority
    }

    /// The longest URI, in characters.
    pub(super) const MAX: usize = 256;

    /// Parses `SCHEME:REST`, optionally followed by the priority `@0`, `@1` or `@2`.
    pub(super) fn parse(given: Given<'_>) -> Result<Self, InvalidValue> {
        let text = given.as_str();
        let split = given.rsplit_once('@');
        let split = split.map(|(uri, priority)| (uri.as_str(), priority.as_str()));
        let (uri, priority) = match split {
            Some((uri, "0")) => (uri, Priority::Now),
            Some((uri, "1")) => (uri, Priority::Idle),
            Some((uri, "2")) => (uri, Priority::OnlyIdle),
            _ => (text, Priority::Now),
        };
        let scheme = uri.split_once(':').map(|(scheme, _)| scheme);
        let has_scheme = scheme.is_some_and(|scheme| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '.')
        });
        // The only command without a colon, Yealink's.
        let has_scheme = has_scheme || uri == "Wav.Stop";
        if !has_scheme || uri.chars().any(char::is_control) {
            let hint = "use a URI such as Key:Soft1 or Dial:100";
            return Err(InvalidValue::malformed("URI", text, hint));
        }
        let count = uri.chars().count();
        if count > Self::MAX {
            return Err(InvalidValue::TooMany {
                unit: "characters",
                count,
                max: Self::MAX,
            });
        }
        Ok(Self {
            uri: uri.to_owned(),
            priority,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<VendorUri, InvalidValue> {
        VendorUri::parse(Given::written(text))
    }

    #[test]
    fn priority_follows_the_last_at_sign() {
        let read = |text: &str| {
            let uri = parse(text).unwrap();
            (uri.as_str().to_owned(), uri.priority())
        };
        assert_eq!(read("Key:Soft1"), ("Key:Soft1".into(), Priority::Now));
        assert_eq!(
            read("http://u@h/x@2"),
            ("http://u@h/x".into(), Priority::OnlyIdle)
        );
        assert_eq!(read("http://u@h/x"), ("http://u@h/x".into(), Priority::Now));
        assert_eq!(read("Wav.Stop@1"), ("Wav.Stop".into(), Priority::Idle));
        assert_eq!(read("Wav.Play:http://h/x").1, Priority::Now);
        for text in ["", "Soft1", ":x", "Key Soft:1", "Key:\n", "1:2"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
