//! Known replies, the shared cases, and generated replies.

use proptest::prelude::*;

use super::*;
use crate::fixtures;

fn check(wire: &str, code: u16, result: Option<&str>, value: Option<&str>, text: &str) {
    let reply = Reply::parse(wire.as_bytes()).unwrap();
    assert_eq!(
        (reply.code(), reply.result(), reply.value(), reply.text()),
        (code, result, value, text),
        "{wire:?}"
    );
}

#[test]
fn known_replies() {
    check("200 result=0\n", 200, Some("0"), None, "");
    check("200 result=-1\r\n", 200, Some("-1"), None, "");
    check("200 result=1 ()\n", 200, Some("1"), Some(""), "");
    check(
        "200 result= (timeout)\n",
        200,
        Some(""),
        Some("timeout"),
        "",
    );
    check(
        "200 result=*12# (timeout)\n",
        200,
        Some("*12#"),
        Some("timeout"),
        "",
    );
    check(
        "100 result=0 Trying...\n",
        100,
        Some("0"),
        None,
        "Trying...",
    );
    check("100 Trying\n", 100, None, None, "Trying");
    check(
        "510 Invalid or unknown command\n",
        510,
        None,
        None,
        "Invalid or unknown command",
    );
    check(
        "511 Command Not Permitted on a dead channel or intercept routine\n",
        511,
        None,
        None,
        "Command Not Permitted on a dead channel or intercept routine",
    );
    check(
        "520-Wrong.\nUsage: X\n520 End of proper usage.\n",
        520,
        None,
        None,
        "Wrong.\nUsage: X\n520 End of proper usage.",
    );
}

#[test]
fn value_extends_to_the_last_parenthesis() {
    check(
        "200 result=1 (a)b(c))\n",
        200,
        Some("1"),
        Some("a)b(c)"),
        "",
    );
    check("200 result=1 (:-()\n", 200, Some("1"), Some(":-("), "");
    check(
        "200 result=1 (\"q\" \\ 'x')\n",
        200,
        Some("1"),
        Some("\"q\" \\ 'x'"),
        "",
    );
    check(
        "200 result=1 (one\r\ntwo)\nthree\n)\n",
        200,
        Some("1"),
        Some("one\r\ntwo)\nthree\n"),
        "",
    );
    check("200 result=1 (ä€)\n", 200, Some("1"), Some("ä€"), "");
}

#[test]
fn fields_follow_the_value() {
    let reply =
        Reply::parse(br#"200 result=1 (speech) endpos=0 score0=969 text0="hi \"(joe!)\"" g= x"#)
            .unwrap();
    assert_eq!(reply.value(), Some("speech"));
    assert_eq!(reply.field("endpos"), Some("0"));
    assert_eq!(reply.field("text0"), Some("hi \"(joe!)\""));
    assert_eq!(reply.field("g"), Some(""));
    assert_eq!(reply.field("endpo"), None);
    assert_eq!(reply.text(), "x");
}

#[test]
fn invalid_utf8_is_latin_1() {
    let reply = Reply::parse(b"200 result=1 (caf\xe9)\n").unwrap();
    assert_eq!(reply.value(), Some("café"));
}

#[test]
fn malformed_replies_are_rejected() {
    for wire in [
        "",
        "\n",
        "510",
        "200 ",
        "200\n",
        "200 result 1\n",
        "620 FOO",
        "foo",
        " 200 x",
        "20x y",
    ] {
        let error = Reply::parse(wire.as_bytes()).unwrap_err();
        assert!(
            matches!(error, Error::MalformedReply { .. }),
            "{wire:?}: {error}"
        );
    }
}

#[test]
fn shared_cases_agree() {
    // Differences from the library that a case comes from, and why.
    let differ = [
        // A hang-up, or two replies: the concern of framing, not of parsing one reply.
        "zaf-6",
        "sdk-two-lines",
        "sdk-crlf",
        // `result=` may be empty, as for GET DATA after a timeout.
        "zaf-9",
        "zaf-10",
        // 510 and the like are errors of the command, not of parsing its reply.
        "zaf-2",
        "zaf-3",
        "zaf-4",
        "zaf-5",
        // Parsed as text, because future replies are unknown.
        "exfastagi-bad-5",
        "exfastagi-bad-6",
        // Without its LF it is incomplete on the wire, which is the concern of framing.
        "ruby-agi-0",
    ];
    let mut compared = 0;
    for case in fixtures::lines("agi-reply-cases.jsonl") {
        let (id, says) = (case["id"].as_str().unwrap(), &case["source_says"]);
        if differ.contains(&id) {
            continue;
        }
        let wire = case["wire"].as_str().unwrap();
        let wire = match says["encoded"].as_bool() {
            Some(true) => percent_encoding::percent_decode_str(wire)
                .decode_utf8_lossy()
                .into_owned(),
            _ => wire.to_owned(),
        };
        let reply = Reply::parse(wire.as_bytes());
        compared += 1;
        if says["error"] == true {
            assert!(reply.is_err(), "{id}");
            continue;
        }
        let reply = reply.unwrap_or_else(|error| panic!("{id}: {error}"));
        if let Some(code) = says["code"].as_u64() {
            assert_eq!(u64::from(reply.code()), code, "{id}");
        }
        if let Some(result) = says["result"].as_str() {
            assert_eq!(reply.result(), Some(result), "{id}");
        }
        if let Some(extra) = says["extra"].as_str() {
            assert_eq!(reply.value(), Some(extra), "{id}");
        }
        // goagi gives the text of a reply without value as its value.
        if let (Some(value), Some(ours)) = (says["value"].as_str(), reply.value()) {
            assert_eq!(ours, value, "{id}");
        }
        for field in ["endpos", "startpos", "text0", "digit", "results"] {
            if let Some(expected) = says[field].as_str().filter(|text| !text.is_empty()) {
                assert_eq!(reply.field(field), Some(expected), "{id}: {field}");
            }
        }
    }
    fixtures::report("replies", compared);
}

proptest! {
    #[test]
    fn any_value_is_parsed_unchanged(value in "(?s)[^\u{fffd}]{0,60}", endpos in any::<Option<u32>>()) {
        let field = endpos.map(|endpos| format!(" endpos={endpos}")).unwrap_or_default();
        let reply = Reply::parse(format!("200 result=1 ({value}){field}\n").as_bytes()).unwrap();
        prop_assert_eq!(reply.value(), Some(value.as_str()));
        prop_assert_eq!(reply.field("endpos").map(str::to_owned), endpos.map(|e| e.to_string()));
    }

    #[test]
    fn garbage_never_panics(wire in "(?s)([1-5][0-9]{2}[ -])?(result=)?.{0,60}") {
        let _ = Reply::parse(wire.as_bytes());
    }
}
