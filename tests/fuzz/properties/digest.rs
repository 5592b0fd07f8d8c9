//! HTTP authentication: the credentials that answer the challenge of a phone form a single valid header.
//!
//! An input is `WWW-Authenticate` headers, one per line.

use axum::http::HeaderValue;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use handset_phones::phone::Credentials;
use handsetd::fuzzing::answer_challenges;

/// Answers the challenges.
pub fn check(bytes: &[u8]) {
    let headers: Vec<HeaderValue> = bytes
        .split(|byte| *byte == b'\n')
        .filter_map(|line| HeaderValue::from_bytes(line).ok())
        .collect();
    let texts = headers.iter().filter_map(|value| value.to_str().ok());
    let credentials = Credentials::new(USER, PASSWORD.into());
    let Some(answer) = answer_challenges(texts, &credentials, "GET", TARGET) else {
        return;
    };
    HeaderValue::from_str(&answer).expect("an invalid header");
    if let Some(pair) = answer.strip_prefix("Basic ") {
        let pair = BASE64_STANDARD.decode(pair).expect("valid Base64");
        assert_eq!(pair, format!("{USER}:{PASSWORD}").into_bytes());
        return;
    }
    let terms = answer.strip_prefix("Digest ").expect("an unknown scheme");
    assert!(!answer.contains(PASSWORD), "the password is in {answer}");
    let terms = terms_of(terms);
    let term = |name: &str| {
        let mut found = terms.iter().filter(|(known, _)| known == name);
        let first = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is twice in {answer}");
        first
    };
    assert_eq!(term("username"), Some(USER));
    assert_eq!(term("uri"), Some(TARGET));
    let hash = term("response").expect("no response");
    let digits = match term("algorithm") {
        Some("MD5" | "MD5-sess") => 32,
        Some("SHA-256" | "SHA-256-sess") => 64,
        other => panic!("it takes the algorithm {other:?}"),
    };
    assert!(hash.len() == digits && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    for (name, _) in &terms {
        assert!(
            KNOWN.contains(&name.as_str()),
            "unexpected {name} in {answer}"
        );
        term(name);
    }
}

/// Parses `name=value` and `name="value"` strictly, as specified by RFC 7616.
fn terms_of(mut text: &str) -> Vec<(String, String)> {
    let mut terms = Vec::new();
    loop {
        let (name, rest) = text.split_once('=').expect("a term without a value");
        let (value, rest) = if let Some(inside) = rest.strip_prefix('"') {
            quoted(inside)
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (value, rest) = rest.split_at(end);
            (value.to_owned(), rest)
        };
        terms.push((name.to_owned(), value));
        if rest.is_empty() {
            return terms;
        }
        text = rest.strip_prefix(", ").expect("a separator after a value");
    }
}

fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next().expect("a quote is never closed") {
            '"' => return (value, chars.as_str()),
            '\\' => value.push(chars.next().expect("nothing behind a backslash")),
            c => value.push(c),
        }
    }
}

const KNOWN: [&str; 10] = [
    "algorithm",
    "cnonce",
    "nc",
    "nonce",
    "opaque",
    "qop",
    "realm",
    "response",
    "uri",
    "username",
];

const USER: &str = "ad\"min";
const PASSWORD: &str = "s3cret pass";
const TARGET: &str = "/page?a=1&b=%22";
