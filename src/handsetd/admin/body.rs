//! Converts the JSON body of a request to keys and values; errors name the key.

use std::fmt;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use handset_phones::verb::{Kind, Verb};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use tokio::time::timeout;

use super::reply::Reply;

/// Reads a body of limited length within a limited time.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Reply> {
    if let Some(content_type) = headers.get(CONTENT_TYPE)
        && !is_json(content_type.to_str().unwrap_or_default())
    {
        let reason = "Content-Type must be application/json";
        return Err(Reply::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason));
    }
    match timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_length_limit(&error) => {
            let reason = format!("the body is too long; the limit is {MAX_BODY} bytes");
            Err(Reply::refused(StatusCode::PAYLOAD_TOO_LARGE, reason))
        }
        Ok(Err(_)) => Err(Reply::invalid("the body is incomplete")),
        Err(_) => {
            let reason = "the body did not arrive in time";
            Err(Reply::refused(StatusCode::REQUEST_TIMEOUT, reason))
        }
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn is_length_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error)
        .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}

/// Parses the keys and values of a request for `verb`.
pub(super) fn parse(verb: Verb, body: &[u8]) -> Result<Vec<(String, String)>, String> {
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
                "{name} is given twice; use a list if it may repeat"
            ));
        }
        let texts = match value {
            Value::Array(list) => list_to_texts(verb, &name, list)?,
            single => vec![to_text(verb, &name, single)?],
        };
        pairs.extend(texts.into_iter().map(|text| (name.clone(), text)));
    }
    Ok(pairs)
}

fn list_to_texts(verb: Verb, name: &str, list: Vec<Value>) -> Result<Vec<String>, String> {
    let may_repeat = verb.row().key(name).is_none_or(|key| key.repeatable);
    if !may_repeat {
        return Err(format!("{name}: must be a single value, not a list"));
    }
    if list.is_empty() {
        return Err(format!("{name}: the list is empty; omit the key instead"));
    }
    list.into_iter()
        .map(|element| to_text(verb, name, element))
        .collect()
}

fn to_text(verb: Verb, name: &str, value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => bool_to_word(verb, name, value).map(ToOwned::to_owned),
        Value::Null => Err(format!("{name}: null is not a value; omit the key instead")),
        Value::Array(_) => Err(format!("{name}: must not be a nested list")),
        Value::Object(_) => Err(format!("{name}: must be a string, not an object")),
    }
}

/// Returns the word that the key `name` uses for true or false.
fn bool_to_word(verb: Verb, name: &str, value: bool) -> Result<&'static str, String> {
    let [word_for_true, word_for_false] = match verb.row().key(name).map(|key| key.kind) {
        Some(Kind::Word(words)) if words.contains(&"on") => ["on", "off"],
        Some(Kind::Word(words)) if words.contains(&"yes") => ["yes", "no"],
        // An unknown key is reported when the verb is parsed.
        None => ["true", "false"],
        Some(_) => return Err(format!("{name}: must be a string, not {value}")),
    };
    Ok(if value { word_for_true } else { word_for_false })
}

/// The members of an object in order, including repeated ones.
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

/// Maximum length of a body, in bytes; the longest text of a verb has 64 KiB.
pub(super) const MAX_BODY: usize = 1024 * 1024;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn words(verb: &str, body: &str) -> Result<String, String> {
        let pairs = parse(Verb::find(verb).unwrap(), body.as_bytes())?;
        let words = pairs.iter().map(|(key, value)| format!("{key}={value}"));
        Ok(words.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn json_values_become_the_words_of_the_verb() {
        let body = r#"{"text": "a", "item": ["A|exit", "B|exit"], "timeout": 5, "beep": true}"#;
        let expected = "text=a item=A|exit item=B|exit timeout=5 beep=yes";
        assert_eq!(words("push", body).as_deref(), Ok(expected));
        assert_eq!(
            words("dnd", r#"{"state": false}"#).as_deref(),
            Ok("state=off")
        );
        assert_eq!(
            words("firmware", r#"{"confirm": true}"#).as_deref(),
            Ok("confirm=yes")
        );
        assert_eq!(words("ping", " ").as_deref(), Ok(""));
        assert_eq!(
            words("csta", r#"{"a.b": ["1", 2]}"#).as_deref(),
            Ok("a.b=1 a.b=2")
        );
    }

    #[test]
    fn errors_name_the_key() {
        for (body, error) in [
            (
                r#"{"text": null}"#,
                "text: null is not a value; omit the key instead",
            ),
            (r#"{"text": true}"#, "text: must be a string, not true"),
            (r#"{"text": {}}"#, "text: must be a string, not an object"),
            (
                r#"{"title": ["a"]}"#,
                "title: must be a single value, not a list",
            ),
            (
                r#"{"item": []}"#,
                "item: the list is empty; omit the key instead",
            ),
            (r#"{"item": [["a"]]}"#, "item: must not be a nested list"),
            (
                r#"{"text": "a", "text": "b"}"#,
                "text is given twice; use a list if it may repeat",
            ),
        ] {
            assert_eq!(words("push", body).unwrap_err(), error);
        }
        for body in ["[]", "{", "\"text\"", "{\"text\": \"a\"} x"] {
            let error = words("push", body).unwrap_err();
            assert!(
                error.starts_with("the body must be a JSON object of keys: "),
                "{error}"
            );
        }
    }
}
