//! A NOTIFY in the asker's own words, checked before it gets anywhere near Asterisk.

use super::request::Refusal;

/// A NOTIFY that Asterisk takes without harm.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notify {
    event: String,
    body: Option<(String, String)>,
}

impl Notify {
    /// Checks the values of the keys `event`, `type` and `body`.
    pub(super) fn parse(
        event: &str,
        content_type: Option<String>,
        body: Option<String>,
    ) -> Result<Self, Refusal> {
        let event = event.trim();
        let word = event.split(';').next().unwrap_or_default();
        if word.is_empty() || !word.chars().all(is_token) || !event.chars().all(is_plain) {
            let why =
                format!("{event:?} is no SIP event; write check-sync;reboot=true or the like");
            return Err(Refusal::malformed("event", why));
        }
        let body = match (content_type, body) {
            (None, None) => None,
            (Some(content_type), Some(body)) => Some((media_type(content_type)?, body)),
            // Asterisk drops a body without a type, and a type says nothing without a body.
            (None, Some(_)) => {
                return Err(Refusal::RequiresKey {
                    key: "body",
                    needed: "type",
                });
            }
            (Some(_), None) => {
                return Err(Refusal::RequiresKey {
                    key: "type",
                    needed: "body",
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

    /// Returns type and text of the body.
    pub fn body(&self) -> Option<(&str, &str)> {
        let (content_type, text) = self.body.as_ref()?;
        Some((content_type, text))
    }
}

/// Accepts `type/subtype`, parameters too. Without the slash Asterisk 16 crashes.
fn media_type(text: String) -> Result<String, Refusal> {
    let bare = text.split(';').next().unwrap_or_default().trim_end();
    let is_word = |word: &str| !word.is_empty() && word.chars().all(is_token);
    let is_type = bare
        .split_once('/')
        .is_some_and(|(kind, sub)| is_word(kind) && is_word(sub));
    if is_type && text.chars().all(is_plain) {
        return Ok(text);
    }
    let why = format!("{text:?} is not of the form type/subtype");
    Err(Refusal::malformed("type", why))
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
        let parsed = Notify::parse(event, owned(content_type), owned(body));
        parsed.map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn event_and_body_are_taken_as_they_are() {
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
    fn what_would_harm_asterisk_or_the_phone_is_refused_with_its_key() {
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
            "body needs type beside it"
        );
        assert_eq!(
            parse("x", Some("a/b"), None).unwrap_err(),
            "type needs body beside it"
        );
    }
}
