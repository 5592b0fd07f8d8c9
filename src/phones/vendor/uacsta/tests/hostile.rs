//! Requests with the marks of XML and SIP in them, and answers of a phone that lies.

use proptest::prelude::*;

use super::*;
use crate::verb::{Action, Request};
use crate::xml::document_fault;

/// Texts that end an element, an attribute, a comment, a line of SIP or a parameter.
const MARKS: [&str; 9] = [
    "</callID><callID>8",
    "<![CDATA[x]]>",
    "\"><!--",
    "&x;",
    "&#60;/a&#62;",
    "1\r\nVia: x",
    "1\u{0}\u{1b}[2J",
    "sip:a@b;method=INVITE?Subject=x",
    "7' or ''='",
];

/// Returns the text of an element, as another parser reads it.
fn text_of(document: &str, element: &str) -> String {
    assert_eq!(document_fault(document), None, "{document}");
    let (_, rest) = document.split_once(&format!("<{element}>")).unwrap();
    let (escaped, _) = rest.split_once('<').unwrap();
    quick_xml::escape::unescape(escaped).unwrap().into_owned()
}

#[test]
fn ids_and_numbers_have_no_marks() {
    for marks in MARKS {
        for (verb, pairs) in [
            ("answer", [("call", marks), ("via", "csta")]),
            ("dial", [("number", marks), ("via", "csta")]),
            ("forward", [("number", marks), ("via", "csta")]),
            ("dtmf", [("digits", marks), ("via", "csta")]),
            ("csta", [("request", marks), ("via", "csta")]),
        ] {
            assert!(Request::parse(verb, pairs).is_err(), "{verb} {marks:?}");
        }
        assert!(Request::parse("csta", [("request", "X"), (marks, "1")]).is_err());
    }
}

#[test]
fn texts_of_requests_are_escaped() {
    let fixture = yealink();
    for marks in MARKS {
        let request = Request::parse("csta", [("request", "X"), ("a.b", marks)]).unwrap();
        let Action::Control(control) = request.action else {
            panic!("{request:?}")
        };
        let plan = fixture.plan_via(Via::Csta, &control.into()).unwrap();
        let document = last(&plan.steps).message.document().to_owned();
        // What XML cannot contain is left out.
        let kept: String = marks
            .chars()
            .filter(|c| !"\0\u{1b}\r".contains(*c))
            .collect();
        assert_eq!(text_of(&document, "b"), kept, "{document}");
    }
}

#[test]
fn devices_of_the_phone_are_escaped_and_stay_its_own() {
    for device in ["</deviceID><callID>9", "a\"b&c<d>", "sip:1@a;x=\"'\""] {
        let escaped = quick_xml::escape::escape(device);
        let listed = calls(&[("7", &escaped, &["connected"])]);
        for (verb, pairs) in [("hold", ""), ("transfer", "number=200")] {
            let plan = planned(&yealink(), verb, pairs).unwrap();
            let steps = more(answered(last(&plan.steps), 200, &listed));
            let document = last(&steps).message.document();
            assert_eq!(text_of(document, "deviceID"), device);
            assert_eq!(text_of(document, "callID"), "7");
        }
    }
}

#[test]
fn new_call_of_a_transfer_is_another_one() {
    let plan = planned(&yealink(), "transfer", "number=200;kind=attended;call=7").unwrap();
    for (id, reason) in [
        ("7", "the held call as the new one"),
        ("a b", "did not report the id"),
        ("&lt;", "did not report the id"),
        ("", "did not report the id"),
    ] {
        let response = format!(
            "<ConsultationCallResponse><initiatedCall><callID>{id}</callID></initiatedCall></ConsultationCallResponse>"
        );
        let why = rejected(answered(last(&plan.steps), 200, &response));
        assert!(why.contains(reason), "{id}: {why}");
    }
}

#[test]
fn calls_of_others_are_not_touched() {
    // None of the calls that it lists is in the right state, or has an id that a request can name.
    let foreign = [("8", "a", &["hold"][..]), ("a b", "a", &["connected"])];
    let plan = planned(&yealink(), "hold", "").unwrap();
    let why = rejected(answered(last(&plan.steps), 200, &calls(&foreign)));
    assert_eq!(why, "no call is connected at the phone");
    // The id that was asked for stays, whatever the phone says.
    let plan = planned(&yealink(), "hold", "call=7").unwrap();
    let response = "<HoldCallResponse><callID>8</callID></HoldCallResponse>";
    assert_eq!(data(answered(last(&plan.steps), 200, response)), "7");
}

#[test]
fn bombs_are_answers_without_content() {
    let plan = planned(&yealink(), "hold", "").unwrap();
    let bombs = [
        "<a>".repeat(16_000),
        format!("<SnapshotDeviceResponse>{}", "<a/>".repeat(12_000)),
        format!("<SnapshotDeviceResponse a=\"{}\"/>", "x".repeat(48_000)),
        "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]><SnapshotDeviceResponse>&c;"
            .to_owned(),
    ];
    for bomb in bombs {
        let why = rejected(answered(last(&plan.steps), 200, &bomb));
        assert_eq!(why, "no call is connected at the phone");
    }
}

proptest! {
    #[test]
    fn answers_never_panic_and_reasons_are_short(
        status in 100_u16..700,
        document in "(<|>|</|/|CSTAErrorCode|operation|SnapshotDeviceResponse|snapshotDeviceResponseInfo|callID|7|\
                     localConnectionState|connected|initiatedCall|&|;|<!\\[CDATA\\[|\\PC){0,80}",
    ) {
        for (verb, pairs) in [
            ("hold", ""),
            ("hold", "call=7"),
            ("transfer", "number=200;kind=attended;call=7"),
            ("info", ""),
        ] {
            let plan = planned(&yealink(), verb, pairs).unwrap();
            for step in &plan.steps {
                let Step::Csta(exchange) = step else { continue };
                match answered(exchange, status, &document) {
                    ReplyOutcome::Rejected(why) | ReplyOutcome::Denied(why) => {
                        prop_assert!(why.chars().count() < 400, "{}", why);
                        prop_assert!(!why.chars().any(char::is_control), "{}", why);
                    }
                    _ => {}
                }
            }
        }
    }
}
