//! Requests and events of Snom and of plain phones.

use super::client::Client;
use super::{snom, with};
use crate::calls::CallState;
use crate::options::Options;
use crate::uacsta::Quirks;
use crate::vendor::Vendor;

/// Receives events up to as many; returns their names.
async fn events(client: &Client, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    for _ in 0..count {
        let event = client.event().await;
        let (_, name) = event.split_once("\n<").unwrap();
        names.push(
            name.split(' ')
                .next()
                .unwrap()
                .trim_end_matches("Event")
                .to_owned(),
        );
    }
    names
}

#[tokio::test]
async fn events_tell_every_change_in_order() {
    let mut client = Client::new(Options::new(Vendor::Yealink), Quirks::default()).await;
    client.monitor(3, "1001-csta").await;
    let phone = client.phone.clone();
    let first = phone.receive_call("201");
    phone.answer_call(first);
    phone.hold_call(first);
    phone.resume_call(first);
    let expected = ["Delivered", "Established", "Held", "Retrieved"];
    assert_eq!(events(&client, 4).await, expected);
    let second = phone.dial("202");
    let expected = ["Held", "Originated", "Delivered"];
    assert_eq!(events(&client, 3).await, expected);
    phone.fail_call(second);
    let third = phone.dial("203");
    phone.answer_call(third);
    let expected = [
        "Failed",
        "ConnectionCleared",
        "Originated",
        "Delivered",
        "Established",
    ];
    assert_eq!(events(&client, 5).await, expected);
    phone
        .device()
        .change(|state| state.calls.join(first, third));
    phone.set_dnd(true);
    let fourth = phone.receive_call("204");
    phone
        .device()
        .change(|state| state.calls.transfer(fourth, "205"));
    let expected = ["Transfered", "DoNotDisturb", "Delivered", "Diverted"];
    assert_eq!(events(&client, 4).await, expected);
    let forward = |state: &mut crate::State| {
        state.forwards.insert("Busy".to_owned(), "300".to_owned());
    };
    phone.device().change(forward);
    let event = client.event().await;
    assert!(
        event.contains("<forwardingType>forwardBusy<") && event.contains(">300<"),
        "{event}"
    );
}

#[tokio::test]
async fn requests_do_the_same_as_over_http() {
    let mut client = Client::new(snom(&[]), Quirks::default()).await;
    let opening = client.opening();
    client.invite(&opening).await;
    let id = client.phone.receive_call("201");
    let call = format!("<callToBeAnswered><callID>-{id}</callID></callToBeAnswered>");
    client.csta("AnswerCall", 5, &call).await;
    let states = client.phone.state().calls.all().to_vec();
    assert_eq!(states[0].state, CallState::Connected);
    let snapshot = "<snapshotObject>sip:1001@pbx.example</snapshotObject>";
    let snapshot = client.csta("SnapshotDevice", 5, snapshot).await;
    assert!(
        snapshot.contains("<callID>-1</callID><deviceID>sip:1001@pbx.example<"),
        "{snapshot}"
    );
    let requests = client.phone.state().csta.requests;
    assert_eq!(
        requests,
        ["RequestSystemStatus", "AnswerCall", "SnapshotDevice"]
    );
}

#[tokio::test]
async fn call_ids_are_flat_in_the_legacy_style() {
    let legacy = snom(&[("csta_legacy_control", "0")]);
    let mut client = Client::new(legacy, Quirks::default()).await;
    let opening = client.opening();
    client.invite(&opening).await;
    client.phone.receive_call("201");
    let nested = "<callToBeAnswered><callID>-1</callID></callToBeAnswered>";
    let refused = client.csta("AnswerCall", 5, nested).await;
    assert!(refused.contains("invalidConnectionIdentifier"), "{refused}");
    let flat = "<callToBeAnswered>-1</callToBeAnswered>";
    let answered = client.csta("AnswerCall", 5, flat).await;
    assert!(answered.contains("<AnswerCallResponse "), "{answered}");
}

