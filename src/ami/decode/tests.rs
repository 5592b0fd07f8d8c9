use std::fmt::Write as _;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn decode(wire: &[u8]) -> (Vec<Value>, Summary) {
    let mut output = Vec::new();
    let summary = run(io::Cursor::new(wire.to_vec()), &mut output).unwrap();
    let text = String::from_utf8(output).unwrap();
    (
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
        summary,
    )
}

fn check(wire: &[u8], expected: &Value) {
    assert_eq!(Value::Array(decode(wire).0), *expected);
}

#[test]
fn each_object_is_one_line_with_its_offset() {
    let mut output = Vec::new();
    let wire =
        b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nA:1\r\n\r\n\r\nEvent: E\r\n\r\n";
    let summary = run(&wire[..], &mut output).unwrap();
    assert_eq!(
        String::from_utf8(output).unwrap(),
        concat!(
            r#"{"type":"banner","headers":[],"offset":0,"text":"Asterisk Call Manager/11.0.0"}"#,
            "\n",
            r#"{"type":"response","headers":[["Response","Success"],["A","1"]],"offset":30}"#,
            "\n",
            r#"{"type":"event","headers":[["Event","E"]],"offset":58}"#,
            "\n",
        )
    );
    assert_eq!(
        summary,
        Summary {
            banners: 1,
            events: 1,
            responses: 1,
            skipped: 0
        }
    );
}

#[test]
fn malformed_data_is_skipped_with_its_text() {
    check(
        b"No queues.\r\nNone\r\n\r\nResponse: Success\r\n\r\n",
        &json!([
            {"type": "skipped", "headers": [], "offset": 0, "text": "No queues.\r\nNone"},
            {"type": "response", "headers": [["Response", "Success"]], "offset": 20},
        ]),
    );
}

#[test]
fn packet_that_is_neither_event_nor_response_is_skipped_with_its_headers() {
    check(
        b"Devicename: SEP1\r\nIpaddress: 192.0.2.1\r\n\r\n",
        &json!([{
            "type": "skipped",
            "headers": [["Devicename", "SEP1"], ["Ipaddress", "192.0.2.1"]],
            "offset": 0,
            "text": "Devicename: SEP1\r\nIpaddress: 192.0.2.1",
        }]),
    );
}

#[test]
fn lines_that_are_not_headers_are_raw() {
    check(
        b"Event: E\r\nV: torn\r\nvalue\r\n\r\n",
        &json!([{"type": "event", "headers": [["Event", "E"], ["V", "torn"]], "offset": 0,
                 "raw": ["value"]}]),
    );
}

#[test]
fn invalid_utf8_is_replaced() {
    check(
        b"Event: E\r\nN: Gr\xfc\xdfe\r\n\r\nfoo\xc3",
        &json!([
            {"type": "event", "headers": [["Event", "E"], ["N", "Gr\u{fffd}\u{fffd}e"]],
             "offset": 0},
            {"type": "skipped", "headers": [], "offset": 22, "text": "foo\u{fffd}"},
        ]),
    );
}

#[test]
fn packet_over_the_limit_is_skipped_and_decoding_continues() {
    let mut wire = b"Event: Huge\r\nA: ".to_vec();
    wire.resize(MAX_PACKET + 100, b'x');
    wire.extend_from_slice(b"\r\n\r\nEvent: Next\r\n\r\n");
    let (objects, summary) = decode(&wire);
    assert_eq!(objects[0]["type"], "skipped");
    assert_eq!(objects[0]["length"], json!(MAX_PACKET + 102));
    assert_eq!(
        objects[1],
        json!({"type": "event", "headers": [["Event", "Next"]],
                                  "offset": MAX_PACKET + 104})
    );
    assert_eq!(summary.skipped, 1);
}

