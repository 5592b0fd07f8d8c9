use super::*;
use crate::csta::{Answer, Edition, Incoming};
use crate::phone::CstaCalls;

fn table() -> CallTable {
    CallTable::new(&SessionDialect {
        edition: Edition::Ed3,
        calls: CstaCalls::Nested,
        device: "1002".to_owned(),
        has_line_numbers: false,
        ends: Vec::new(),
    })
}

/// Notes events, given as kind, call id and further elements; returns the names that they have for rules.
fn names(table: &mut CallTable, events: &[(&str, &str, &str)]) -> Vec<String> {
    let each = events.iter().map(|event| {
        let noted = note(table, *event);
        noted.map_or("-", |event| event.name).to_owned()
    });
    each.collect()
}

fn note(table: &mut CallTable, (kind, id, rest): (&str, &str, &str)) -> Option<PhoneEvent> {
    let connection = match kind {
        "ServiceInitiated" => "initiatedConnection",
        "Originated" => "originatedConnection",
        "Established" => "establishedConnection",
        "ConnectionCleared" => "droppedConnection",
        "Held" => "heldConnection",
        "Retrieved" => "retrievedConnection",
        "Failed" => "failedConnection",
        "Transferred" | "Conferenced" => "primaryOldCall",
        _ => "connection",
    };
    let id = format!("<{connection}><callID>{id}</callID></{connection}>");
    let text = format!("<{kind}Event>{id}{rest}</{kind}Event>");
    match Incoming::read(text.as_bytes()) {
        Incoming::Event(event) => table.note(&event),
        other => panic!("{text}: {other:?}"),
    }
}

/// Returns the activities of the phone in its calls.
fn activities(table: &CallTable) -> Vec<Activity> {
    table.activities().flatten().collect()
}

fn local(state: &str) -> String {
    format!("<localConnectionInfo>{state}</localConnectionInfo>")
}

#[test]
fn incoming_call_is_followed() {
    let mut table = table();
    let (alerting, connected) = (local("alerting"), local("connected"));
    let calling = "<callingDevice><deviceIdentifier>sip:1001@pbx</deviceIdentifier></callingDevice>\
                   <calledDevice><deviceIdentifier>sip:1002@pbx;user=phone</deviceIdentifier></calledDevice>";
    let rings = format!("{calling}{alerting}<cause>newCall</cause>");
    let event = note(&mut table, ("Delivered", "-4", &rings)).unwrap();
    assert_eq!(event.name, "incoming_call");
    let values: Vec<_> = event
        .values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        values,
        [
            ("CallID", "-4"),
            ("Calling", "1001"),
            ("Called", "1002"),
            ("Cause", "newCall")
        ]
    );
    assert!(!table.is_off_hook());
    assert_eq!(
        names(&mut table, &[("Established", "-4", &connected)]),
        ["call_established"]
    );
    assert!(table.is_off_hook());
    // What the phone has said before is still known.
    let event = note(&mut table, ("Held", "-4", &local("hold"))).unwrap();
    assert_eq!(event.name, "hold");
    assert!(
        event
            .values
            .contains(&("Calling".to_owned(), "1001".to_owned()))
    );
    assert_eq!(
        names(
            &mut table,
            &[
                ("Retrieved", "-4", &connected),
                ("Held", "-4", &connected),
                ("Retrieved", "-4", &connected),
                ("ConnectionCleared", "-4", &local("null")),
            ]
        ),
        ["unhold", "held", "unheld", "call_terminated"]
    );
    assert_eq!(table.activities().count(), 0);
}

