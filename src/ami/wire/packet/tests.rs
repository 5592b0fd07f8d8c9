use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::wire::{Frame, Framer};

fn check(block: &[u8], kind: Kind, headers: &[(&str, &str)]) -> Packet {
    let packet = Packet::parse(block);
    assert_eq!(packet.kind(), kind, "{}", block.escape_ascii());
    assert_eq!(
        packet.headers().collect::<Vec<_>>(),
        headers,
        "{}",
        block.escape_ascii()
    );
    packet
}

#[test]
fn one_space_after_the_colon_is_syntax() {
    check(
        b"Event: E\r\nA:1\r\nB: 2\r\nC:  3 \r\nD:\r\nE: \r\nF: :x: y\r\n",
        Kind::Event,
        &[
            ("Event", "E"),
            ("A", "1"),
            ("B", "2"),
            ("C", " 3 "),
            ("D", ""),
            ("E", ""),
            ("F", ":x: y"),
        ],
    );
}

#[test]
fn repeated_headers_are_all_kept() {
    let packet = Packet::parse(b"Event: E\r\nChanVariable: A=1\r\nX: y\r\nchanvariable: B=2\r\n");
    assert_eq!(
        packet.values("ChanVariable").collect::<Vec<_>>(),
        ["A=1", "B=2"]
    );
    assert_eq!(packet.header("CHANVARIABLE"), Some("A=1"));
}

#[test]
fn header_names_may_contain_spaces_underscores_digits_and_parentheses() {
    check(
        b"Event: E\r\nNamed Callgroup: 1\r\nX_Y: 2\r\n100rel: no\r\nChanVariable(SIP/a-1): N=V\r\n",
        Kind::Event,
        &[
            ("Event", "E"),
            ("Named Callgroup", "1"),
            ("X_Y", "2"),
            ("100rel", "no"),
            ("ChanVariable(SIP/a-1)", "N=V"),
        ],
    );
}

#[test]
fn event_with_a_response_header_is_an_event() {
    check(
        b"Event: OriginateResponse\r\nResponse: Failure\r\n",
        Kind::Event,
        &[("Event", "OriginateResponse"), ("Response", "Failure")],
    );
    check(
        b"Status: x\r\nresponse: Fail\r\n",
        Kind::Response,
        &[("Status", "x"), ("response", "Fail")],
    );
    check(
        b"Ipaddress: 192.0.2.1\r\n",
        Kind::Other,
        &[("Ipaddress", "192.0.2.1")],
    );
}

#[test]
fn lines_without_colon_are_raw_lines() {
    let packet = check(
        b"Event: E\r\ntorn\r\nA: 1\r\n:\r\n",
        Kind::Event,
        &[("Event", "E"), ("A", "1")],
    );
    assert_eq!(packet.raw_lines().collect::<Vec<_>>(), ["torn", ":"]);
}

#[test]
fn invalid_utf8_is_latin_1() {
    check(
        "Event: E\r\nA: Gr\u{fc}\u{df}e \u{1f4de}\r\n".as_bytes(),
        Kind::Event,
        &[("Event", "E"), ("A", "Gr\u{fc}\u{df}e \u{1f4de}")],
    );
    check(
        b"Event: E\r\nA: Gr\xfc\xdfe\r\nB: ok\r\n",
        Kind::Event,
        &[("Event", "E"), ("A", "Grüße"), ("B", "ok")],
    );
}

#[test]
fn value_with_line_breaks_arrives_whole() {
    let block = include_bytes!("../../../../tests/fixtures/field/userevent-newline.ami");
    let block = block
        .strip_prefix(b"Asterisk Call Manager/7.0.3\r\n")
        .unwrap();
    let packet = Packet::parse(block.strip_suffix(b"\r\n").unwrap());
    assert_eq!(packet.header("Text"), Some("first\nsecond"));
    check(
        b"Event: E\r\nA: 1\n2\nB: 3\n:\r\nC: 4\r\ntorn\nD: 5\r\n",
        Kind::Event,
        &[
            ("Event", "E"),
            ("A", "1\n2\nB: 3\n:"),
            ("C", "4"),
            ("D", "5"),
        ],
    );
}