#[test]
fn command_output_of_a_megabyte_is_one_response() {
    let mut wire = "Response: Success\r\nMessage: Command output follows\r\n".to_owned();
    for line in 0..20_000 {
        write!(wire, "Output: {line:050}\r\n").unwrap();
    }
    wire.push_str("\r\n");
    let (objects, _) = decode(wire.as_bytes());
    assert_eq!(objects.len(), 1);
    assert_eq!(objects[0]["headers"].as_array().unwrap().len(), 20_002);
}

#[test]
fn write_error_ends_decoding() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let error = run(&b"Event: E\r\n\r\n"[..], Full).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn objects_are_written_before_more_is_read() {
    /// Returns what a channel receives.
    struct Pipe(Receiver<&'static [u8]>);
    impl Read for Pipe {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let bytes = self.0.recv().unwrap_or_default();
            buffer[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        }
    }
    struct Written(mpsc::Sender<Vec<u8>>);
    impl Write for Written {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.send(text.to_vec()).unwrap();
            Ok(text.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (input, pipe) = mpsc::channel();
    let (output, written) = mpsc::channel();
    let decoder = thread::spawn(|| run(Pipe(pipe), Written(output)));
    let next = || String::from_utf8(written.recv_timeout(TIMEOUT).unwrap()).unwrap();
    for count in 1..4 {
        input.send(b"Event: E\r\nA: 1\r\n\r\nEvent: F").unwrap();
        assert_eq!(next().matches("{\"type\":\"event\"").count(), 1, "{count}");
        input.send(b"\r\n\r\n").unwrap();
        assert!(next().contains("[[\"Event\",\"F\"]]"), "{count}");
    }
    drop(input);
    assert_eq!(decoder.join().unwrap().unwrap().events, 6);
}

const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);

proptest! {
    #[test]
    fn ordinary_events_are_decoded_like_any_other(
        wire in vec(arb_part(), 0..60),
        cuts in vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let wire = wire.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len() + 1)).collect();
        cuts.sort_unstable();
        let (mut decoder, mut text, mut fed) = (Decoder::new(), Vec::new(), 0);
        for end in cuts.into_iter().chain([wire.len()]) {
            decoder.feed(&wire[fed..end], &mut text).unwrap();
            fed = end;
        }
        let summary = decoder.finish(&mut text).unwrap();
        let (expected, expected_summary) = decode_one_by_one(&wire);
        prop_assert_eq!(String::from_utf8(text), String::from_utf8(expected));
        prop_assert_eq!(summary, expected_summary);
    }
}

/// Decodes without the short way for ordinary events.
fn decode_one_by_one(wire: &[u8]) -> (Vec<u8>, Summary) {
    let (mut framer, mut buffer) = (Framer::new(MAX_PACKET), BytesMut::from(wire));
    let (mut text, mut summary) = (Vec::new(), Summary::default());
    let mut pass_on = |part| write(part, &mut text);
    let mut output = Output::new(&mut pass_on);
    while let Some(frame) = framer.next(&mut buffer) {
        summary.count(json::write(&frame, &mut output).unwrap());
    }
    if let Some(frame) = framer.finish(&mut buffer) {
        summary.count(json::write(&frame, &mut output).unwrap());
    }
    output.pass_on().unwrap();
    (text, summary)
}

