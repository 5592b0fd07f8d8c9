mod dialects;
mod hostile;
mod ways;

use crate::csta::{Reply, SessionDialect};
use crate::phone::{CstaAccount, CstaCalls, Vendor};
use crate::vendor::testing::{Fixture, control_task};
use crate::vendor::{CstaExchange, Plan, ReplyData, ReplyOutcome, Step};
use crate::verb::Via;

/// A phone with a session.
fn fixture(vendor: Vendor, model: &str, firmware: &str) -> Fixture {
    let mut fixture = Fixture::new(vendor, model, firmware);
    fixture.phone.csta = Some(CstaAccount::new("1001-csta", "s3cret".into()).unwrap());
    fixture.phone.endpoint = Some("PJSIP/1001".parse().unwrap());
    fixture.csta = SessionDialect::of(&fixture.phone);
    fixture
}

fn yealink() -> Fixture {
    fixture(Vendor::Yealink, "T54W", "96.86.0.70")
}

fn planned(fixture: &Fixture, verb: &str, pairs: &str) -> Result<Plan, String> {
    let plan = fixture.plan_via(Via::Csta, &control_task(verb, pairs));
    plan.map_err(|error| error.to_string())
}

/// Shows steps, one a line: the body of each INFO without declaration and namespace.
fn shown(steps: &[Step]) -> String {
    let each = steps.iter().map(|step| match step {
        Step::Csta(exchange) => {
            let document = exchange.message.document();
            let document = document.replace(r#"<?xml version="1.0" encoding="UTF-8"?>"#, "");
            document.replace(
                "http://www.ecma-international.org/standards/ecma-323/csta/",
                "",
            )
        }
        Step::Pause(pause) => format!("{} s", pause.as_secs()),
        other => format!("{other:?}"),
    });
    each.collect::<Vec<_>>().join("\n")
}

fn sent(fixture: &Fixture, verb: &str, pairs: &str) -> String {
    shown(&planned(fixture, verb, pairs).unwrap().steps)
}

fn last(steps: &[Step]) -> &CstaExchange {
    match steps.last() {
        Some(Step::Csta(exchange)) => exchange,
        other => panic!("{other:?}"),
    }
}

fn answered(exchange: &CstaExchange, status: u16, document: &str) -> ReplyOutcome {
    exchange.parser.parse(&Reply {
        status,
        phrase: "Reason".to_owned(),
        document: document.to_owned(),
    })
}

fn more(outcome: ReplyOutcome) -> Vec<Step> {
    match outcome {
        ReplyOutcome::Then(steps) => steps,
        other => panic!("{other:?}"),
    }
}

fn rejected(outcome: ReplyOutcome) -> String {
    match outcome {
        ReplyOutcome::Rejected(why) => why,
        other => panic!("{other:?}"),
    }
}

fn data(outcome: ReplyOutcome) -> serde_json::Value {
    match outcome {
        ReplyOutcome::Data(ReplyData::Value(value)) => value,
        other => panic!("{other:?}"),
    }
}

/// Lists calls: id, device, states.
fn calls(calls: &[(&str, &str, &[&str])]) -> String {
    let infos = calls.iter().map(|(id, device, states)| {
        let states = states.iter().map(|state| format!("<localConnectionState>{state}</localConnectionState>"));
        format!(
            "<snapshotDeviceResponseInfo><connectionIdentifier><callID>{id}</callID><deviceID>{device}</deviceID>\
             </connectionIdentifier><localCallState><compoundCallState>{}</compoundCallState></localCallState>\
             </snapshotDeviceResponseInfo>",
            states.collect::<String>()
        )
    });
    format!(
        "<SnapshotDeviceResponse>{}</SnapshotDeviceResponse>",
        infos.collect::<String>()
    )
}

const UNSUPPORTED: &str =
    "<CSTAErrorCode><operation>requestNotSupported</operation></CSTAErrorCode>";

#[test]
fn calls_with_an_id_are_controlled_at_once() {
    let fixture = yealink();
    let lines = [
        sent(&fixture, "answer", "call=32788"),
        sent(&fixture, "hangup", "call=-4"),
        sent(&fixture, "hold", "call=7"),
        sent(&fixture, "resume", "call=7"),
        sent(&fixture, "transfer", "number=200;call=7"),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    <AnswerCall xmlns="ed3"><callToBeAnswered><callID>32788</callID><deviceID>1001</deviceID></callToBeAnswered></AnswerCall>
    <ClearConnection xmlns="ed3"><connectionToBeCleared><callID>-4</callID><deviceID>1001</deviceID></connectionToBeCleared></ClearConnection>
    <HoldCall xmlns="ed3"><callToBeHeld><callID>7</callID><deviceID>1001</deviceID></callToBeHeld></HoldCall>
    <RetrieveCall xmlns="ed3"><callToBeRetrieved><callID>7</callID><deviceID>1001</deviceID></callToBeRetrieved></RetrieveCall>
    <SingleStepTransferCall xmlns="ed3"><activeCall><callID>7</callID><deviceID>1001</deviceID></activeCall><transferredTo>200</transferredTo></SingleStepTransferCall>
    "#);
    let plan = planned(&fixture, "answer", "call=32788").unwrap();
    let response = answered(last(&plan.steps), 200, "<AnswerCallResponse/>");
    assert_eq!(data(response), "32788");
    let refused = planned(&fixture, "hold", "call=PJSIP/1001-1").unwrap_err();
    assert!(refused.contains("CallID"), "{refused}");
}

#[test]
fn requests_follow_vendor_and_configuration() {
    let snom = fixture(Vendor::Snom, "D865", "10.1.226.13");
    let mut flat = yealink();
    flat.phone.csta_calls = Some(CstaCalls::Flat);
    flat.csta = SessionDialect::of(&flat.phone);
    let mut known = yealink();
    known.csta.as_mut().unwrap().ends = vec![("7".to_owned(), "sip:1001@pbx".to_owned())];
    let mut address = yealink();
    address.csta.as_mut().unwrap().device = "sip:1001@pbx.example".to_owned();
    let lines = [
        sent(&snom, "hold", "call=7"),
        sent(&snom, "dial", "number=100;line=2"),
        sent(&flat, "hold", "call=7"),
        sent(&known, "hold", "call=7"),
        sent(&address, "transfer", "number=200;call=7"),
        sent(&address, "transfer", "number=ada@elsewhere;call=7"),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    <HoldCall xmlns="ed5"><callToBeHeld><callID>7</callID><deviceID>1</deviceID></callToBeHeld></HoldCall>
    <MakeCall xmlns="ed5"><callingDevice>2</callingDevice><calledDirectoryNumber>100</calledDirectoryNumber><autoOriginate>doNotPrompt</autoOriginate></MakeCall>
    <HoldCall xmlns="ed3"><callToBeHeld>7</callToBeHeld></HoldCall>
    <HoldCall xmlns="ed3"><callToBeHeld><callID>7</callID><deviceID>sip:1001@pbx</deviceID></callToBeHeld></HoldCall>
    <SingleStepTransferCall xmlns="ed3"><activeCall><callID>7</callID><deviceID>sip:1001@pbx.example</deviceID></activeCall><transferredTo>sip:200@pbx.example</transferredTo></SingleStepTransferCall>
    <SingleStepTransferCall xmlns="ed3"><activeCall><callID>7</callID><deviceID>sip:1001@pbx.example</deviceID></activeCall><transferredTo>sip:ada@elsewhere</transferredTo></SingleStepTransferCall>
    "#);
    let refused = planned(&yealink(), "dial", "number=100;line=2").unwrap_err();
    assert!(refused.starts_with("line:"), "{refused}");
}

#[test]
fn calls_without_an_id_are_selected_by_state() {
    let plan = planned(&yealink(), "hold", "").unwrap();
    let asked = last(&plan.steps);
    assert_eq!(
        shown(&plan.steps),
        r#"<SnapshotDevice xmlns="ed3"><snapshotObject>1001</snapshotObject></SnapshotDevice>"#
    );
    let two = [("2", "a", &["hold"][..]), ("-18", "sip:b", &["connected"])];
    let held = more(answered(asked, 200, &calls(&two)));
    let expected = r#"<HoldCall xmlns="ed3"><callToBeHeld><callID>-18</callID><deviceID>sip:b</deviceID></callToBeHeld></HoldCall>"#;
    assert_eq!(shown(&held), expected);
    assert_eq!(
        data(answered(last(&held), 200, "<HoldCallResponse/>")),
        "-18"
    );
    let none = rejected(answered(asked, 200, &calls(&two[..1])));
    assert_eq!(none, "no call is connected at the phone");
    let twins = [("2", "a", &["connected"][..]), ("3", "a", &["connected"])];
    assert!(rejected(answered(asked, 200, &calls(&twins))).contains("call=2"));
}

#[test]
fn phone_that_lists_no_calls_selects_the_call_itself() {
    let plan = planned(&yealink(), "answer", "").unwrap();
    for (status, body) in [(200, UNSUPPORTED), (501, "")] {
        let steps = more(answered(last(&plan.steps), status, body));
        let expected = r#"<AnswerCall xmlns="ed3"><callToBeAnswered><deviceID>1001</deviceID></callToBeAnswered></AnswerCall>"#;
        assert_eq!(shown(&steps), expected);
        assert_eq!(answered(last(&steps), 200, ""), ReplyOutcome::Done);
    }
    let busy = "<CSTAErrorCode><operation>resourceBusy</operation></CSTAErrorCode>";
    assert!(rejected(answered(last(&plan.steps), 200, busy)).contains("it is busy"));
}

#[test]
fn refusals_are_distinguished() {
    let plan = planned(&yealink(), "hold", "call=7").unwrap();
    let exchange = last(&plan.steps);
    let why = rejected(answered(
        exchange,
        400,
        "<CSTAErrorCode><operation>invalidCallID</operation></CSTAErrorCode>",
    ));
    assert!(why.ends_with("it has no call with that id"), "{why}");
    assert!(
        matches!(answered(exchange, 401, ""), ReplyOutcome::Denied(why) if why.contains("csta_challenge"))
    );
    assert!(rejected(answered(exchange, 481, "")).contains("481"));
}

#[test]
fn dialing_returns_the_id_of_the_call() {
    let plan = planned(&yealink(), "dial", "number=100").unwrap();
    assert_eq!(
        shown(&plan.steps),
        r#"<MakeCall xmlns="ed3"><callingDevice>1001</callingDevice><calledDirectoryNumber>100</calledDirectoryNumber><autoOriginate>doNotPrompt</autoOriginate></MakeCall>"#
    );
    let response = "<MakeCallResponse><callingDevice><callID>9</callID><deviceID>1001</deviceID></callingDevice></MakeCallResponse>";
    assert_eq!(data(answered(last(&plan.steps), 200, response)), "9");
    for response in [
        "",
        "<MakeCallResponse/>",
        "<MakeCallResponse><callID>a b</callID></MakeCallResponse>",
    ] {
        assert_eq!(
            answered(last(&plan.steps), 200, response),
            ReplyOutcome::Done
        );
    }
}

#[test]
fn attended_transfer_waits_for_the_answer() {
    let plan = planned(&yealink(), "transfer", "number=200;kind=attended;call=7").unwrap();
    assert_eq!(
        shown(&plan.steps),
        r#"<ConsultationCall xmlns="ed3"><existingCall><callID>7</callID><deviceID>1001</deviceID></existingCall><consultedDevice>200</consultedDevice></ConsultationCall>"#
    );
    let response = "<ConsultationCallResponse><initiatedCall><callID>8</callID></initiatedCall></ConsultationCallResponse>";
    let mut steps = more(answered(last(&plan.steps), 200, response));
    for looks in 0..=30 {
        assert!(
            matches!(steps[..], [Step::Pause(_), Step::Csta(_)]),
            "{steps:?}"
        );
        let look = last(&steps).clone();
        let answer = |states: &[&str]| {
            answered(
                &look,
                200,
                &calls(&[("7", "x", &["hold"]), ("8", "y", states)]),
            )
        };
        let joined = shown(&more(answer(&["connected", "connected"])));
        assert_eq!(
            joined,
            r#"<TransferCall xmlns="ed3"><heldCall><callID>7</callID><deviceID>1001</deviceID></heldCall><activeCall><callID>8</callID><deviceID>y</deviceID></activeCall></TransferCall>"#
        );
        assert!(rejected(answer(&["fail"])).contains("ended"));
        match answer(&["connected", "alerting"]) {
            ReplyOutcome::Then(next) => steps = next,
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

/// Snom phones take addresses only, and name their server in their ends of calls.
#[test]
fn targets_of_transfers_are_at_the_server_of_the_call() {
    let mut snom = fixture(Vendor::Snom, "D865", "10.1.226.13");
    let listed = calls(&[("7", "sip:1001@pbx;line=1", &["connected"][..])]);
    let blind = r#"<SingleStepTransferCall xmlns="ed5"><activeCall><callID>7</callID><deviceID>sip:1001@pbx;line=1</deviceID></activeCall><transferredTo>sip:200@pbx</transferredTo></SingleStepTransferCall>"#;
    let snapshot =
        r#"<SnapshotDevice xmlns="ed5"><snapshotObject>1</snapshotObject></SnapshotDevice>"#;
    for pairs in ["number=200", "number=200;call=7"] {
        let plan = planned(&snom, "transfer", pairs).unwrap();
        assert_eq!(shown(&plan.steps), snapshot);
        let steps = more(answered(last(&plan.steps), 200, &listed));
        assert_eq!(shown(&steps), blind);
    }
    // The phone may say more to a request with less.
    let plan = planned(&snom, "transfer", "number=200;call=7").unwrap();
    let steps = more(answered(last(&plan.steps), 200, UNSUPPORTED));
    assert!(shown(&steps).contains("<transferredTo>200<"));
    assert!(sent(&snom, "transfer", "number=ada@b;call=7").contains("<transferredTo>sip:ada@b<"));

    let dialect = snom.csta.as_mut().unwrap();
    dialect.ends = vec![("7".to_owned(), "sip:1001@pbx;line=1".to_owned())];
    assert_eq!(sent(&snom, "transfer", "number=200;call=7"), blind);
    let attended = sent(&snom, "transfer", "number=200;call=7;kind=attended");
    assert!(
        attended.contains("<consultedDevice>sip:200@pbx<"),
        "{attended}"
    );
}

#[test]
fn features_are_switched_for_the_line() {
    let fixture = yealink();
    let lines = [
        sent(&fixture, "dnd", "state=on"),
        sent(&fixture, "forward", "number=200;kind=busy"),
        sent(&fixture, "forward", "state=off"),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    <SetDoNotDisturb xmlns="ed3"><device>1001</device><doNotDisturbOn>true</doNotDisturbOn></SetDoNotDisturb>
    <SetForwarding xmlns="ed3"><device>1001</device><forwardingType>forwardBusy</forwardingType><activateForward>true</activateForward><forwardDN>200</forwardDN></SetForwarding>
    <SetForwarding xmlns="ed3"><device>1001</device><forwardingType>forwardImmediate</forwardingType><activateForward>false</activateForward></SetForwarding>
    "#);
    let refused = planned(&fixture, "forward", "number=200;kind=noanswer;after=20").unwrap_err();
    assert!(refused.starts_with("after:"), "{refused}");
    let plan = planned(&fixture, "dtmf", "digits=12#").unwrap();
    let steps = more(answered(
        last(&plan.steps),
        200,
        &calls(&[("7", "a", &["connected"])]),
    ));
    assert_eq!(
        shown(&steps),
        r#"<GenerateDigits xmlns="ed3"><connectionToSendDigits><callID>7</callID><deviceID>a</deviceID></connectionToSendDigits><charactersToSend>12#</charactersToSend></GenerateDigits>"#
    );
    assert!(plan.note.unwrap().contains("unverified"));
}

#[test]
fn information_is_what_the_phone_tells() {
    let plan = planned(&yealink(), "info", "").unwrap();
    let [status, snapshot, dnd, forwarding] = &plan.steps[..] else {
        panic!("{:?}", plan.steps)
    };
    let answer = |step: &Step, body: &str| answered(last(std::slice::from_ref(step)), 200, body);
    let normal = "<RequestSystemStatusResponse><systemStatus>normal</systemStatus></RequestSystemStatusResponse>";
    assert_eq!(
        data(answer(status, normal)),
        serde_json::json!({ "status": "normal" })
    );
    assert!(rejected(answer(status, UNSUPPORTED)).contains("does not support"));
    assert_eq!(
        data(answer(snapshot, &calls(&[("7", "a", &["hold"])]))),
        serde_json::json!({ "calls": [{ "id": "7", "state": "hold" }] })
    );
    let on =
        "<GetDoNotDisturbResponse><doNotDisturbOn>true</doNotDisturbOn></GetDoNotDisturbResponse>";
    assert_eq!(data(answer(dnd, on)), serde_json::json!({ "dnd": true }));
    let list = "<GetForwardingResponse><forwardingList><forwardListItem><forwardingType>forwardBusy</forwardingType>\
                <forwardStatus>false</forwardStatus></forwardListItem></forwardingList></GetForwardingResponse>";
    assert_eq!(
        data(answer(forwarding, list)),
        serde_json::json!({ "forwarding": [{ "kind": "forwardBusy", "on": false }] })
    );
    for step in [snapshot, dnd, forwarding] {
        assert_eq!(answer(step, UNSUPPORTED), ReplyOutcome::Done);
    }
}

#[test]
fn any_request_is_sent_but_those_of_events() {
    let fixture = yealink();
    let plan = planned(&fixture, "csta", "request=GetMicrophoneMute;device=1001").unwrap();
    assert_eq!(
        shown(&plan.steps),
        r#"<GetMicrophoneMute xmlns="ed3"><device>1001</device></GetMicrophoneMute>"#
    );
    let response = "<GetMicrophoneMuteResponse><microphoneMuteOn>true</microphoneMuteOn></GetMicrophoneMuteResponse>";
    assert_eq!(
        data(answered(last(&plan.steps), 200, response)),
        serde_json::json!({ "microphoneMuteOn": "true" })
    );
    for request in ["MonitorStart", "MonitorStop", "SystemRegister"] {
        let refused = planned(&fixture, "csta", &format!("request={request}")).unwrap_err();
        assert!(
            refused.contains("monitors the phone by itself"),
            "{refused}"
        );
    }
}
