//! Every verb of a session, in each edition and with each way to write call ids.

use crate::csta::Edition;

use super::*;

/// Returns a phone with a session of this dialect.
fn speaking(edition: Edition, calls: CstaCalls) -> Fixture {
    let mut fixture = yealink();
    let dialect = fixture.csta.as_mut().unwrap();
    (dialect.edition, dialect.calls) = (edition, calls);
    dialect.device = "sip:1001@pbx".to_owned();
    fixture
}

/// Returns the requests of every verb, for the call -4 where it is about one.
fn requests(fixture: &Fixture) -> String {
    let mut lines = vec![];
    for (verb, pairs) in [
        ("answer", "call=-4"),
        ("hangup", "call=-4"),
        ("hold", "call=-4"),
        ("resume", "call=-4"),
        ("dial", "number=200"),
        ("transfer", "number=200;call=-4"),
        ("dnd", "state=off"),
        ("forward", "number=200"),
        ("forward", "number=200;kind=noanswer"),
        ("csta", "request=AnswerCall;callToBeAnswered.callID=-4"),
        ("info", ""),
    ] {
        lines.push(sent(fixture, verb, pairs));
    }
    let digits = planned(fixture, "dtmf", "digits=1*#").unwrap();
    let connected = calls(&[("-4", "sip:1001@pbx", &["connected", "connected"])]);
    lines.push(shown(&more(answered(last(&digits.steps), 200, &connected))));

    let plan = planned(fixture, "transfer", "number=200;kind=attended;call=-4").unwrap();
    lines.push(shown(&plan.steps));
    // Phones may write ids flat in their responses, too.
    let consulted =
        "<ConsultationCallResponse><initiatedCall>8</initiatedCall></ConsultationCallResponse>";
    let steps = more(answered(last(&plan.steps), 200, consulted));
    let both = [
        ("-4", "sip:1001@pbx", &["hold"][..]),
        ("8", "sip:1001@pbx", &["connected", "connected"]),
    ];
    lines.push(shown(&more(answered(last(&steps), 200, &calls(&both)))));
    lines.join("\n")
}