/// The parts of streams that have many ordinary events, and some that are nearly so.
fn arb_part() -> impl Strategy<Value = Vec<u8>> {
    let text = |text: &'static str| Just(text.as_bytes().to_vec());
    prop_oneof![
        8 => text("Event: Newstate\r\nPrivilege: call,all\r\nAccountCode: \r\nNo:space\r\nA: 12:30\r\n\r\n"),
        4 => text("Event: Hangup\r\n"),
        4 => "[A-Za-z]{1,20}: ?[ -~]{0,80}\r\n".prop_map(String::into_bytes),
        2 => "[A-Za-z]{1,9}: [ a-zäß\u{20ac}\"\\\\\t\r]{0,20}\r\n".prop_map(String::into_bytes),
        4 => text("\r\n"),
        1 => text("\n"),
        1 => text(": no name\r\n"),
        1 => text("no colon\r\n"),
        1 => text("bare: feed\n"),
        1 => text("Event:Tight\r\n\r\n"),
        1 => text("event: Lower\r\nA: 1\r\n\r\n"),
        1 => text("Event\r\n\r\n"),
        1 => text("Response: Success\r\nMessage: x\r\n\r\n"),
        1 => text("Response: Follows\r\nOutput: a\nEvent: X\r\n\r\n--END COMMAND--\r\n\r\n"),
        1 => text("Asterisk Call Manager/7.0.3\r\n"),
        1 => vec(any::<u8>(), 0..70),
    ]
}

/// Compares the result of the decoder with the shared cases, where they are present.
#[test]
fn shared_cases_decode_as_expected() {
    let folder = std::env::var_os("HANDSETD_FIXTURES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        PathBuf::from,
    );
    let Ok(cases) = std::fs::read_to_string(folder.join("asterisk/ami-cases.jsonl")) else {
        println!("Skipped: no ami-cases.jsonl in {}.", folder.display());
        return;
    };
    for case in cases.lines() {
        let case: Value = serde_json::from_str(case).unwrap();
        let id = case["id"].as_str().unwrap();
        // Each character is one byte (Latin-1).
        let wire: Vec<u8> = case["wire_latin1"]
            .as_str()
            .unwrap()
            .chars()
            .map(|c| c as u8)
            .collect();
        let expected: Vec<Value> = expectations(&case);
        let shown: Vec<Value> = decode(&wire).0.iter().map(comparable).collect();
        assert_eq!(shown, expected, "case {id}");
    }
}

/// Converts the messages of a case to the form of [`comparable`].
fn expectations(case: &Value) -> Vec<Value> {
    let mut expected = Vec::new();
    for message in case["parse"]["messages"].as_array().unwrap() {
        let mut headers = message.get("fields").cloned().unwrap_or_else(|| json!([]));
        for line in message
            .get("body")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            headers
                .as_array_mut()
                .unwrap()
                .push(json!(["Output", as_read(line)]));
        }
        let mut raw = message.get("raw").cloned().unwrap_or_else(|| json!([]));
        match message["kind"].as_str().unwrap() {
            "banner" => {
                let banner = json!({"type": "banner", "text": message["text"]});
                expected.push(banner);
            }
            "other" => {
                // The cases count a banner before a client's action as a raw line; the decoder does not.
                let lines = raw.as_array_mut().unwrap();
                if lines.first().is_some_and(|line| {
                    line.as_str()
                        .is_some_and(|line| line.starts_with("Asterisk Call Manager/"))
                }) {
                    expected.push(json!({"type": "banner", "text": lines.remove(0)}));
                }
                expected.push(json!({"type": "skipped", "headers": as_read(&headers)}));
            }
            kind => expected
                .push(json!({"type": kind, "headers": as_read(&headers), "raw": as_read(&raw)})),
        }
    }
    let trailing = case["parse"]["trailing"].as_str().unwrap();
    if trailing
        .to_ascii_lowercase()
        .starts_with("asterisk call manager/")
    {
        // The cases are case sensitive here and accept either result.
        expected.push(json!({"type": "banner", "text": trailing.trim_end()}));
    } else if !trailing.is_empty() {
        expected.push(json!({"type": "skipped", "headers": []}));
    }
    expected
}

/// Reduces an object to what the cases define.
fn comparable(object: &Value) -> Value {
    match object["type"].as_str().unwrap() {
        "banner" => json!({"type": "banner", "text": object["text"]}),
        "skipped" => json!({"type": "skipped", "headers": object["headers"]}),
        kind => {
            let raw = object.get("raw").cloned().unwrap_or_else(|| json!([]));
            json!({"type": kind, "headers": object["headers"], "raw": raw})
        }
    }
}

