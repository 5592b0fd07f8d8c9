use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn event(text: &str) -> Event {
    match Incoming::read(text.as_bytes()) {
        Incoming::Event(event) => *event,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn event_of_a_call_is_read() {
    let event = event(
        "<?xml version=\"1.0\"?><c:DivertedEvent xmlns:c=\"http://x/ed4\"><c:monitorCrossRefID> 7 </c:monitorCrossRefID>\
         <c:connection><c:callID>-4</c:callID><c:deviceID>sip:2@a</c:deviceID></c:connection>\
         <c:divertingDevice><c:deviceIdentifier>sip:2@a</c:deviceIdentifier></c:divertingDevice>\
         <c:newDestination>300</c:newDestination><c:callingDevice><c:restricted/></c:callingDevice>\
         <c:calledDevice><c:deviceIdentifier typeOfNumber=\"dialingNumber\">2</c:deviceIdentifier></c:calledDevice>\
         <c:unknown><c:callID>9</c:callID></c:unknown>\
         <c:localConnectionInfo>held</c:localConnectionInfo><c:cause>callForwardBusy</c:cause></c:DivertedEvent>",
    );
    let expected = Event {
        kind: EventKind::Diverted,
        monitor: "7".to_owned(),
        call_id: Some("-4".to_owned()),
        device: Some("sip:2@a".to_owned()),
        second_call_id: None,
        subject: Some("sip:2@a".to_owned()),
        calling: None,
        called: Some("2".to_owned()),
        target: Some("300".to_owned()),
        local_state: Some("hold".to_owned()),
        is_on: None,
        forwarding: None,
        cause: Some("callForwardBusy".to_owned()),
    };
    assert_eq!(event, expected);
}

#[test]
fn every_event_is_known_by_its_name() {
    for row in TABLE {
        let id = match row.connection {
            "" => String::new(),
            element => format!("<{element}>12</{element}>"),
        };
        let event = event(&format!(
            "<{0}>{id}<{1}>1001</{1}></{0}>",
            row.name, row.subject
        ));
        assert_eq!(event.kind, row.kind);
        assert_eq!(event.call_id.is_some(), !row.connection.is_empty());
        assert_eq!(event.subject.as_deref(), Some("1001"), "{}", row.name);
    }
}

#[test]
fn both_spellings_of_a_transfer_are_read() {
    for name in ["TransferedEvent", "TransferredEvent"] {
        let event = event(&format!(
            "<{name}><primaryOldCall><callID>1</callID></primaryOldCall><secondaryOldCall><callID>2</callID>\
             </secondaryOldCall><transferredToDevice><deviceIdentifier>3</deviceIdentifier>\
             </transferredToDevice></{name}>"
        ));
        assert_eq!(event.kind, EventKind::Transferred);
        assert_eq!(event.call_id.as_deref(), Some("1"));
        assert_eq!(event.second_call_id.as_deref(), Some("2"));
        assert_eq!(event.target.as_deref(), Some("3"));
    }
}

#[test]
fn switches_are_read_in_every_spelling() {
    for (text, on) in [
        (
            "<DoNotDisturbEvent><doNotDisturbOn>true</doNotDisturbOn></DoNotDisturbEvent>",
            Some(true),
        ),
        (
            "<DoNotDisturbEvent><doNotDisturbOn>0</doNotDisturbOn></DoNotDisturbEvent>",
            Some(false),
        ),
        ("<DoNotDisturbEvent/>", None),
        (
            "<ForwardingEvent><forwardStatus>false</forwardStatus></ForwardingEvent>",
            Some(false),
        ),
    ] {
        assert_eq!(event(text).is_on, on, "{text}");
    }
}

#[test]
fn other_messages_are_distinguished() {
    let read = |text: &str| Incoming::read(text.as_bytes());
    let soap = "<s:Envelope><s:Body><HeldEvent/></s:Body></s:Envelope>";
    assert!(matches!(read(soap), Incoming::Event(_)));
    assert_eq!(read("<AnswerCallResponse/>"), Incoming::Answer);
    assert_eq!(
        read("<CSTAErrorCode><operation>generic</operation></CSTAErrorCode>"),
        Incoming::Answer
    );
    assert_eq!(
        read("<c:DigitsDialedEvent/>"),
        Incoming::Other("DigitsDialedEvent".to_owned())
    );
    for text in ["", "Signal=5", "<", "\u{0}"] {
        assert_eq!(read(text), Incoming::Other(String::new()), "{text}");
    }
}

#[test]
fn values_are_short_and_printable() {
    let long = format!(
        "<HeldEvent><cause>a\u{7}b{}</cause></HeldEvent>",
        "x".repeat(1000)
    );
    let cause = event(&long).cause.unwrap();
    assert!(
        cause.starts_with("abx") && cause.len() == MAX_VALUE,
        "{cause}"
    );
}

#[test]
fn samples_are_read() {
    let root = std::env::var_os("HANDSETD_FIXTURES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        PathBuf::from,
    );
    let folder = root.join("uacsta");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: {} is not there", folder.display());
        return;
    };
    let mut events = 0;
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let incoming = Incoming::read(&std::fs::read(&path).unwrap());
        if name.starts_with("event-") {
            let Incoming::Event(event) = incoming else {
                panic!("{name}: {incoming:?}")
            };
            assert_eq!(
                (event.monitor.as_str(), event.call_id.as_deref()),
                ("7", Some("-4"))
            );
            events += 1;
        } else if name.starts_with("resp-") || name.starts_with("error-") {
            assert_eq!(incoming, Incoming::Answer, "{name}");
        }
    }
    assert!(events > 2, "{events}");
}

proptest! {
    #[test]
    fn garbage_never_panics(
        body in "(<|>|</|/|csta:|DeliveredEvent|connection|callID|Envelope|Response|&|;|amp|<!\\[CDATA\\[|\\PC){0,60}",
    ) {
        let _ = Incoming::read(body.as_bytes());
    }

    #[test]
    fn bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Incoming::read(&body);
    }
}
