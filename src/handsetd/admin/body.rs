//! From the JSON of a request to keys and values; each refusal names the key.

use std::fmt;

use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use tokio::time::timeout;

use super::reply::Reply;
use handset_phones::verb::{Kind, Verb};

/// Reads a body within its bounds.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Reply> {
    let kind = headers
        .get(CONTENT_TYPE)
        .map(|kind| kind.to_str().unwrap_or_default());
    let essence = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    if essence.is_some_and(|kind| !kind.eq_ignore_ascii_case("application/json")) {
        let why = "Content-Type must be application/json";
        return Err(Reply::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
    }
    match timeout(PATIENCE, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let is_long = std::error::Error::source(&error)
                .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
            Err(if is_long {
                let why = format!("the body is too long; {MAX_BODY} bytes are the limit");
                Reply::refused(StatusCode::PAYLOAD_TOO_LARGE, why)
            } else {
                Reply::invalid("the body broke off")
            })
        }
        Err(_) => {
            let why = "the body did not come in time";
            Err(Reply::refused(StatusCode::REQUEST_TIMEOUT, why))
        }
    }
}

/// Reads the keys and values of a request for `verb`.
pub(super) fn pairs(verb: Verb, body: &[u8]) -> Result<Vec<(String, String)>, String> {
    let body = if body.trim_ascii().is_empty() {
        b"{}"
    } else {
        body
    };
    let Members(members) = serde_json::from_slice(body)
        .map_err(|error| format!("the body must be a JSON object of keys: {error}"))?;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in members {
        if pairs.iter().any(|(known, _)| *known == name) {
            return Err(format!(
                "{name} is given twice; write a list if it may repeat"
            ));
        }
        let texts = match value {
            Value::Array(list) => list_of(verb, &name, list)?,
            one => vec![text(verb, &name, one)?],
        };
        pairs.extend(texts.into_iter().map(|text| (name.clone(), text)));
    }
    Ok(pairs)
}

fn list_of(verb: Verb, name: &str, list: Vec<Value>) -> Result<Vec<String>, String> {
    let repeats = verb.row().key(name).is_none_or(|key| key.repeatable);
    if !repeats {
        return Err(format!("{name}: must be one value, not a list"));
    }
    if list.is_empty() {
        return Err(format!("{name}: the list is empty; leave the key out"));
    }
    list.into_iter().map(|one| text(verb, name, one)).collect()
}

fn text(verb: Verb, name: &str, value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => word(verb, name, value).map(ToOwned::to_owned),
        Value::Null => Err(format!("{name}: null is no value; leave the key out")),
        Value::Array(_) => Err(format!("{name}: must not be a list in a list")),
        Value::Object(_) => Err(format!("{name}: must be a text, not an object")),
    }
}

/// Returns the word that `key` has for true or false.
fn word(verb: Verb, name: &str, value: bool) -> Result<&'static str, String> {
    let kind = verb.row().key(name).map(|key| key.kind);
    let words: [&'static str; 2] = match kind {
        Some(Kind::Word(words)) if words.contains(&"on") => ["on", "off"],
        Some(Kind::Word(words)) if words.contains(&"yes") => ["yes", "no"],
        // The verb says what it thinks of a key that it does not have.
        None => ["true", "false"],
        Some(_) => return Err(format!("{name}: must be a text, not {value}")),
    };
    let [is_true, is_false] = words;
    Ok(if value { is_true } else { is_false })
}

/// The members of an object, in order, repeated ones repeated.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// The longest body, in bytes; a verb's longest text has 64 KiB.
pub(super) const MAX_BODY: usize = 1024 * 1024;

/// How long a body may take to arrive.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(verb: &str, body: &str) -> Result<String, String> {
        let pairs = pairs(Verb::find(verb).unwrap(), body.as_bytes())?;
        let shown = pairs.iter().map(|(key, value)| format!("{key}={value}"));
        Ok(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn values_of_json_become_the_words_of_the_verb() {
        let body = r#"{"text": "a", "item": ["A|exit", "B|exit"], "timeout": 5, "beep": true}"#;
        let read_as = "text=a item=A|exit item=B|exit timeout=5 beep=yes";
        assert_eq!(read("push", body).as_deref(), Ok(read_as));
        assert_eq!(
            read("dnd", r#"{"state": false}"#).as_deref(),
            Ok("state=off")
        );
        assert_eq!(
            read("firmware", r#"{"confirm": true}"#).as_deref(),
            Ok("confirm=yes")
        );
        assert_eq!(read("ping", " ").as_deref(), Ok(""));
        assert_eq!(
            read("csta", r#"{"a.b": ["1", 2]}"#).as_deref(),
            Ok("a.b=1 a.b=2")
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_the_key() {
        for (body, why) in [
            (
                r#"{"text": null}"#,
                "text: null is no value; leave the key out",
            ),
            (r#"{"text": true}"#, "text: must be a text, not true"),
            (r#"{"text": {}}"#, "text: must be a text, not an object"),
            (
                r#"{"title": ["a"]}"#,
                "title: must be one value, not a list",
            ),
            (
                r#"{"item": []}"#,
                "item: the list is empty; leave the key out",
            ),
            (r#"{"item": [["a"]]}"#, "item: must not be a list in a list"),
            (
                r#"{"text": "a", "text": "b"}"#,
                "text is given twice; write a list if it may repeat",
            ),
        ] {
            assert_eq!(read("push", body).unwrap_err(), why);
        }
        for body in ["[]", "{", "\"text\"", "{\"text\": \"a\"} x"] {
            let why = read("push", body).unwrap_err();
            assert!(
                why.starts_with("the body must be a JSON object of keys: "),
                "{why}"
            );
        }
    }
}
