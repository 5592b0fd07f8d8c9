use proptest::prelude::*;

use super::*;

fn check(status: u16, body: &str) -> String {
    let reply = Reply {
        status,
        body: body.to_owned().into(),
        ..Reply::default()
    };
    match Replies::Objects.parse(&reply) {
        ReplyOutcome::Done => "done".to_owned(),
        ReplyOutcome::Denied(_) => "denied".to_owned(),
        ReplyOutcome::Rejected(words) | ReplyOutcome::Unconfirmed(words) => words,
        other => panic!("{other:?}"),
    }
}

#[test]
fn success_is_reported_by_the_items() {
    let items = r#"<CiscoIPPhoneResponse><ResponseItem Status="0" Data="Success" URL="Key:Soft1"/>
        <ResponseItem URL="http://192.0.2.1/?a=1&b=2" Data="" Status='0' /></CiscoIPPhoneResponse>"#;
    assert_eq!(check(200, items), "done");
}

#[test]
fn failed_item_is_found_in_any_position() {
    let items = r#"<?xml version="1.0" encoding=""?><?xml version="1.0"?><CiscoIPPhoneResponse>
        <ResponseItem Status="0" Data="Success" URL="a"/>
        <ResponseItem URL="App:Close:0:60:x/y" Data="Unknown Application ID" Status="6"/>"#;
    assert_eq!(
        check(200, items),
        "the phone refused: it cannot do that now (status 6, \"Unknown Application ID\")"
    );
}

#[test]
fn wrong_credentials_are_recognised_in_both_forms() {
    assert_eq!(check(401, ""), "denied");
    assert_eq!(check(200, "<CiscoIPPhoneError Number=\"4\" />"), "denied");
    assert_eq!(
        check(
            500,
            "<CiscoIPPhoneError Number=\"4\">auth</CiscoIPPhoneError>"
        ),
        "denied"
    );
}

fn execute(urls: &[&str], body: &str) -> String {
    let urls = urls.iter().map(ToString::to_string).collect();
    let expected = ExecuteReply::new(Replies::Objects, urls);
    match expected.parse(&Reply {
        status: 200,
        body: body.to_owned().into(),
        ..Reply::default()
    }) {
        ReplyOutcome::Done => "done".to_owned(),
        ReplyOutcome::Data(ReplyData::Value(value)) => value.to_string(),
        ReplyOutcome::Denied(words)
        | ReplyOutcome::Rejected(words)
        | ReplyOutcome::Unconfirmed(words) => words,
        other => panic!("{other:?}"),
    }
}

#[test]
fn items_are_matched_by_url() {
    let body = r#"<ResponseItem URL="Key:Soft2" Data="Success" Status="0"/>
        <ResponseItem Status="1" URL="http://h/?a=1&amp;b=2" Data="Invalid URI"/>"#;
    assert_eq!(
        execute(&["http://h/?a=1&b=2", "Key:Soft2"], body),
        "the phone refused: http://h/?a=1&b=2: it does not understand the request (status 1, \"Invalid URI\")"
    );
    let body = body
        .replace("Status=\"1\"", "Status=\"0\"")
        .replace("Invalid URI", "");
    assert_eq!(execute(&["http://h/?a=1&b=2", "Key:Soft2"], &body), "done");
    let silent = execute(&["http://h/?a=1&b=2", "Key:Soft2", "Key:Soft3"], &body);
    assert_eq!(silent, "the phone refused: it did not report on Key:Soft3");
    let none = execute(&["Key:Soft3"], "");
    assert!(
        none.starts_with("it answered HTTP 200 without content"),
        "{none}"
    );
}

#[test]
fn data_of_a_success_is_returned() {
    let body = r#"<ResponseItem URL="Device:PRTStatus" Data="Generated PRT at
        https://h/prt.tar.gz" Status="0"/>"#;
    assert_eq!(
        execute(&["Device:PRTStatus"], body),
        r#"{"Device:PRTStatus":"Generated PRT at https://h/prt.tar.gz"}"#
    );
}

#[test]
fn error_4_of_a_stream_may_mean_a_call() {
    let outcome = execute(
        &["RTPTx:192.0.2.1:20480"],
        "<CiscoIPPhoneError Number=\"4\" />",
    );
    assert!(outcome.contains("in a call"), "{outcome}");
    let outcome = execute(&["Key:Soft1"], "<CiscoIPPhoneError Number=\"4\" />");
    assert!(!outcome.contains("in a call"), "{outcome}");
}

#[test]
fn other_errors_are_rejections() {
    assert!(check(200, "<CiscoIPPhoneError Number=\"1\" />").contains("error 1"));
    assert!(check(400, "<CiscoIPPhoneError Number=\"77\"/>").contains("error 77"));
    assert!(check(404, "<html>").contains("HTTP 404"));
    assert!(check(302, "").contains("HTTP 302"));
}

