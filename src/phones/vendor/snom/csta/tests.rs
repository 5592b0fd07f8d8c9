use super::super::tests::{answered, fixture, more, only, shown_steps};
use crate::phone::{CstaCalls, Vendor};
use crate::vendor::testing::{Fixture, control_task, push_task};
use crate::vendor::{Plan, ReplyData, ReplyOutcome, Step};
use crate::verb::Via;

fn by_csta(fixture: &Fixture, verb: &str, pairs: &str) -> Result<Plan, String> {
    let plan = fixture.plan_via(Via::Csta, &control_task(verb, pairs));
    plan.map_err(|refused| refused.to_string())
}

fn shown(verb: &str, pairs: &str) -> String {
    shown_steps(&by_csta(&fixture(), verb, pairs).unwrap().steps)
}

fn old() -> Fixture {
    Fixture::new(Vendor::Snom, "320", "8.4.18")
}

fn calls(states: &[(&str, &str)]) -> String {
    let infos = states.iter().map(|(id, state)| {
        format!(
            "<snapshotDeviceResponseInfo><connectionIdentifier><callID>{id}</callID>\
             </connectionIdentifier><localCallState><compoundCallState><localConnectionState>{state}\
             </localConnectionState></compoundCallState></localCallState>\
             </snapshotDeviceResponseInfo>"
        )
    });
    format!(
        "<SnapshotDeviceResponse><snapshotData>{}</snapshotData></SnapshotDeviceResponse>",
        infos.collect::<String>()
    )
}