#[test]
fn outgoing_call_is_named_once() {
    let (initiated, connected) = (local("initiated"), local("connected"));
    for events in [
        // Each phone has its own choice of these.
        &[
            ("ServiceInitiated", "7", initiated.as_str()),
            ("Originated", "7", ""),
            ("Delivered", "7", &connected),
        ][..],
        &[("Originated", "7", ""), ("Delivered", "7", "")],
        &[("ServiceInitiated", "7", ""), ("Delivered", "7", "")],
        &[("Delivered", "7", &connected)],
        &[("Delivered", "7", "<callingDevice>1002</callingDevice>")],
    ] {
        let mut table = table();
        let names = names(&mut table, events);
        assert_eq!(
            names.iter().filter(|name| *name != "-").collect::<Vec<_>>(),
            ["outgoing_call"],
            "{events:?}"
        );
        assert!(table.is_off_hook());
    }
}

#[test]
fn call_is_dialing_until_the_other_end_answers() {
    use Activity::{Dialing, Holding, Talking};
    let (initiated, connected, hold) = (local("initiated"), local("connected"), local("hold"));
    let calling = format!(
        "<alertingDevice>700</alertingDevice><callingDevice>1002</callingDevice>{connected}"
    );
    for dialed in [
        // Each phone has its own choice of these.
        &[
            ("ServiceInitiated", "7", initiated.as_str()),
            ("Originated", "7", &connected),
            ("Delivered", "7", &calling),
        ][..],
        &[("ServiceInitiated", "7", ""), ("Delivered", "7", "")],
        &[("Originated", "7", "")],
        &[("Delivered", "7", &calling)],
    ] {
        let mut table = table();
        for event in dialed {
            note(&mut table, *event);
            assert_eq!(activities(&table), [Dialing], "{event:?}");
        }
        assert!(table.is_off_hook());
        for (event, activity) in [
            (("Held", "7", hold.as_str()), Holding),
            (("Retrieved", "7", &connected), Dialing),
            (("Established", "7", &connected), Talking),
            (("Held", "7", &hold), Holding),
            (("Retrieved", "7", ""), Talking),
            // The other end lets a further party ring.
            (("Delivered", "7", &connected), Talking),
        ] {
            note(&mut table, event);
            assert_eq!(activities(&table), [activity], "{event:?}");
        }
    }
    // A call that rings here was not dialed here, even if the phone does not say that it is answered.
    for answered in ["Established", "Retrieved"] {
        let mut table = table();
        note(&mut table, ("Delivered", "8", ""));
        assert_eq!(activities(&table), [Activity::Ringing]);
        note(&mut table, (answered, "8", ""));
        assert_eq!(activities(&table), [Talking]);
    }
}

#[test]
fn snapshot_tells_whether_a_call_is_answered() {
    use Activity::{Dialing, Ringing, Talking};
    let state = |state: &str| format!("<localConnectionState>{state}</localConnectionState>");
    let compound = |states: [&str; 2]| states.map(state).concat();
    let simple = |state: &str| format!("<simpleCallState>{state}</simpleCallState>");
    for (state, activity) in [
        (compound(["connected", "alerting"]), Dialing),
        (compound(["connected", "null"]), Dialing),
        (compound(["connected", "connected"]), Talking),
        (compound(["connected", "hold"]), Talking),
        (compound(["alerting", "connected"]), Ringing),
        (
            state("connected") + &compound(["connected", "alerting"]),
            Talking,
        ),
        (simple("callOriginated"), Dialing),
        (simple("callDelivered"), Dialing),
        (simple("callEstablished"), Talking),
        // Only its own end.
        (local("connected"), Talking),
    ] {
        let mut table = table();
        table.replace(&listed(&state));
        assert_eq!(activities(&table), [activity], "{state}");
    }
    let mut table = table();
    note(&mut table, ("Originated", "7", ""));
    table.replace(&listed(&local("connected")));
    assert_eq!(activities(&table), [Dialing]);
}

/// Returns the call 7 of a snapshot, with its state.
fn listed(state: &str) -> Vec<Call> {
    let info = format!(
        "<SnapshotDeviceResponse><snapshotDeviceResponseInfo><callID>7</callID>{state}\
         </snapshotDeviceResponseInfo></SnapshotDeviceResponse>"
    );
    Call::all(&Answer::parse(&info))
}

