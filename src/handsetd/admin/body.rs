//! Converts the JSON body of a request to keys and values; errors name the key.

mod members;

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use handset_phones::verb::Verb;
use tokio::time::timeout;

use super::reply::Reply;

/// Refuses a request with keys in its body: its handler takes none, so that they would be lost.
#[derive(Debug)]
pub(super) struct NoKeys;

impl<S: Sync> FromRequest<S> for NoKeys {
    type Rejection = Reply;

    async fn from_request(request: Request, _: &S) -> Result<Self, Reply> {
        match read_any(request.into_body()).await?.trim_ascii() {
            b"" | b"{}" | b"null" => Ok(Self),
            _ => Err(Reply::invalid("the request takes no body; leave it out")),
        }
    }
}

/// Reads a JSON body of limited length within a limited time.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Reply> {
    if let Some(content_type) = headers.get(CONTENT_TYPE)
        && !is_json(content_type.to_str().unwrap_or_default())
    {
        let reason = "Content-Type must be application/json";
        return Err(Reply::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason));
    }
    read_any(body).await
}

async fn read_any(body: Body) -> Result<Bytes, Reply> {
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
pub(crate) fn parse(verb: Verb, body: &[u8]) -> Result<Vec<(String, String)>, String> {
    let body = if body.trim_ascii().is_empty() {
        b"{}"
    } else {
        body
    };
    members::parse(verb, body)
}

/// Maximum length of a body, in bytes; the longest text of a verb has 64 KiB.
pub(super) const MAX_BODY: usize = 1024 * 1024;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use handset_phones::verb::{COMMON, MAX_ELEMENTS, MAX_VALUES};

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
        assert_eq!(
            words("push", r#"{"phone": ["1001", "boss&2*"], "text": "a"}"#).as_deref(),
            Ok("phone=1001&boss&2* text=a")
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
            (
                r#"{"phone": []}"#,
                "phone: the list is empty; omit the key instead",
            ),
            (
                r#"{"phone": ["1001", " "]}"#,
                "phone: a name in the list is empty",
            ),
            (
                r#"{"phone": [["1001"]]}"#,
                "phone: must not be a nested list",
            ),
            (r#"{"phone": [true]}"#, "phone: must be a string, not true"),
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

    /// Returns an object of `count` members.
    fn members(count: usize) -> String {
        let members = (0..count).map(|at| format!("\"k{at}\": 1"));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }

    #[test]
    fn an_object_has_as_many_members_as_the_verb_has_keys() {
        let keys = |verb: &str| Verb::find(verb).unwrap().row().keys.len() + COMMON.len();
        for verb in ["push", "ping", "dnd"] {
            let most = keys(verb);
            // Which of them are keys is checked when the verb is parsed.
            assert!(words(verb, &members(most)).is_ok());
            let error = words(verb, &members(most + 1)).unwrap_err();
            assert_eq!(error, format!("too many keys; {verb} has {most}"));
        }
        let most = keys("csta") + MAX_ELEMENTS;
        assert!(words("csta", &members(most)).is_ok());
        assert!(words("csta", &members(most + 1)).is_err());
    }

    #[test]
    fn what_follows_a_fault_is_not_read() {
        // None of these is complete JSON.
        let too_many = members(70_000);
        let long_list = format!("{{\"item\": [{}", "1,".repeat(MAX_VALUES + 1));
        for (body, fault) in [
            (too_many.trim_end_matches('}'), "too many keys"),
            (&long_list, "item: the list has more than 10000 values"),
            ("{\"text\": 1, \"text\": 1", "text is given twice"),
            ("{\"title\": [", "title: must be a single value"),
            ("{\"item\": [[", "item: must not be a nested list"),
            ("{\"item\": {", "item: must be a string, not an object"),
        ] {
            let error = words("push", body).unwrap_err();
            assert!(error.starts_with(fault), "{error}");
        }
        let key = "k".repeat(500_000);
        let error = words("push", &format!("{{\"{key}\": null")).unwrap_err();
        assert!(
            error.len() < 200 && error.contains("(500,000 bytes)"),
            "{error}"
        );
        let list = |count| format!("{{\"item\": [{}]}}", vec!["1"; count].join(","));
        assert!(words("push", &list(MAX_VALUES)).is_ok());
        assert!(words("push", &list(MAX_VALUES + 1)).is_err());
    }

    #[test]
    fn numbers_are_written_as_json_writes_them() {
        let body = r#"{"text": 1.5, "title": -3, "timeout": 18446744073709551615, "prompt": 1e3}"#;
        let expected = "text=1.5 title=-3 timeout=18446744073709551615 prompt=1000.0";
        assert_eq!(words("push", body).as_deref(), Ok(expected));
    }
}
