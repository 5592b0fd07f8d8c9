//! The phones' door: action URLs, the authentication URL, and what lies there to fetch.
//!
//! An input is a line `METHOD TARGET` and a body.

use std::time::Duration;

use axum::http::Request;
use bytes::Bytes;
use handset_phones::documents::StoredContent;
use handset_phones::phone::Credentials;
use handsetd::content_store::ContentStore;
use handsetd::deliver::PushCredentials;
use handsetd::fuzzing::Door;
use handsetd::phone_http::ActionUrlEvent;
use tokio::sync::mpsc;

/// Knocks at the door.
pub fn check(bytes: &[u8]) {
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let body = bytes.get(line.len() + 1..).unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let (method, target) = line.split_once(' ').unwrap_or(("GET", &line));
    let request = Request::builder().method(method).uri(target);
    let Ok(request) = request.body(Bytes::copy_from_slice(body)) else {
        return;
    };
    let path = request.uri().path().to_owned();

    let content_store = ContentStore::default();
    let screen = StoredContent::new("text/xml", "<x/>");
    content_store.insert(TOKEN.to_owned(), screen, Duration::from_mins(1));
    let logins = PushCredentials::new(vec![(None, Credentials::new("push", PASSWORD.into()))]);
    let (listener, mut told) = mpsc::channel(2);
    let door = Door::new(content_store, logins, listener);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime needs nothing");
    let (status, answer) = runtime.block_on(door.answer(request));

    assert!(!status.is_server_error(), "{line:?} is answered {status}");
    let told = told.try_recv().ok();
    if let Some(told) = &told {
        assert!(path.starts_with("/action/") && status == 200, "{line:?}");
        event(told);
    }
    if status == 200 && path.starts_with("/action/") {
        assert!(told.is_some() || method == "HEAD", "{line:?} is lost");
        assert!(answer.is_empty(), "phones show what is answered");
    }
    if status == 200 && path == "/cisco/authenticate" && method != "HEAD" {
        match &*answer {
            b"AUTHORIZED" => assert!(knows_password(&line, body), "{line:?} comes in"),
            b"UN-AUTHORIZED" | b"ERROR" => {}
            other => panic!("{line:?} is answered {other:?}"),
        }
    }
    if !answer.is_empty() && *answer == *b"<x/>" {
        assert!(path.contains(TOKEN), "{line:?} finds what it does not name");
    }
}

/// What is told keeps to its bounds.
fn event(told: &ActionUrlEvent) {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    assert!(!told.event.is_empty() && told.event.len() <= EVENT);
    assert!(told.event.chars().all(fits), "{:?}", told.event);
    assert!(told.values.len() <= VALUES, "{} values", told.values.len());
}

/// Whether the password stands in the query or in the form, percent-decoded.
fn knows_password(line: &str, form: &[u8]) -> bool {
    [line.as_bytes(), form].iter().any(|text| {
        let text = percent_encoding::percent_decode(text).collect::<Vec<_>>();
        text.windows(PASSWORD.len())
            .any(|window| window == PASSWORD.as_bytes())
    })
}

/// Under which something lies.
const TOKEN: &str = "0123456789abcdef";

const PASSWORD: &str = "s3cret";

/// The longest event, in bytes.
const EVENT: usize = 64;

/// The most values: those of the query, the same in the vocabulary of all vendors, and one more.
const VALUES: usize = 2 * 64 + 1;
