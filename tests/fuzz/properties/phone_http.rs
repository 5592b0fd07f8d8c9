//! The phone-facing HTTP server: action URLs, the authentication URL, and content to fetch.
//!
//! An input is a line `METHOD TARGET` and a body.

use std::time::Duration;

use axum::http::Request;
use bytes::Bytes;
use handset_phones::documents::StoredContent;
use handset_phones::phone::Credentials;
use handsetd::fuzzing::{
    ActionUrlEvent, ConfiguredCredentials, ContentStore, PhoneHttp, PushCredentials, event_queue,
};

/// Sends one request to the server and checks its reply.
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
    let credentials = PushCredentials::new(vec![ConfiguredCredentials {
        owner: None,
        credentials: Credentials::new("push", PASSWORD.into()),
    }]);
    let (sender, mut events) = event_queue();
    let server = PhoneHttp::new(content_store, credentials, sender);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without I/O has no requirements");
    let (status, reply) = runtime.block_on(server.handle(request));

    assert!(!status.is_server_error(), "{line:?} fails with {status}");
    let event = events.try_recv();
    if let Some(event) = &event {
        assert!(path.starts_with("/action/") && status == 200, "{line:?}");
        check_event(event);
    }
    if status == 200 && path.starts_with("/action/") {
        assert!(event.is_some() || method == "HEAD", "{line:?} is lost");
        assert!(reply.is_empty(), "phones would show the reply");
    }
    if status == 200 && path == "/cisco/authenticate" && method != "HEAD" {
        match &*reply {
            b"AUTHORIZED" => {
                assert!(contains_password(&line, body), "{line:?} is authorized");
            }
            b"UN-AUTHORIZED" | b"ERROR" => {}
            other => panic!("{line:?} yields {other:?}"),
        }
    }
    if !reply.is_empty() && *reply == *b"<x/>" {
        assert!(
            path.contains(TOKEN),
            "{line:?} finds content without its token"
        );
    }
}

/// Checks that an event is within its limits.
fn check_event(event: &ActionUrlEvent) {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    assert!(!event.event.is_empty() && event.event.len() <= MAX_EVENT);
    assert!(event.event.chars().all(is_allowed), "{:?}", event.event);
    let count = event.values.len();
    assert!(count <= MAX_VALUES, "{count} values");
}

/// Whether the password is in the query or in the form, percent-decoded.
fn contains_password(line: &str, form: &[u8]) -> bool {
    [line.as_bytes(), form].iter().any(|text| {
        let text = percent_encoding::percent_decode(text).collect::<Vec<_>>();
        text.windows(PASSWORD.len())
            .any(|window| window == PASSWORD.as_bytes())
    })
}

/// The token of the only content.
const TOKEN: &str = "0123456789abcdef";

const PASSWORD: &str = "s3cret";

/// Maximum length of an event, in bytes.
const MAX_EVENT: usize = 64;

/// Maximum number of values: those of the query, the same under common names, and one more.
const MAX_VALUES: usize = 2 * 64 + 1;