#[tokio::test]
async fn plain_phones_perform_each_request() {
    let quirks = with(|quirks| quirks.lacks_session_timer = true);
    let mut client = Client::new(Options::new(Vendor::Yealink), quirks).await;
    let opening = client.opening();
    client.invite(&opening).await;
    let own = "<deviceID>1001-csta</deviceID>";
    let id = client.phone.receive_call("201");
    let by_id = format!("<callID>{id}</callID>{own}");
    for (name, inside, expected) in [
        ("AnswerCall", format!("<callToBeAnswered>{own}</callToBeAnswered>"), "AnswerCallResponse"),
        ("AnswerCall", format!("<callToBeAnswered>{own}</callToBeAnswered>"), "<stateIncompatibility>noCallToAnswer"),
        ("HoldCall", format!("<callToBeHeld>{by_id}</callToBeHeld>"), "HoldCallResponse"),
        ("HoldCall", format!("<callToBeHeld>{by_id}</callToBeHeld>"), "<stateIncompatibility>invalidConnectionState"),
        ("RetrieveCall", format!("<callToBeRetrieved>{by_id}</callToBeRetrieved>"), "RetrieveCallResponse"),
        ("GenerateDigits", format!("<connectionToSendDigits>{by_id}</connectionToSendDigits><charactersToSend>12#</charactersToSend>"), "GenerateDigitsResponse"),
        ("ConsultationCall", format!("<existingCall>{by_id}</existingCall><consultedDevice>202</consultedDevice>"), "<initiatedCall><callID>33094<"),
        ("AlternateCall", format!("<heldCall>{by_id}</heldCall><activeCall><callID>33094</callID></activeCall>"), "AlternateCallResponse"),
        ("TransferCall", format!("<heldCall><callID>33094</callID></heldCall><activeCall>{by_id}</activeCall>"), "TransferCallResponse"),
        ("MakeCall", "<callingDevice>sip:1001-csta@127.0.0.1</callingDevice><calledDirectoryNumber>203</calledDirectoryNumber>".to_owned(), "<callingDevice><callID>33095<"),
        ("SnapshotDevice", "<snapshotObject><deviceObject>1001-csta</deviceObject></snapshotObject>".to_owned(), "<callID>33095<"),
        ("SingleStepTransferCall", format!("<activeCall>{own}</activeCall><transferredTo>204</transferredTo>"), "SingleStepTransferCallResponse"),
        ("ClearConnection", format!("<connectionToBeCleared>{by_id}</connectionToBeCleared>"), "<operation>invalidCallID"),
        ("SetDoNotDisturb", "<device>1001-csta</device><doNotDisturbOn>true</doNotDisturbOn>".to_owned(), "SetDoNotDisturbResponse"),
        ("GetDoNotDisturb", "<device>1001-csta</device>".to_owned(), "<doNotDisturbOn>true<"),
        ("GetDoNotDisturb", "<device>7</device>".to_owned(), "<operation>invalidDeviceID"),
        ("SetForwarding", "<device>1001-csta</device><forwardingType>forwardImmediate</forwardingType><activateForward>true</activateForward><forwardDN>300</forwardDN>".to_owned(), "SetForwardingResponse"),
        ("GetForwarding", "<device>1001-csta</device>".to_owned(), "<forwardStatus>true</forwardStatus><forwardDN>300<"),
        ("MakeCoffee", String::new(), "<operation>serviceNotSupported"),
    ] {
        let response = client.csta(name, 3, &inside).await;
        assert!(response.contains(expected), "{name}: {response}");
        assert!(response.contains("csta/ed3"), "{response}");
    }
    let id = client.phone.receive_call("205");
    let inside = format!(
        "<callToBeDiverted><callID>{id}</callID></callToBeDiverted><newDestination>206</newDestination>"
    );
    let diverted = client.csta("DeflectCall", 3, &inside).await;
    assert!(diverted.contains("DeflectCallResponse"), "{diverted}");
    let state = client.phone.state();
    let transfers = state.calls.transfers().iter();
    let transfers: Vec<_> = transfers.map(|one| (&*one.from, &*one.to)).collect();
    assert_eq!(transfers, [("202", "201"), ("203", "204"), ("205", "206")]);
    assert_eq!(state.calls.digits(), "12#");
}
