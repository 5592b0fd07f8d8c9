//! A NOTIFY as written by the requester, validated before it reaches Asterisk.

use super::refusal::Refusal;
use crate::invalid_value::InvalidValue;

/// A NOTIFY that is safe to pass to Asterisk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notify {
    event: String,
    body: Option<(String, String)>,
}

impl Notify {
    /// Validates the values of the keys `event`, `type` and `body`.
    pub(super) fn new(
        event: &str,
        content_type: Option<String>,
        body: Option<String>,
    ) -> Result<Self, Refusal> {
        let event = event.trim();
        let word = event.split(';').next().unwrap_or_default();
        if word.is_empty() || !word.chars().all(is_token) || !event.chars().all(is_plain) {
            let hint = "use a SIP event such as check-sync;reboot=true";
            let error = InvalidValue::malformed("event", event, hint);
            return Err(Refusal::invalid("event", error));
        }
        let body = match (content_type, body) {
            (None, None) => None,
            (Some(content_type), Some(body)) => Some((media_type(content_type)?, body)),
            // Asterisk drops a body without a type.
            (None, Some(_)) => {
                return Err(Refusal::RequiresKey {
                    key: "body",
                    required: "type",
                });
            }
            (Some(_), None) => {
                return Err(Refusal::RequiresKey {
                    key: "type",
                    required: "body",
                });
            }
        };
        Ok(Self {
            event: event.to_owned(),
            body,
        })
    }

    /// Returns the value of the `Event` header.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Returns the content type and the text of the body.
    pub fn body(&self) -> Option<(&str, &str)> {
        let (content_type, text) = self.body.as_ref()?;
        Some((content_type, text))
    }
}

/// Validates `type/subtype` with optional parameters. Without the slash Asterisk 16 crashes.
fn media_type(text: String) -> Result<String, Refusal> {
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    let is_word = |word: &str| !word.is_empty() && word.chars().all(is_token);
    let is_type = essence
        .split_once('/')
        .is_some_and(|(kind, sub)| is_word(kind) && is_word(sub));
    if is_type && text.chars().all(is_plain) {
        return Ok(text);
    }
    let error = InvalidValue::malformed("content type", text, "use type/subtype");
    Err(Refusal::invalid("type", error))
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c)
}

fn is_plain(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(
        event: &str,
        content_type: Option<&str>,
        body: Option<&str>,
    ) -> Result<Notify, String> {
        let owned = |text: Option<&str>| text.map(ToOwned::to_owned);
        let parsed = Notify::new(event, owned(content_type), owned(body));
        parsed.map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn event_and_body_are_kept() {
        assert!(parse("check-sync;reboot=true", None, None).is_ok());
        let notify = parse(
            "xml",
            Some("application/snomxml; charset=utf-8"),
            Some("ä,\"<\n"),
        )
        .unwrap();
        assert_eq!(notify.event(), "xml");
        assert_eq!(notify.body().unwrap().1, "ä,\"<\n");
    }

    #[test]
    fn harmful_values_are_refused_with_their_key() {
        for event in ["", ";a", "x\r\nTo: y", "ä", "x y", "a\tb"] {
            let refusal = parse(event, None, None).unwrap_err();
            assert!(refusal.starts_with("event: "), "{refusal}");
        }
        for content_type in ["text", "/", "text/", "/xml", "text/xml\r\nX: y", "a b/c"] {
            let refusal = parse("x", Some(content_type), Some("")).unwrap_err();
            assert!(refusal.starts_with("type: "), "{refusal}");
        }
        assert_eq!(
            parse("x", None, Some("b")).unwrap_err(),
            "body requires type"
        );
        assert_eq!(
            parse("x", Some("a/b"), None).unwrap_err(),
            "type requires body"
        );
    }
}