#[test]
fn success_without_an_object_is_believed_of_multiplatform_phones_only() {
    for (body, content_type) in [
        ("", ""),
        ("<html><form action=/login></form></html>", "text/html"),
        ("<!DOCTYPE HTML><title>A printer</title>", "text/html"),
        ("{\"ok\": true}", "application/json"),
        ("OK", "text/plain"),
    ] {
        let reply = Reply {
            status: 200,
            content_type: content_type.to_owned(),
            body: body.into(),
            ..Reply::default()
        };
        let outcome = Replies::Objects.parse(&reply);
        let ReplyOutcome::Unconfirmed(words) = outcome else {
            panic!("{body}: {outcome:?}")
        };
        assert!(
            words.contains(content_type) && words.chars().count() <= 200,
            "{words}"
        );
        let is_page = body.starts_with(['<', '{']);
        let is_done = matches!(Replies::Status.parse(&reply), ReplyOutcome::Done);
        assert_eq!(is_done, !is_page, "{body}");
    }
    let empty = Reply {
        status: 204,
        ..Reply::default()
    };
    assert_eq!(Replies::Status.parse(&empty), ReplyOutcome::Done);
}

#[test]
fn unknown_object_confirms_a_background_only() {
    let reply = |body: &str| Reply {
        status: 200,
        body: body.to_owned().into(),
        ..Reply::default()
    };
    let any = |body: &str| Replies::Objects.parse_any_object(&reply(body));
    assert_eq!(any("<setBackgroundResponse/>"), ReplyOutcome::Done);
    assert!(matches!(
        any("<html><p>no</p>"),
        ReplyOutcome::Unconfirmed(_)
    ));
    assert!(matches!(any("OK"), ReplyOutcome::Unconfirmed(_)));
    let error = any("<CiscoIPPhoneError Number=\"4\"/>");
    assert!(matches!(error, ReplyOutcome::Denied(_)));
}

#[test]
fn objects_are_read_in_any_encoding_and_with_any_prefix() {
    let error = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><CiscoIPPhoneError Number=\"4\" />";
    for text in [error.to_owned(), error.replace("<C", "<ns-1:C")] {
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for body in [text.into_bytes(), utf16] {
            let reply = Reply {
                status: 200,
                body: body.into(),
                ..Reply::default()
            };
            let outcome = Replies::Objects.parse(&reply);
            assert!(matches!(outcome, ReplyOutcome::Denied(_)), "{outcome:?}");
        }
    }
    let item = r#"<c:CiscoIPPhoneResponse><c:ResponseItem Status="6" Data="" URL="a"/>"#;
    assert!(check(200, item).contains("status 6"));
    assert_eq!(
        check(200, "<a b=\"x:CiscoIPPhoneResponse \"").get(..11),
        Some("it answered")
    );
}

#[test]
fn advice_is_that_of_the_firmware() {
    for (status, cure) in [
        (401, "CISCO XML EXE Auth Mode"),
        (404, "CISCO XML EXE Enable"),
    ] {
        let reply = Reply {
            status,
            ..Reply::default()
        };
        let (ReplyOutcome::Denied(words) | ReplyOutcome::Rejected(words)) =
            Replies::Status.parse(&reply)
        else {
            panic!("{status}")
        };
        assert!(
            words.contains(cure) && words.chars().count() <= 200,
            "{words}"
        );
        assert!(
            !words.contains("authenticationURL") && !words.contains("SEP"),
            "{words}"
        );
    }
}

#[test]
fn recorded_replies_are_parsed() {
    for (file, words) in [
        ("error-1-observed.xml", "error 1"),
        ("error-2-observed.xml", "error 2"),
        ("error-3-observed.xml", "error 3"),
        ("error-4-observed.xml", "denied"),
        ("execute-ok-generateprt.xml", "done"),
        (
            "execute-status6-generateprt-pending.xml",
            "There is pending PRT",
        ),
        ("execute-status6-prtstatus-none.xml", "no pending PRT"),
    ] {
        let Some(bytes) = crate::vendor::testing::fixture_file(&format!("responses/{file}")) else {
            continue;
        };
        let outcome = check(200, &String::from_utf8(bytes).unwrap());
        assert!(outcome.contains(words), "{file}: {outcome}");
    }
}

proptest! {
    #[test]
    fn garbage_never_panics(body in "(<|ResponseItem|CiscoIPPhoneError| Status=|\"|'|>|/|\\PC){0,40}") {
        let _ = check(200, &body);
        let _ = execute(&["Key:Soft1", "a"], &body);
    }
}
