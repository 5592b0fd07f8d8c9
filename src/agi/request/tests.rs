//! Known environments, the shared cases, and generated URLs.

use proptest::prelude::*;

use super::*;
use crate::fixtures;

fn request(block: &str) -> Request {
    Request::parse(block.as_bytes()).unwrap()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    request(&format!("agi_network_script: push?{query}\n\n")).query()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn script_is_the_path_of_the_url() {
    for (line, script) in [
        ("agi_network_script: push", "push"),
        ("agi_network_script: /push", "push"),
        ("agi_network_script: push?text=a/b?c", "push"),
        ("agi_network_script: a%20b/c%2Fd", "a b/c/d"),
        ("agi_network_script: 100%", "100%"),
        ("agi_network_script: %ff", "\u{fffd}"),
        ("agi_network_script: ?text=x", ""),
        ("agi_network_script: ", ""),
        ("agi_request: agi://127.0.0.1:4573/push?text=a", "push"),
        ("agi_request: agi://[2001:db8::1]:4573//push", "push"),
        ("agi_request: agi://127.0.0.1", ""),
        ("agi_request: agi://127.0.0.1?text=/x", ""),
        ("agi_request: push.sh", "push.sh"),
        ("agi_channel: x", ""),
    ] {
        assert_eq!(request(&format!("{line}\n\n")).script(), script, "{line}");
    }
}

#[test]
fn query_is_decoded() {
    assert_eq!(
        pairs("a=1&b=2&a=3"),
        [pair("a", "1"), pair("b", "2"), pair("a", "3")]
    );
    assert_eq!(pairs("text=a+b%2Bc%20d"), [pair("text", "a b+c d")]);
    assert_eq!(
        pairs("text=100%&x=%zz%4"),
        [pair("text", "100%"), pair("x", "%zz%4")]
    );
    assert_eq!(
        pairs("text=%E2%82%AC&x=T%FCr"),
        [pair("text", "€"), pair("x", "Tür")]
    );
    assert_eq!(
        pairs("a&=b&&c=d=e"),
        [pair("a", ""), pair("", "b"), pair("c", "d=e")]
    );
    assert_eq!(pairs(""), []);
    assert_eq!(
        request("agi_request: agi://h/push?a=1\n\n").query(),
        [pair("a", "1")]
    );
}

#[test]
fn unknown_and_empty_callers_are_none() {
    let known = request("agi_callerid: 1001\nagi_calleridname: Bob: \"x\" \n\n");
    assert_eq!(
        (known.caller_id(), known.caller_name()),
        (Some("1001"), Some("Bob: \"x\" "))
    );
    let unknown = request("agi_callerid: unknown\nagi_calleridname: \n\n");
    assert_eq!((unknown.caller_id(), unknown.caller_name()), (None, None));
    assert_eq!(unknown.variable("callerid"), Some("unknown"));
    assert_eq!(unknown.variable("CallerID"), None);
}

#[test]
fn block_without_variables_is_rejected() {
    for block in [
        "\n",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "agi_\nagi_x\n\n",
    ] {
        let error = Request::parse(block.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::NotAgi { .. }), "{block:?}");
    }
}

#[test]
fn invalid_utf8_is_latin_1() {
    let request = Request::parse(b"agi_calleridname: J\xf6rg\n\n").unwrap();
    assert_eq!(request.caller_name(), Some("Jörg"));
}

