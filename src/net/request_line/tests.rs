use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

/// Encodes `bytes`, which arrive in chunks of `size`.
fn encoded(bytes: &[u8], size: usize) -> Vec<u8> {
    let (mut encoder, mut out) = (Encoder::default(), Vec::new());
    for chunk in bytes.chunks(size) {
        encoder.encode(chunk, &mut out);
    }
    encoder.finish(&mut out);
    out
}

fn check(request: &str, expected: &str) {
    for size in [1, 2, 7, 10_000] {
        let encoded = encoded(request.as_bytes(), size);
        assert_eq!(String::from_utf8_lossy(&encoded), expected, "{size}");
    }
}

#[test]
fn queries_are_encoded() {
    check(
        "GET /a?name=Ada \"A\" <sip:201@pbx>&n=*21#|\\^`{} HTTP/1.1\r\nA: <b> \"c\"\r\n\r\n",
        "GET /a?name=Ada%20%22A%22%20%3Csip:201@pbx%3E&n=*21%23%7C%5C%5E%60%7B%7D HTTP/1.1\r\n\
         A: <b> \"c\"\r\n\r\n",
    );
    check(
        "GET /a?name=Zoë HTTP/1.0\n\n",
        "GET /a?name=Zo%C3%AB HTTP/1.0\n\n",
    );
    assert_eq!(
        encoded(b"GET /?\xEB HTTP/1.0\n", 5),
        b"GET /?%EB HTTP/1.0\n"
    );
    check(
        "GET /a?x= HTTP/1.1 HTTP/1.0\r\n\r\n",
        "GET /a?x=%20HTTP/1.1 HTTP/1.0\r\n\r\n",
    );
}

#[test]
fn each_request_of_a_connection_is_encoded() {
    check(
        "GET /a?b c HTTP/1.1\r\nX: y\r\n\r\n\r\nGET /a?d e HTTP/1.1\nX: y\n\nGET /?< HTTP/1.1\r\n\r\n",
        "GET /a?b%20c HTTP/1.1\r\nX: y\r\n\r\n\r\nGET /a?d%20e HTTP/1.1\nX: y\n\nGET /?%3C HTTP/1.1\r\n\r\n",
    );
}

#[test]
fn nothing_changes_after_the_head_of_a_request_with_a_body() {
    for header in [
        "Content-Length: 5",
        "content-LENGTH:5",
        "Transfer-Encoding: chunked",
        " Transfer-Encoding : chunked",
        "Content-Lengthy: 5",
        "\tcontent-length",
    ] {
        let body = "GET /?a b HTTP/1.1\r\n\r\nGET /?a b HTTP/1.1\r\n\r\n";
        check(
            &format!("POST /?a b HTTP/1.1\r\nX: y\r\n{header}\r\n\r\n{body}"),
            &format!("POST /?a%20b HTTP/1.1\r\nX: y\r\n{header}\r\n\r\n{body}"),
        );
    }
}

#[test]
fn lines_of_other_forms_stay_as_they_are() {
    for line in [
        "GET /a b?c HTTP/1.1\r\n",
        "GET  /?a b HTTP/1.1\r\n",
        "get /?a b HTTP/1.1\r\n",
        " /?a b HTTP/1.1\r\n",
        "G\0T /?a b HTTP/1.1\r\n",
        "GET /\u{1}?a b HTTP/1.1\r\n",
        "PRI * HTTP/2.0\r\n",
        "? HTTP/1.1\r\n",
        "\u{16}\u{3}\u{1}",
        "\r\n",
        "\n",
        "GET /?a HTTP/1.",
    ] {
        check(line, line);
    }
    // Control characters would end the line for others.
    check("GET /?\r\0\t\x0b HTTP/1.1\n", "GET /?\r\0\t\x0b HTTP/1.1\n");
}

#[test]
fn lines_without_a_known_version_still_have_none() {
    for (line, encoded) in [
        ("GET /?a b\r\n", "GET /?a%20b\r\n"),
        ("GET /?a b HTTP/2.0\r\n", "GET /?a%20b%20HTTP/2.0\r\n"),
        ("GET /?a b HTTP/1.2\r\n", "GET /?a%20b%20HTTP/1.2\r\n"),
        ("GET /?a b HTTP/1.1 \r\n", "GET /?a%20b%20HTTP/1.1%20\r\n"),
        ("GET /?a HTTP/1.1\rb\n", "GET /?a%20HTTP/1.1\rb\n"),
    ] {
        check(line, encoded);
    }
}

#[test]
fn bytes_are_not_kept_back_unless_they_may_be_a_version() {
    let mut encoder = Encoder::default();
    for (bytes, passed) in [
        ("\u{16}\u{3}", "\u{16}\u{3}"),
        ("\n\nGET", "\n\nGET"),
        (" /?a", " /?a"),
        ("<b ", "%3Cb"),
        ("HTTP/1.", ""),
        ("x", "%20HTTP/1.x"),
    ] {
        let mut out = Vec::new();
        encoder.encode(bytes.as_bytes(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), passed);
    }
}

proptest! {
    /// A valid connection passes as it is, bodies included.
    #[test]
    fn valid_requests_are_unchanged(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("GET /a/b?c=%20d&e=+f HTTP/1.1\r\nHost: x\r\n\r\n"),
                Just("POST /?a=b HTTP/1.0\r\nContent-Length: 5\r\n\r\na b\n\n"),
                Just("\r\n"),
            ],
            0..5,
        ),
        size in 1_usize..60,
    ) {
        let bytes = parts.concat().into_bytes();
        prop_assert_eq!(encoded(&bytes, size), bytes);
    }

    /// Whatever arrives, no line is added, removed or reordered, and a line that changes is a request
    /// line.
    #[test]
    fn lines_stay_lines(
        text in proptest::collection::vec(
            prop_oneof![
                Just("GET /?"), Just(" HTTP/1.1\r\n"), Just("\r\n"), Just("\n"), Just("a b"),
                Just("<\u{e9}>"), Just("\r"), Just("Content-Length: 1"), Just("?"), Just("\0"),
            ],
            0..30,
        ),
        size in 1_usize..60,
    ) {
        let bytes = text.concat().into_bytes();
        let encoded = encoded(&bytes, size);
        let before: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
        let after: Vec<_> = encoded.split(|byte| *byte == b'\n').collect();
        prop_assert_eq!(before.len(), after.len());
        for (before, after) in before.into_iter().zip(after) {
            if before != after {
                let decoded: Vec<u8> = percent_encoding::percent_decode(after).collect();
                prop_assert_eq!(&decoded, before);
                prop_assert!(before.trim_ascii_start().starts_with(b"GET /?"));
            }
        }
    }
}

#[tokio::test]
async fn stream_is_encoded_to_its_end() {
    let (mut near, far) = duplex(16);
    let writing = async {
        near.write_all(b"GET /?a b HTTP/1.1\r\n\r\nGET /?c d")
            .await
            .unwrap();
        near.shutdown().await.unwrap();
        let mut received = Vec::new();
        near.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, b"answer");
    };
    let reading = async move {
        let mut stream = EncodingStream::new(far);
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, b"GET /?a%20b HTTP/1.1\r\n\r\nGET /?c%20d");
        stream.write_all(b"answer").await.unwrap();
        stream.shutdown().await.unwrap();
    };
    tokio::join!(writing, reading);
}