/// Decodes the Latin-1 of the cases as a reader of UTF-8 does.
fn as_read(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
            json!(String::from_utf8_lossy(&bytes))
        }
        Value::Array(items) => items.iter().map(as_read).collect(),
        other => other.clone(),
    }
}

#[test]
fn recorded_conversations_decode_completely() {
    for major in [16, 22] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../../tests/fixtures/ami/asterisk-{major}.ami"));
        let (objects, summary) = decode(&std::fs::read(path).unwrap());
        assert_eq!(
            (summary.banners, summary.skipped),
            (1, 0),
            "Asterisk {major}"
        );
        let ids: Vec<&Value> = objects
            .iter()
            .filter(|object| object["type"] == "response")
            .map(|object| value(object, "ActionID"))
            .collect();
        let expected: Vec<String> = std::iter::once("login".to_owned())
            .chain((0..14).map(|id| id.to_string()))
            .collect();
        assert_eq!(
            json!(ids),
            json!(expected),
            "Asterisk {major} answers in order"
        );
        let user_event = objects
            .iter()
            .find(|object| *value(object, "Event") == "UserEvent")
            .unwrap();
        assert_eq!(user_event["raw"], json!(["no colon"]));
        let verbs = user_event["headers"].as_array().unwrap();
        assert_eq!(verbs.iter().filter(|header| header[0] == "Verb").count(), 2);
        assert!(verbs.contains(&json!(["NoSpace", "x"])) && verbs.contains(&json!(["Empty", ""])));
    }
}

fn value<'a>(object: &'a Value, name: &str) -> &'a Value {
    let headers = object["headers"].as_array().unwrap();
    headers
        .iter()
        .find(|header| header[0] == name)
        .map_or(&Value::Null, |header| &header[1])
}

#[test]
fn special_characters_are_escaped() {
    let special: String = ('\0'..'\u{a0}').filter(|&c| c != '\n').collect();
    let wire = format!("Event: \"E\"\r\n{special}: {special}\r\r\nA\\: \u{1f4de}\n1\r\n\r\n");
    let name = special.split(':').next().unwrap();
    let value = format!("{}: {special}\r", special.split_once(':').unwrap().1);
    check(
        wire.as_bytes(),
        &json!([{
            "type": "event",
            "headers": [["Event", "\"E\""], [name, value], ["A\\", "\u{1f4de}"]],
            "offset": 0,
            "raw": ["1"],
        }]),
    );
    check(
        b"Event: E\r\nA: 1\r2\r\r\n\r\n",
        &json!([{"type": "event", "headers": [["Event", "E"], ["A", "1\r2\r"]], "offset": 0}]),
    );
}

/// Notes the longest text that is written at once.
#[derive(Default)]
struct Longest {
    text: Vec<u8>,
    longest: usize,
}

impl Write for Longest {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.longest = self.longest.max(text.len());
        self.text.write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn long_packet_is_written_in_parts() {
    const MEGABYTE: usize = 1024 * 1024;
    const LINES: usize = 30_000;
    for (byte, shown) in [(b'a', "a"), (1, "\\u0001"), (0xff, "\u{fffd}")] {
        let value = vec![byte; 2 * MEGABYTE];
        let lines = b"A: B\r\n".repeat(LINES);
        let wire = [b"Event: E\r\nX: ", &value[..], b"\r\n", &lines, b"\r\n"].concat();
        let mut output = Longest::default();
        run(io::Cursor::new(wire), &mut output).unwrap();
        let text = String::from_utf8(output.text).unwrap();
        assert!(text.contains(&shown.repeat(2 * MEGABYTE)), "{byte}");
        assert_eq!(text.matches("[\"A\",\"B\"]").count(), LINES);
        assert!(output.longest < MEGABYTE / 2, "{}", output.longest);
    }
}