#[test]
fn shared_cases_agree() {
    let mut compared = 0;
    for case in fixtures::lines("agi-env-cases.jsonl") {
        let (id, says) = (case["id"].as_str().unwrap(), &case["source_says"]);
        let wire = case["wire"].as_str().unwrap();
        let wire = match says["encoded"].as_bool() {
            Some(true) => percent_decode_str(wire).decode_utf8_lossy().into_owned(),
            _ => wire.to_owned(),
        };
        compared += 1;
        // `zaf-env-invalid` has no blank line, which is the concern of framing. Its lines are parsed
        // separately, since a malformed line does not invalidate the others.
        let parsed = request(&wire);
        for (name, value) in says.as_object().unwrap() {
            let name = name.strip_prefix("agi_").unwrap_or(name);
            if let Some(value) = value.as_str().filter(|_| name != "note") {
                assert_eq!(
                    parsed.variable_or_argument(name),
                    Some(value),
                    "{id}: {name}"
                );
            }
        }
        let expected: &[(&str, &str)] = match id {
            // No space after the colon, and the arguments come first.
            "pagi-env" => &[("channel", "SIP/jondoe-7026f150"), ("arg_2", "arg2")],
            "java-testBuildRequestWithUnusualInput" => &[("channel", "SIP/1234-a892")],
            "java-testGetArguments" => &[("arg_1", "value1"), ("arg_2", "value2")],
            "java-testGetArgumentsWithEmptyArgument" => &[("arg_2", ""), ("arg_3", "value3")],
            "java-testBuildRequestCallerIdAsterisk12" => &[("calleridname", "John Doe")],
            _ => &[],
        };
        for &(name, value) in expected {
            assert_eq!(
                parsed.variable_or_argument(name),
                Some(value),
                "{id}: {name}"
            );
        }
        if id.starts_with("java-") && wire.contains("agi_network_script: myscript.agi") {
            assert_eq!(parsed.script(), "myscript.agi", "{id}");
        }
        // Asterisk 1.0 wrote `"John Doe" <1234>` to agi_callerid; it is returned unchanged.
        match id {
            "java-testBuildRequestCallerIdAsterisk12WithUnknownCallerId"
            | "java-testBuildRequestWithoutCallerId" => assert_eq!(parsed.caller_id(), None),
            "java-testBuildRequestCallerIdAsterisk12WithUnknownCallerIdName" => {
                assert_eq!(parsed.caller_name(), None);
            }
            _ => (),
        }
        let query = match id {
            "java-testBuildRequestWithSingleValueParameters" => {
                vec![pair("param1", "value1"), pair("param2", "value2")]
            }
            "java-testBuildRequestWithMultiValueParameter" => {
                vec![pair("param1", "value1"), pair("param1", "value2")]
            }
            "java-testBuildRequestWithEmptyValueParameter" => vec![pair("param1", "")],
            "java-testBuildRequestWithUrlEncodedParameter" | "java-testGetParameter" => {
                vec![pair("param1", "my value")]
            }
            _ => Vec::new(),
        };
        assert_eq!(parsed.query(), query, "{id}");
    }
    fixtures::report("environments", compared);
}

impl Request {
    fn variable_or_argument(&self, name: &str) -> Option<&str> {
        match name.strip_prefix("arg_") {
            Some(number) => self.arguments().nth(number.parse::<usize>().unwrap() - 1),
            None => self.variable(name),
        }
    }
}

proptest! {
    #[test]
    fn any_variable_is_parsed_unchanged(
        name in "[a-z_]{1,12}", value in "[^\r\n\u{fffd}]{0,40}"
    ) {
        prop_assume!(!name.starts_with("arg_"));
        let request = request(&format!("agi_{name}: {value}\nagi_x1: y\n\n"));
        prop_assert_eq!(request.variable(&name), Some(value.as_str()));
    }

    #[test]
    fn any_target_is_parsed_without_panic(target in "[^\n]{0,80}", name in "network_script|request") {
        let request = request(&format!("agi_{name}: {target}\n\n"));
        prop_assert!(!request.script().starts_with('/') || target.contains("%2"));
        let _ = request.query();
    }

    #[test]
    fn caller_name_never_changes_the_target(name in "(?s)(.|\nagi_(channel|network_script|request|uniqueid|arg_[12]|threadid): ){0,30}") {
        let request = request(&format!(
            "agi_request: agi://h/push\nagi_channel: C\nagi_uniqueid: U\nagi_callerid: 1\n\
             agi_calleridname: {name}\nagi_threadid: 1\nagi_arg_1: one\n\n"
        ));
        prop_assert_eq!(request.script(), "push");
        prop_assert_eq!(request.channel(), "C");
        prop_assert_eq!(request.uniqueid(), "U");
        prop_assert!(request.arguments().eq(["one"]));
    }
}
