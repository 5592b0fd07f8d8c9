//! SIP: one message, as a datagram has it.

use handset_sip::wire::{MAX_LINES, Malformed, Message, Name, NameAddr, Via, read_seconds};

/// Reads a message, and what is read of its header fields.
pub fn check(bytes: &[u8]) {
    let Ok(message) = Message::read_datagram(bytes) else {
        return;
    };
    fields(&message);
    let written = message.to_bytes();
    let back = Message::read_datagram(&written);
    // Names are written in full, and the length even if it was not there, so that a head at a limit may grow
    // beyond it.
    match back {
        Ok(back) => {
            assert_eq!(back, message, "it is written as another message");
            assert_eq!(back.to_bytes(), written);
        }
        Err(Malformed::TooLong) => assert!(written.len() > LONG, "{} bytes", written.len()),
        Err(Malformed::TooManyLines) => {
            let lines = written.windows(2).filter(|pair| *pair == b"\r\n").count();
            assert!(lines > MAX_LINES, "{lines} lines");
        }
        Err(error) => panic!("what is written cannot be read: {error}"),
    }
}

/// Reads the fields that are interpreted; what is read is written as the same.
fn fields(message: &Message) {
    for name in [Name::FROM, Name::TO, Name::CONTACT, Name::RECORD_ROUTE] {
        for address in NameAddr::list(message.headers(), name).unwrap_or_default() {
            let text = address.to_string();
            assert!(!text.contains(['\r', '\n']), "{text:?} has a line break");
            let back = NameAddr::parse(&text).expect("a written address is one");
            assert_eq!((&back.uri, back.tag()), (&address.uri, address.tag()));
        }
    }
    for field in message.headers().all(Name::VIA) {
        if let Some(via) = Via::parse(field) {
            let back = Via::parse(&via.to_string()).expect("a written hop is one");
            assert_eq!(back, via);
        }
    }
    for name in [Name::EXPIRES, Name::SESSION_EXPIRES, Name::MIN_SE] {
        let _ = message.headers().get(&name).map(read_seconds);
    }
}

/// Shorter messages, in bytes, stay below the limit of a head however they are written.
const LONG: usize = 8 * 1024;
