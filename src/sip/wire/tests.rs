//! Messages as peers write them, and what is refused.

use bytes::BytesMut;
use proptest::prelude::*;

use super::envelope::Envelope;
use super::{
    Frame, Framer, Headers, MAX_BODY, MAX_LINES, Malformed, Message, Method, Name, NameAddr,
    Request, Response, Status, Token, Uri, Value, Via, read_seconds,
};

fn read(text: &str) -> Result<Message, Malformed> {
    Message::read_datagram(text.as_bytes())
}

fn request(text: &str) -> Request {
    match read(text) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

/// Compact names, folded lines, white space wherever it is allowed, several hops in one line.
const TORTUOUS: &str = "REGISTER sip:192.0.2.10:6060;lr SIP/2.0\r\n\
    v: SIP/2.0/UDP 192.0.2.21:5060;branch=z9hG4bK-1;rport , SIP / 2.0 / TCP [2001:db8::1];branch=b\r\n\
    VIA  :  SIP/2.0/UDP third.example\r\n\
    f: \"A \\\"quoted\\\", <name>\"\r\n  <sip:1001%40x@192.0.2.10>;\r\n\t tag = abc\r\n\
    t: Ärger <sip:1001@192.0.2.10>\r\n\
    i: 1@192.0.2.21\r\n\
    CSeq:\t0009   REGISTER\r\n\
    m: <sip:1001@192.0.2.21:5060;line=a,b>;expires=60, \"x\" <sip:1002@192.0.2.21>\r\n\
    X-Snom: ~ and : more\r\n\
    l: 4\r\n\r\n\
    bodyrest";

#[test]
fn tortuous_message_is_read() {
    let request = request(TORTUOUS);
    assert_eq!(request.method, Method::Register);
    assert_eq!(request.uri.as_str(), "sip:192.0.2.10:6060;lr");
    assert_eq!(request.body, "body");
    let envelope = Envelope::read(&request.headers).unwrap();
    assert_eq!(envelope.via.branch(), "z9hG4bK-1");
    assert_eq!(envelope.via.param("rport"), Some(""));
    assert_eq!(
        (envelope.via.host.as_str(), envelope.via.port),
        ("192.0.2.21", Some(5060))
    );
    assert_eq!(envelope.from.display_name, "A \"quoted\", <name>");
    assert_eq!(envelope.from.uri.user(), Some("1001%40x"));
    assert_eq!(envelope.from.tag(), Some("abc"));
    assert_eq!(
        (envelope.to.display_name.as_str(), envelope.to.tag()),
        ("Ärger", None)
    );
    assert_eq!(envelope.call_id, "1@192.0.2.21");
    assert_eq!(
        (envelope.cseq.number, &envelope.cseq.method),
        (9, &Method::Register)
    );
    let contacts = NameAddr::list(&request.headers, Name::CONTACT).unwrap();
    let contacts: Vec<_> = contacts
        .iter()
        .map(|contact| contact.uri.as_str())
        .collect();
    assert_eq!(
        contacts,
        ["sip:1001@192.0.2.21:5060;line=a,b", "sip:1002@192.0.2.21"]
    );
    assert_eq!(
        request.headers.get(&Name::new("x-SNOM").unwrap()),
        Some("~ and : more")
    );
}

#[test]
fn tab_in_a_quoted_parameter_is_kept() {
    let text = "SIP/2.0/UDP a;branch=\"z9hG4bK\t1\"";
    let via = Via::parse(text).unwrap();
    assert_eq!(via.branch(), "z9hG4bK\t1");
    assert_eq!(via.to_string(), text);
}

#[test]
fn only_the_topmost_hop_is_replaced() {
    let mut headers = request(TORTUOUS).headers;
    let mut via = Envelope::read(&headers).unwrap().via;
    via.set_param("rport", "5062".to_owned());
    via.replace_topmost(&mut headers);
    let fields: Vec<_> = headers.all(Name::VIA).collect();
    let first = "SIP/2.0/UDP 192.0.2.21:5060;branch=z9hG4bK-1;rport=5062, \
                 SIP / 2.0 / TCP [2001:db8::1];branch=b";
    assert_eq!(fields, [first, "SIP/2.0/UDP third.example"]);
}

#[test]
fn body_is_bytes() {
    let mut bytes = b"INFO sip:a@b SIP/2.0\r\nContent-Length: 3\r\n\r\n".to_vec();
    bytes.extend_from_slice(&[0xFF, 0, 0x80, b'x']);
    let Ok(Message::Request(request)) = Message::read_datagram(&bytes) else {
        panic!()
    };
    assert_eq!(&request.body[..], &[0xFF, 0, 0x80]);
}

#[test]
fn lengths_that_contradict_are_refused() {
    let with = |length: &str| read(&format!("INFO sip:a@b SIP/2.0\r\n{length}\r\n1234"));
    assert!(with("l: 4\r\n").is_ok() && with("").is_ok());
    assert_eq!(with("l: 5\r\n"), Err(Malformed::Incomplete));
    for length in [
        "l: 4\r\nContent-Length: 3\r\n",
        "l: +4\r\n",
        "l: -1\r\n",
        "l:\r\n",
        "l: 4, 4\r\n",
        "l: 0x4\r\n",
    ] {
        assert_eq!(with(length), Err(Malformed::ContentLength), "{length}");
    }
    assert_eq!(
        with(&format!("l: {}\r\n", MAX_BODY + 1)),
        Err(Malformed::TooLong)
    );
    assert_eq!(
        with("l: 99999999999999999999999\r\n"),
        Err(Malformed::ContentLength)
    );
}

#[test]
fn garbage_is_refused() {
    let long_line = format!("INFO sip:a@b SIP/2.0\r\nX: {}\r\n\r\n", "a".repeat(20_000));
    let lines = |count| format!("INFO sip:a@b SIP/2.0\r\n{}\r\n", "X: 1\r\n".repeat(count));
    assert!(read(&lines(MAX_LINES - 2)).is_ok());
    for (text, error) in [
        ("", Malformed::Incomplete),
        ("\r\n\r\n", Malformed::StartLine),
        ("INFO sip:a@b SIP/2.0\r\n", Malformed::Incomplete),
        ("INFO sip:a@b SIP/2.0\n\n", Malformed::Incomplete),
        ("INFO sip:a@b SIP/3.0\r\n\r\n", Malformed::StartLine),
        ("INFO  sip:a@b SIP/2.0\r\n\r\n", Malformed::StartLine),
        ("INFO sip:a@b c SIP/2.0\r\n\r\n", Malformed::StartLine),
        ("INFO sip: SIP/2.0\r\n\r\n", Malformed::StartLine),
        ("IN(FO sip:a@b SIP/2.0\r\n\r\n", Malformed::StartLine),
        ("SIP/2.0 99 Low\r\n\r\n", Malformed::StartLine),
        ("SIP/2.0 20x OK\r\n\r\n", Malformed::StartLine),
        ("GET / HTTP/1.1\r\n\r\n", Malformed::StartLine),
        ("INFO sip:a@b SIP/2.0\r\n X: 1\r\n\r\n", Malformed::Field),
        ("INFO sip:a@b SIP/2.0\r\nno field\r\n\r\n", Malformed::Field),
        ("INFO sip:a@b SIP/2.0\r\nX: a\rb\r\n\r\n", Malformed::Field),
        (
            "INFO sip:a@b SIP/2.0\r\nX: a\nY: b\r\n\r\n",
            Malformed::Field,
        ),
        ("INFO sip:a@b SIP/2.0\r\nX: a\0\r\n\r\n", Malformed::Field),
        (&lines(MAX_LINES), Malformed::TooManyLines),
        (&long_line, Malformed::TooLong),
    ] {
        assert_eq!(read(text), Err(error), "{text:.80}");
    }
}

#[test]
fn fields_of_all_messages_are_required_once() {
    let valid = [
        "Via: SIP/2.0/UDP a;branch=1",
        "From: <sip:a@b>;tag=1",
        "To: sip:a@b;user=phone",
        "Call-ID: x",
        "CSeq: 1 INFO",
    ];
    let envelope = |lines: &[&str]| {
        let text = format!("INFO sip:a@b SIP/2.0\r\n{}\r\n\r\n", lines.join("\r\n"));
        Envelope::read(&request(&text).headers).map(|_| ())
    };
    assert_eq!(envelope(&valid), Ok(()));
    for (at, name) in ["Via", "From", "To", "Call-ID", "CSeq"]
        .into_iter()
        .enumerate()
    {
        let mut lines = valid.to_vec();
        lines.remove(at);
        assert_eq!(envelope(&lines), Err(Malformed::Lacks(name)));
        if at > 0 {
            lines.push(valid[at]);
            lines.push(valid[at]);
            assert_eq!(envelope(&lines), Err(Malformed::Lacks(name)), "twice");
        }
    }
    for (at, wrong) in [
        (0, "Via: SIP/2.0/UDP a"),
        (0, "Via: SIP/2.0/UDP a:70000;branch=1"),
        (0, "Via: HTTP/2.0/UDP a;branch=1"),
        (1, "From: <sip:a@b>;tag=1, <sip:c@d>"),
        (1, "From: \"open <sip:a@b>;tag=1"),
        (1, "From: <sip:a@b"),
        (3, "Call-ID:"),
        (4, "CSeq: -1 INFO"),
        (4, "CSeq: 2147483648 INFO"),
        (4, "CSeq: 1INFO"),
    ] {
        let mut lines = valid.to_vec();
        lines[at] = wrong;
        assert!(envelope(&lines).is_err(), "{wrong}");
    }
}

#[test]
fn stream_is_split() {
    let message = "INFO sip:a@b SIP/2.0\r\nl: 3\r\n\r\nabc";
    let stream = format!("\r\n{message}\r\n\r\n\r\n{message}\r\n");
    for chunk in [1, 2, 3, 5, stream.len()] {
        let mut framer = Framer::default();
        let (mut buffer, mut frames) = (BytesMut::new(), Vec::new());
        for bytes in stream.as_bytes().chunks(chunk) {
            buffer.extend_from_slice(bytes);
            while let Some(frame) = framer.next(&mut buffer).unwrap() {
                frames.push(frame);
            }
        }
        let expected = Frame::Message(read(message).unwrap());
        assert_eq!(frames, [expected.clone(), Frame::Ping, expected], "{chunk}");
        assert!(!framer.is_within_message(&buffer));
    }
}

#[test]
fn broken_stream_is_an_error() {
    let next = |text: &str| Framer::default().next(&mut BytesMut::from(text));
    assert_eq!(
        next("INFO sip:a@b SIP/2.0\r\n\r\n"),
        Err(Malformed::ContentLength)
    );
    assert_eq!(next(&"a".repeat(20_000)), Err(Malformed::TooLong));
    assert_eq!(next("GET / HTTP/1.1\r\n\r\n"), Err(Malformed::StartLine));
    assert_eq!(next("INFO sip:a@b SIP/2.0\r\nl: 9\r\n\r\nabc"), Ok(None));
}

#[test]
fn uris_are_split() {
    let uri: Uri = "sips:user;x=1:secret@[2001:db8::1]:5061;transport=TCP;lr?Subject=a"
        .parse()
        .unwrap();
    assert_eq!(
        (uri.user(), uri.host(), uri.port()),
        (Some("user;x=1"), Some("[2001:db8::1]"), Some(5061))
    );
    assert_eq!(
        (uri.param("Transport"), uri.param("lr"), uri.param("x")),
        (Some("TCP"), Some(""), None)
    );
    let tel: Uri = "tel:+491".parse().unwrap();
    assert_eq!((tel.is_sip(), tel.host()), (false, None));
    for text in [
        "",
        "sip:",
        "sip:@host",
        "sip:a b@c",
        "sip:a@b\r\nX: y",
        "sip:a@b>",
        "sip:a@b:x",
        "sip:a@b:65536",
        "sip:a@[::g]",
        "sip:a@[::1",
        "sip:a@",
        "1001@b",
        "sip:a@b\"",
        "s ip:a@b",
        "sip:a@[::1]x",
    ] {
        assert!(text.parse::<Uri>().is_err(), "{text}");
    }
    let built = Uri::sip(Some("a@b c\r\n<>:\"%"), "2001:db8::1", Some(5060)).unwrap();
    assert_eq!(
        built.as_str(),
        "sip:a%40b%20c%0D%0A%3C%3E%3A%22%25@[2001:db8::1]:5060"
    );
    assert!(Uri::sip(None, "host\r\nX: y", None).is_err());
}

#[test]
fn seconds_have_a_refresher() {
    assert_eq!(
        read_seconds("1800;refresher=uac"),
        Some((1800, Some("uac".to_owned())))
    );
    assert_eq!(read_seconds("99999999999 ; x"), Some((u32::MAX, None)));
    assert_eq!(read_seconds("-1"), None);
}

#[test]
fn line_breaks_cannot_be_written() {
    for text in ["a\r\nVia: x", "a\nb", "a\rb", "a\0b"] {
        assert!(Value::new(text).is_err() && Token::new(text).is_err() && Name::new(text).is_err());
        assert!(!Value::lossy(text).contains(['\r', '\n', '\0']));
    }
    assert!(Name::new("X Y").is_err() && Name::new("X:").is_err() && Name::new("").is_err());
}

#[test]
fn length_is_that_of_the_body_in_bytes() {
    let mut response =
        Response::new(Status::OK).with(Name::CONTENT_LENGTH, Value::new("1").unwrap());
    response.body = "ä".into();
    let text = String::from_utf8(response.to_bytes().to_vec()).unwrap();
    assert_eq!(text, "SIP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nä");
}

fn values() -> impl Strategy<Value = Value> {
    "[^\\x00-\\x1f\\x7f-\\x9f]{0,40}".prop_map(|text| Value::new(&text).unwrap())
}

fn headers() -> impl Strategy<Value = Headers> {
    let name = prop_oneof![
        "[a-zA-Z][a-zA-Z-]{0,12}",
        Just("Via".to_owned()),
        Just("From".to_owned()),
        Just("s".to_owned())
    ];
    let names = name.prop_map(|name| Name::new(&name).unwrap());
    let names = names.prop_filter("written by itself", |name| *name != Name::CONTENT_LENGTH);
    prop::collection::vec((names, values()), 0..20).prop_map(|fields| {
        let mut headers = Headers::default();
        for (name, value) in fields {
            headers.push(name, value);
        }
        headers
    })
}

fn messages() -> impl Strategy<Value = Message> {
    let body = prop::collection::vec(any::<u8>(), 0..200);
    let uri = "[a-z0-9.!~;=+-]{1,20}"
        .prop_map(|user| Uri::sip(Some(&user), "192.0.2.1", Some(5060)).unwrap());
    let request =
        ("[A-Z]{1,10}", uri, headers(), body.clone()).prop_map(|(method, uri, headers, body)| {
            Message::Request(Request {
                method: Method::from_token(&Token::new(&method).unwrap()),
                uri,
                headers,
                body: body.into(),
            })
        });
    let response =
        (100_u16..700, values(), headers(), body).prop_map(|(code, reason, headers, body)| {
            Message::Response(Response {
                status: Status::from_code(code).unwrap(),
                reason,
                headers,
                body: body.into(),
            })
        });
    prop_oneof![request, response]
}

proptest! {
    #[test]
    fn written_messages_are_read_back(messages in prop::collection::vec(messages(), 1..4), chunk in 1_usize..100) {
        let mut framer = Framer::default();
        let (mut buffer, mut found, mut stream) = (BytesMut::new(), Vec::new(), Vec::new());
        for message in &messages {
            let bytes = message.to_bytes();
            prop_assert_eq!(&Message::read_datagram(&bytes).unwrap(), message);
            stream.extend_from_slice(&bytes);
        }
        for bytes in stream.chunks(chunk) {
            buffer.extend_from_slice(bytes);
            while let Some(Frame::Message(message)) = framer.next(&mut buffer).unwrap() {
                found.push(message);
            }
        }
        prop_assert_eq!(found, messages);
    }

    #[test]
    fn addresses_are_read_back(name in "\\PC{0,20}", user in "\\PC{1,20}", tag in "[a-z0-9]{1,8}") {
        let mut address = NameAddr::new(Uri::sip(Some(&user), "host", None).unwrap()).with_tag(&tag);
        address.display_name = name;
        prop_assert_eq!(NameAddr::parse(&address.to_string()), Some(address));
    }

    #[test]
    fn nothing_panics(text in "(SIP/2.0|INFO|sip:|:|;|=|<|>|\"|\\\\|\\r\\n|\\r\\n\\r\\n| |,|[0-9]|Via|l|\\PC){0,40}") {
        let _ = read(&text);
        let _ = Framer::default().next(&mut BytesMut::from(text.as_bytes()));
        if let Some(address) = NameAddr::parse(&text) {
            prop_assert_eq!(NameAddr::parse(&address.to_string()), Some(address));
        }
        if let Some(via) = Via::parse(&text) {
            prop_assert_eq!(Via::parse(&via.to_string()), Some(via));
        }
    }
}