#[test]
fn value_cut_at_an_empty_line_ends_with_a_line_break() {
    check(
        b"Event: E\r\nA: 1\n",
        Kind::Event,
        &[("Event", "E"), ("A", "1\n")],
    );
}

#[test]
fn lines_that_end_with_a_bare_lf_are_separate_headers() {
    check(
        b"Event: E\nA: 1\nB: 2\r\nC: 3\n",
        Kind::Event,
        &[("Event", "E"), ("A", "1"), ("B", "2"), ("C", "3")],
    );
}

#[test]
fn lone_carriage_return_belongs_to_the_value() {
    check(
        b"Event: E\r\nA: 1\r2\r\nB: 3\r\r\n",
        Kind::Event,
        &[("Event", "E"), ("A", "1\r2"), ("B", "3\r")],
    );
}

#[test]
fn old_command_output_becomes_output_headers() {
    check(
        b"Response: Follows\r\nPrivilege: Command\r\nActionID: 7\r\n a: b\n\nPrivilege: x\n--END COMMAND--\r\n",
        Kind::Response,
        &[
            ("Response", "Follows"),
            ("Privilege", "Command"),
            ("ActionID", "7"),
            ("Output", " a: b"),
            ("Output", ""),
            ("Output", "Privilege: x"),
        ],
    );
}

#[test]
fn new_command_output_is_unchanged() {
    check(
        b"Response: Success\r\nMessage: Command output follows\r\nOutput:   x\r\nOutput: \r\n",
        Kind::Response,
        &[
            ("Response", "Success"),
            ("Message", "Command output follows"),
            ("Output", "  x"),
            ("Output", ""),
        ],
    );
}

#[test]
fn event_of_70_kilobytes_is_parsed_completely() {
    let value = "v".repeat(70_000);
    let block = format!("Event: VarSet\r\nValue: {value}\r\n");
    check(
        block.as_bytes(),
        Kind::Event,
        &[("Event", "VarSet"), ("Value", &value)],
    );
}

#[test]
fn debug_output_redacts_passwords() {
    let packet = Packet::parse(b"Event: AuthDetail\r\nPassword: hush\r\nMd5Cred: hush\r\nA: b\r\n");
    let shown = format!("{packet:?}");
    assert!(!shown.contains("hush"), "{shown}");
    assert!(shown.contains("AuthDetail"), "{shown}");
}

/// Parses all packets of a stream.
fn read(wire: &[u8]) -> Vec<Packet> {
    let mut buffer = BytesMut::from(wire);
    let mut framer = Framer::new(1 << 20);
    let mut packets = Vec::new();
    while let Some(frame) = framer.next(&mut buffer) {
        if let Frame::Packet { block, .. } = frame {
            packets.push(Packet::parse(&block));
        }
    }
    packets
}

proptest! {
    #[test]
    fn written_packets_parse_equal(wire in vec(arb_part(), 0..30)) {
        let packets = read(&wire.concat());
        let mut written = BytesMut::new();
        for packet in &packets {
            packet.write(&mut written);
        }
        prop_assert_eq!(read(&written), packets, "{}", written.escape_ascii());
    }

    #[test]
    fn garbage_never_panics(bytes in vec(any::<u8>(), 0..2000)) {
        let packet = Packet::parse(&bytes);
        prop_assert!(packet.headers().count() + packet.raw_lines().count() <= bytes.len());
    }
}

fn arb_part() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => Just(b"\r\n".to_vec()),
        1 => Just(b"\n\n".to_vec()),
        2 => Just(b"Event: Hangup\r\n".to_vec()),
        3 => Just(b"Response: Follows\r\n".to_vec()),
        1 => Just(b"Privilege: Command\r\n".to_vec()),
        1 => Just(b"ActionID: 1\r\n".to_vec()),
        2 => Just(b"Output: text\r\n".to_vec()),
        1 => Just(b"Output: --END COMMAND--\r\n".to_vec()),
        2 => Just(b"--END COMMAND--\r\n".to_vec()),
        1 => Just(b"Asterisk Call Manager/5.0\r\n".to_vec()),
        3 => "[A-Z_ ]{0,3}:? {0,2}[a-z\r:]{0,5}\r\n".prop_map(String::into_bytes),
        2 => vec(any::<u8>(), 0..20),
    ]
}