#[test]
fn third_edition_with_nested_ids() {
    insta::assert_snapshot!(requests(&speaking(Edition::Ed3, CstaCalls::Nested)), @r#"
    <AnswerCall xmlns="ed3"><callToBeAnswered><callID>-4</callID><deviceID>sip:1001@pbx</deviceID></callToBeAnswered></AnswerCall>
    <ClearConnection xmlns="ed3"><connectionToBeCleared><callID>-4</callID><deviceID>sip:1001@pbx</deviceID></connectionToBeCleared></ClearConnection>
    <HoldCall xmlns="ed3"><callToBeHeld><callID>-4</callID><deviceID>sip:1001@pbx</deviceID></callToBeHeld></HoldCall>
    <RetrieveCall xmlns="ed3"><callToBeRetrieved><callID>-4</callID><deviceID>sip:1001@pbx</deviceID></callToBeRetrieved></RetrieveCall>
    <MakeCall xmlns="ed3"><callingDevice>sip:1001@pbx</callingDevice><calledDirectoryNumber>200</calledDirectoryNumber><autoOriginate>doNotPrompt</autoOriginate></MakeCall>
    <SingleStepTransferCall xmlns="ed3"><activeCall><callID>-4</callID><deviceID>sip:1001@pbx</deviceID></activeCall><transferredTo>sip:200@pbx</transferredTo></SingleStepTransferCall>
    <SetDoNotDisturb xmlns="ed3"><device>sip:1001@pbx</device><doNotDisturbOn>false</doNotDisturbOn></SetDoNotDisturb>
    <SetForwarding xmlns="ed3"><device>sip:1001@pbx</device><forwardingType>forwardImmediate</forwardingType><activateForward>true</activateForward><forwardDN>200</forwardDN></SetForwarding>
    <SetForwarding xmlns="ed3"><device>sip:1001@pbx</device><forwardingType>forwardNoAns</forwardingType><activateForward>true</activateForward><forwardDN>200</forwardDN></SetForwarding>
    <AnswerCall xmlns="ed3"><callToBeAnswered><callID>-4</callID></callToBeAnswered></AnswerCall>
    <RequestSystemStatus xmlns="ed3"/>
    <SnapshotDevice xmlns="ed3"><snapshotObject>sip:1001@pbx</snapshotObject></SnapshotDevice>
    <GetDoNotDisturb xmlns="ed3"><device>sip:1001@pbx</device></GetDoNotDisturb>
    <GetForwarding xmlns="ed3"><device>sip:1001@pbx</device></GetForwarding>
    <GenerateDigits xmlns="ed3"><connectionToSendDigits><callID>-4</callID><deviceID>sip:1001@pbx</deviceID></connectionToSendDigits><charactersToSend>1*#</charactersToSend></GenerateDigits>
    <ConsultationCall xmlns="ed3"><existingCall><callID>-4</callID><deviceID>sip:1001@pbx</deviceID></existingCall><consultedDevice>sip:200@pbx</consultedDevice></ConsultationCall>
    <TransferCall xmlns="ed3"><heldCall><callID>-4</callID><deviceID>sip:1001@pbx</deviceID></heldCall><activeCall><callID>8</callID><deviceID>sip:1001@pbx</deviceID></activeCall></TransferCall>
    "#);
}

#[test]
fn fifth_edition_with_flat_ids() {
    insta::assert_snapshot!(requests(&speaking(Edition::Ed5, CstaCalls::Flat)), @r#"
    <AnswerCall xmlns="ed5"><callToBeAnswered>-4</callToBeAnswered></AnswerCall>
    <ClearConnection xmlns="ed5"><connectionToBeCleared>-4</connectionToBeCleared></ClearConnection>
    <HoldCall xmlns="ed5"><callToBeHeld>-4</callToBeHeld></HoldCall>
    <RetrieveCall xmlns="ed5"><callToBeRetrieved>-4</callToBeRetrieved></RetrieveCall>
    <MakeCall xmlns="ed5"><callingDevice>sip:1001@pbx</callingDevice><calledDirectoryNumber>200</calledDirectoryNumber><autoOriginate>doNotPrompt</autoOriginate></MakeCall>
    <SingleStepTransferCall xmlns="ed5"><activeCall>-4</activeCall><transferredTo>sip:200@pbx</transferredTo></SingleStepTransferCall>
    <SetDoNotDisturb xmlns="ed5"><device>sip:1001@pbx</device><doNotDisturbOn>false</doNotDisturbOn></SetDoNotDisturb>
    <SetForwarding xmlns="ed5"><device>sip:1001@pbx</device><forwardingType>forwardImmediate</forwardingType><activateForward>true</activateForward><forwardDN>200</forwardDN></SetForwarding>
    <SetForwarding xmlns="ed5"><device>sip:1001@pbx</device><forwardingType>forwardNoAns</forwardingType><activateForward>true</activateForward><forwardDN>200</forwardDN></SetForwarding>
    <AnswerCall xmlns="ed5"><callToBeAnswered>-4</callToBeAnswered></AnswerCall>
    <RequestSystemStatus xmlns="ed3"/>
    <SnapshotDevice xmlns="ed5"><snapshotObject>sip:1001@pbx</snapshotObject></SnapshotDevice>
    <GetDoNotDisturb xmlns="ed5"><device>sip:1001@pbx</device></GetDoNotDisturb>
    <GetForwarding xmlns="ed5"><device>sip:1001@pbx</device></GetForwarding>
    <GenerateDigits xmlns="ed5"><connectionToSendDigits>-4</connectionToSendDigits><charactersToSend>1*#</charactersToSend></GenerateDigits>
    <ConsultationCall xmlns="ed5"><existingCall>-4</existingCall><consultedDevice>sip:200@pbx</consultedDevice></ConsultationCall>
    <TransferCall xmlns="ed5"><heldCall>-4</heldCall><activeCall>8</activeCall></TransferCall>
    "#);
}

/// The edition changes the namespace, and how ids are written the elements that name calls; nothing else.
#[test]
fn dialects_differ_in_nothing_else() {
    let of = |edition, calls| requests(&speaking(edition, calls));
    let third = of(Edition::Ed3, CstaCalls::Nested);
    // The request for the status is in the third edition on all phones.
    let (status, own) = (r#"<RequestSystemStatus xmlns="ed3"/>"#, "<Status/>");
    let fifth = third.replace(status, own).replace("\"ed3\"", "\"ed5\"");
    assert_eq!(
        of(Edition::Ed5, CstaCalls::Nested),
        fifth.replace(own, status)
    );
    let flat = of(Edition::Ed3, CstaCalls::Flat);
    assert!(!flat.contains("callID") && flat.contains("<callToBeHeld>-4</callToBeHeld>"));
    let nested = "<callID>-4</callID><deviceID>sip:1001@pbx</deviceID>";
    let nested = third
        .replace(nested, "-4")
        .replace("<callID>-4</callID>", "-4");
    let nested = nested.replace("<callID>8</callID><deviceID>sip:1001@pbx</deviceID>", "8");
    assert_eq!(flat, nested);
}