#[test]
fn calls_with_an_id_are_controlled_in_the_syntax_of_the_firmware() {
    insta::assert_snapshot!(shown("answer", "call=-18"), @r#"POST /csta <?xml version="1.0" encoding="UTF-8"?><AnswerCall xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><callToBeAnswered><callID>-18</callID></callToBeAnswered></AnswerCall>"#);
    let old = by_csta(&old(), "answer", "call=-18").unwrap();
    insta::assert_snapshot!(shown_steps(&old.steps), @r#"POST /csta <?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:csta="http://www.ecma-international.org/standards/ecma-323/csta/ed4"><SOAP-ENV:Body><csta:AnswerCall><csta:callToBeAnswered>-18</csta:callToBeAnswered></csta:AnswerCall></SOAP-ENV:Body></SOAP-ENV:Envelope>"#);
    for (verb, name) in [
        ("hangup", "ClearConnection"),
        ("hold", "HoldCall"),
        ("resume", "RetrieveCall"),
    ] {
        assert!(
            shown(verb, "call=7").contains(&format!("<{name} ")),
            "{verb}"
        );
    }
    let refused = by_csta(&fixture(), "answer", "call=PJSIP/1001-1").unwrap_err();
    assert!(refused.contains("$csta_id"), "{refused}");
}

#[test]
fn configuration_overrides_the_syntax_of_call_ids() {
    let mut fixture = fixture();
    fixture.phone.csta_calls = Some(CstaCalls::Flat);
    let flat = by_csta(&fixture, "answer", "call=-18").unwrap();
    let document = shown_steps(&flat.steps);
    assert!(
        document.ends_with("<callToBeAnswered>-18</callToBeAnswered></AnswerCall>"),
        "{document}"
    );
    let mut old = old();
    old.phone.csta_calls = Some(CstaCalls::Nested);
    let nested = by_csta(&old, "answer", "call=-18").unwrap();
    assert!(shown_steps(&nested.steps).contains("<csta:callID>-18</csta:callID>"));
}

#[test]
fn targets_of_calls_are_addresses_at_the_phones_server() {
    let plan = by_csta(&fixture(), "transfer", "number=200;call=7").unwrap();
    assert_eq!(shown_steps(&plan.steps), "GET /settings.htm");
    let asked = only(&plan.steps);
    let shown = |status, page: &str| shown_steps(&more(answered(asked, status, page)));
    insta::assert_snapshot!(shown(200, "user_host1!: pbx.example"), @r#"POST /csta <?xml version="1.0" encoding="UTF-8"?><SingleStepTransferCall xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><activeCall><callID>7</callID></activeCall><transferredTo>sip:200@pbx.example</transferredTo></SingleStepTransferCall>"#);
    assert!(shown(403, "").contains("<transferredTo>200</transferredTo>"));
    let plan = by_csta(&fixture(), "transfer", "number=sip:ada@elsewhere;call=7").unwrap();
    assert!(shown_steps(&plan.steps).contains("<transferredTo>sip:ada@elsewhere<"));
}

#[test]
fn firmware_without_csta_is_refused() {
    for (firmware, good) in [
        ("7.1.39", false),
        ("7.3.4", true),
        ("8.6.1", true),
        ("8.7.0", false),
        ("8.7.2.9", false),
        ("8.7.3", true),
        ("10.1.33.33", true),
        ("", true),
    ] {
        let fixture = Fixture::new(Vendor::Snom, "370", firmware);
        let plan = by_csta(&fixture, "hold", "call=7");
        assert_eq!(plan.is_ok(), good, "{firmware}: {plan:?}");
    }
    let refused = by_csta(&old(), "dnd", "state=on").unwrap_err();
    assert!(refused.contains("8.7.3"), "{refused}");
    let refused = by_csta(&old(), "hold", "").unwrap_err();
    assert!(refused.contains("$csta_id"), "{refused}");
    let d8 = Fixture::new(Vendor::Snom, "D862", "10.1.226.13");
    assert!(by_csta(&d8, "hold", "call=7").is_err());
}

#[test]
fn calls_without_an_id_are_selected_by_state() {
    let plan = by_csta(&fixture(), "hold", "").unwrap();
    insta::assert_snapshot!(shown_steps(&plan.steps), @r#"POST /csta <?xml version="1.0" encoding="UTF-8"?><SnapshotDevice xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><snapshotObject>1</snapshotObject></SnapshotDevice>"#);
    let asked = only(&plan.steps);
    let held = more(answered(
        asked,
        200,
        &calls(&[("2", "hold"), ("-18", "connected")]),
    ));
    assert!(shown_steps(&held).contains("<callToBeHeld><callID>-18</callID>"));
    let two = answered(
        asked,
        200,
        &calls(&[("2", "connected"), ("3", "connected")]),
    );
    assert!(matches!(two, ReplyOutcome::Rejected(why) if why.contains("call=2")));
    // Identity after identity is asked, until one is not there.
    let next = more(answered(asked, 200, &calls(&[("2", "hold")])));
    assert!(shown_steps(&next).contains("<snapshotObject>2</snapshotObject>"));
    let fault = "<CSTAErrorCode><operation>invalidDeviceID</operation></CSTAErrorCode>";
    let end = answered(only(&next), 500, fault);
    assert!(
        matches!(end, ReplyOutcome::Rejected(why) if why == "no call is connected at the phone")
    );
    // The first identity must be there.
    let end = answered(asked, 500, fault);
    assert!(matches!(end, ReplyOutcome::Rejected(why) if why.contains("has no identity")));
}

#[test]
fn identities_before_8_7_4_are_named_by_address() {
    let fixture = Fixture::new(Vendor::Snom, "760", "8.7.3.19");
    for (verb, pairs, element) in [
        ("hold", "", "<snapshotObject>sip:1001@pbx</snapshotObject>"),
        (
            "dial",
            "number=100",
            "<callingDevice>sip:1001@pbx</callingDevice>",
        ),
    ] {
        let plan = by_csta(&fixture, verb, pairs).unwrap();
        assert_eq!(shown_steps(&plan.steps), "GET /settings.htm");
        let steps = more(answered(
            only(&plan.steps),
            200,
            "user_name1!: 1001\nuser_host1!: pbx",
        ));
        assert!(
            shown_steps(&steps).contains(element),
            "{}",
            shown_steps(&steps)
        );
    }
}

#[test]
fn attended_transfers_wait_for_the_answer() {
    let plan = by_csta(
        &fixture(),
        "transfer",
        "number=200@pbx;kind=attended;call=7",
    )
    .unwrap();
    insta::assert_snapshot!(shown_steps(&plan.steps), @r#"POST /csta <?xml version="1.0" encoding="UTF-8"?><ConsultationCall xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><existingCall><callID>7</callID></existingCall><consultedDevice>sip:200@pbx</consultedDevice></ConsultationCall>"#);
    let answer = "<ConsultationCallResponse><initiatedCall><callID>8</callID></initiatedCall></ConsultationCallResponse>";
    let mut steps = more(answered(only(&plan.steps), 200, answer));
    for looks in 0..=30 {
        let [Step::Pause(_), Step::Http(look)] = &steps[..] else {
            panic!("{steps:?}")
        };
        let joined = more(answered(
            look,
            200,
            &calls(&[("7", "hold"), ("8", "connected")]),
        ));
        let joined = shown_steps(&joined);
        assert!(joined.contains("<heldCall><callID>7</callID></heldCall><activeCall><callID>8<"));
        let gone = answered(look, 200, &calls(&[("7", "hold")]));
        assert!(matches!(gone, ReplyOutcome::Rejected(why) if why.contains("ended")));
        match answered(look, 200, &calls(&[("7", "hold"), ("8", STILL_RINGS)])) {
            ReplyOutcome::Then(more) => steps = more,
            ReplyOutcome::Rejected(why) => {
                assert!(
                    looks == 30 && why.contains("did not answer"),
                    "{looks} {why}"
                );
                return;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("it never ends");
}

#[test]
fn other_verbs_send_their_own_requests() {
    for (verb, pairs) in [
        ("dial", "number=100;line=2"),
        ("dnd", "state=off"),
        ("forward", "number=2;kind=noanswer"),
        ("forward", "state=off"),
    ] {
        let shown = shown(verb, pairs);
        assert!(shown.starts_with("POST /csta <?xml"), "{shown}");
    }
    insta::assert_snapshot!(
        [shown("dial", "number=100;line=2"), shown("dnd", "state=off"), shown("forward", "number=2;kind=noanswer")].join("\n"),
        @r#"
        POST /csta <?xml version="1.0" encoding="UTF-8"?><MakeCall xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><callingDevice>2</callingDevice><calledDirectoryNumber>100</calledDirectoryNumber><autoOriginate>doNotPrompt</autoOriginate></MakeCall>
        POST /csta <?xml version="1.0" encoding="UTF-8"?><SetDoNotDisturb xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><device>1</device><doNotDisturbOn>false</doNotDisturbOn></SetDoNotDisturb>
        POST /csta <?xml version="1.0" encoding="UTF-8"?><SetForwarding xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><device>1</device><forwardingType>forwardNoAns</forwardingType><activateForward>true</activateForward><forwardDN>2</forwardDN></SetForwarding>
        "#
    );
    insta::assert_snapshot!(shown("settings", "set=fkey[1]=a<b;get=fkey[1]"), @r#"
    POST /csta <?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:csta="http://www.ecma-international.org/standards/ecma-323/csta/ed4"><SOAP-ENV:Body><csta:SetSettings><csta:Setting><csta:name>fkey1</csta:name><csta:value>a&lt;b</csta:value></csta:Setting></csta:SetSettings></SOAP-ENV:Body></SOAP-ENV:Envelope>
    POST /csta <?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:csta="http://www.ecma-international.org/standards/ecma-323/csta/ed4"><SOAP-ENV:Body><csta:GetSettings><csta:Setting><csta:name>fkey1</csta:name></csta:Setting></csta:GetSettings></SOAP-ENV:Body></SOAP-ENV:Envelope>
    "#);
}

#[test]
fn documents_are_pushed_as_text() {
    let plan = fixture()
        .plan_via(Via::Csta, &push_task("title=A & B;text=x"))
        .unwrap();
    insta::assert_snapshot!(shown_steps(&plan.steps), @r#"POST /csta <?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:csta="http://www.ecma-international.org/standards/ecma-323/csta/ed4"><SOAP-ENV:Body><csta:XmlPush><csta:document>&lt;?xml version=&quot;1.0&quot; encoding=&quot;UTF-8&quot;?&gt;&lt;SnomIPPhoneText&gt;&lt;Title&gt;A &amp;amp; B&lt;/Title&gt;&lt;Text&gt;x&lt;/Text&gt;&lt;/SnomIPPhoneText&gt;</csta:document></csta:XmlPush></SOAP-ENV:Body></SOAP-ENV:Envelope>"#);
    assert!(shown("led", "state=on").contains("&lt;Led number="));
    assert!(shown("clear", "").contains("mb_exit"));
}

#[test]
fn any_request_is_sent_and_its_reply_returned() {
    insta::assert_snapshot!(
        shown("csta", "request=AnswerCall;callToBeAnswered.callID=-18;callToBeAnswered.deviceID=1"),
        @r#"POST /csta <?xml version="1.0" encoding="UTF-8"?><AnswerCall xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><callToBeAnswered><callID>-18</callID><deviceID>1</deviceID></callToBeAnswered></AnswerCall>"#
    );
    let old = by_csta(
        &old(),
        "csta",
        "request=AnswerCall;callToBeAnswered.callID=-18;callToBeAnswered.deviceID=1",
    );
    insta::assert_snapshot!(shown_steps(&old.unwrap().steps), @r#"POST /csta <?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:csta="http://www.ecma-international.org/standards/ecma-323/csta/ed4"><SOAP-ENV:Body><csta:AnswerCall><csta:callToBeAnswered>-18</csta:callToBeAnswered></csta:AnswerCall></SOAP-ENV:Body></SOAP-ENV:Envelope>"#);
    insta::assert_snapshot!(shown("csta", "request=FireTest"), @r#"POST /csta <?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:csta="http://www.ecma-international.org/standards/ecma-323/csta/ed4"><SOAP-ENV:Body><csta:FireTest/></SOAP-ENV:Body></SOAP-ENV:Envelope>"#);
    insta::assert_snapshot!(shown("csta", "request=RequestSystemStatus"), @r#"POST /csta <?xml version="1.0" encoding="UTF-8"?><RequestSystemStatus xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3"/>"#);
    let plan = by_csta(&fixture(), "csta", "request=MakeCall").unwrap();
    let answer = "<MakeCallResponse><callingDevice><callID>2</callID><deviceID>sip:a&amp;b</deviceID>\
                  </callingDevice><x>1</x><x>2</x></MakeCallResponse>";
    match answered(only(&plan.steps), 200, answer) {
        ReplyOutcome::Data(ReplyData::Value(value)) => assert_eq!(
            value,
            serde_json::json!({ "callingDevice": { "callID": "2", "deviceID": "sip:a&b" }, "x": ["1", "2"] })
        ),
        other => panic!("{other:?}"),
    }
}

/// The phone's own state, and that of the other.
const STILL_RINGS: &str = "connected</localConnectionState><localConnectionState>alerting";