#[test]
fn call_rings_here_where_nothing_says_otherwise() {
    for rest in [
        "",
        "<alertingDevice>1002</alertingDevice>",
        "<alertingDevice><notKnown/></alertingDevice>",
    ] {
        assert_eq!(
            names(&mut table(), &[("Delivered", "7", rest)]),
            ["incoming_call"],
            "{rest}"
        );
    }
}

#[test]
fn party_that_leaves_a_conference_ends_no_call() {
    let mut table = table();
    let connected = local("connected");
    let events = [
        ("Established", "7", connected.as_str()),
        ("ConnectionCleared", "7", &connected),
        ("ConnectionCleared", "7", ""),
    ];
    assert_eq!(
        names(&mut table, &events),
        ["call_established", "-", "call_terminated"]
    );
}

#[test]
fn transfer_and_failure_have_names() {
    let mut table = table();
    let second = "<secondaryOldCall><callID>8</callID></secondaryOldCall>\
                  <transferredToDevice>sip:300@pbx</transferredToDevice>";
    assert_eq!(
        names(
            &mut table,
            &[("Established", "7", ""), ("Originated", "8", "")]
        ),
        ["call_established", "outgoing_call"]
    );
    let event = note(&mut table, ("Transferred", "7", second)).unwrap();
    assert_eq!(event.name, "transfer_call");
    assert!(
        event
            .values
            .contains(&("Target".to_owned(), "300".to_owned()))
    );
    assert_eq!(table.activities().count(), 0);
    assert_eq!(
        names(
            &mut table,
            &[
                ("Failed", "9", ""),
                ("Diverted", "10", ""),
                ("Conferenced", "11", "")
            ]
        ),
        ["call_failed", "forward_incoming_call", "-"]
    );
}

#[test]
fn switches_have_names_without_a_call() {
    let mut table = table();
    let mut noted = |text: &str| match Incoming::read(text.as_bytes()) {
        Incoming::Event(event) => table.note(&event),
        other => panic!("{other:?}"),
    };
    for (on, name) in [("true", "dnd_on"), ("false", "dnd_off")] {
        let text =
            format!("<DoNotDisturbEvent><doNotDisturbOn>{on}</doNotDisturbOn></DoNotDisturbEvent>");
        let event = noted(&text).unwrap();
        assert_eq!((event.name, event.values.len()), (name, 0));
    }
    let event = noted(
        "<ForwardingEvent><forwardingType>forwardNoAns</forwardingType><forwardStatus>true</forwardStatus>\
         <forwardTo>200</forwardTo></ForwardingEvent>",
    )
    .unwrap();
    assert_eq!(event.name, "forward_on");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        event.values,
        [pair("Target", "200"), pair("kind", "noanswer")]
    );
    assert_eq!(noted("<BackInServiceEvent/>"), None);
}

#[test]
fn snapshot_replaces_the_calls() {
    let mut table = table();
    note(
        &mut table,
        ("Established", "7", "<callingDevice>1001</callingDevice>"),
    );
    note(&mut table, ("Established", "8", ""));
    let info = "<SnapshotDeviceResponse><snapshotDeviceResponseInfo><callID>7</callID><deviceID>a</deviceID>\
                <localConnectionInfo>hold</localConnectionInfo></snapshotDeviceResponseInfo></SnapshotDeviceResponse>";
    table.replace(&Call::all(&Answer::parse(info)));
    assert_eq!(activities(&table), [Activity::Holding]);
    assert_eq!(table.ends(), [("7".to_owned(), "a".to_owned())]);
    let event = note(&mut table, ("Retrieved", "7", "")).unwrap();
    assert!(
        event
            .values
            .contains(&("Calling".to_owned(), "1001".to_owned())),
        "{event:?}"
    );
}

#[test]
fn calls_that_never_end_are_bounded() {
    let mut table = table();
    for id in 0..1000 {
        note(&mut table, ("Established", &id.to_string(), ""));
    }
    assert_eq!(table.activities().count(), MAX_CALLS);
    assert!(table.find("999").is_some() && table.find("0").is_none());
}
