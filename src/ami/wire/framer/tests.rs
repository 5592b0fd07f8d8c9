use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Frames `wire`, fed in chunks that end at `cuts`, and formats each frame as a word and a text.
fn frames(limit: usize, wire: &[u8], cuts: &[usize]) -> Vec<String> {
    let mut framer = Framer::new(limit);
    let mut buffer = BytesMut::new();
    let mut shown = Vec::new();
    let mut fed = 0;
    for end in cuts.iter().copied().chain([wire.len()]) {
        buffer.extend_from_slice(&wire[fed..end]);
        fed = end;
        while let Some(frame) = framer.next(&mut buffer) {
            shown.push(show(&frame));
        }
        assert!(
            buffer.len() <= limit.max(LONGEST_MARK) + LONGEST_MARK,
            "the buffer is bounded"
        );
    }
    shown.extend(framer.finish(&mut buffer).as_ref().map(show));
    shown
}

fn show(frame: &Frame) -> String {
    let (word, offset, text) = match frame {
        Frame::Banner { offset, line } => ("banner".to_owned(), offset, line),
        Frame::Packet { offset, block } => ("packet".to_owned(), offset, block),
        Frame::TooLong {
            offset,
            head,
            length,
        } => (format!("skipped {length}"), offset, head),
        Frame::Unfinished { offset, rest } => ("unfinished".to_owned(), offset, rest),
    };
    format!("{word}@{offset} {}", text.escape_ascii())
}

fn check(wire: &str, expected: &[&str]) {
    assert_eq!(frames(4096, wire.as_bytes(), &[]), expected, "{wire:?}");
    let byte_by_byte: Vec<usize> = (1..wire.len()).collect();
    assert_eq!(
        frames(4096, wire.as_bytes(), &byte_by_byte),
        expected,
        "{wire:?}, byte by byte"
    );
}

#[test]
fn banner_needs_no_blank_line() {
    check(
        "Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\n",
        &[
            "banner@0 Asterisk Call Manager/11.0.0",
            r"packet@30 Response: Success\r\n",
        ],
    );
    check(
        "OpenPBX Call Manager/1.0\r\n",
        &["banner@0 OpenPBX Call Manager/1.0"],
    );
    check(
        "Asterisk Call Manager Proxy/1.2\n",
        &["banner@0 Asterisk Call Manager Proxy/1.2"],
    );
}

#[test]
fn line_feeds_with_and_without_carriage_return_end_lines_and_packets() {
    check(
        "Event: A\n\nEvent: B\r\n\nEvent: C\n\r\n",
        &[
            r"packet@0 Event: A\n",
            r"packet@10 Event: B\r\n",
            r"packet@21 Event: C\n",
        ],
    );
}

#[test]
fn blank_lines_between_packets_are_ignored() {
    check(
        "\r\n\n\r\nEvent: A\r\n\r\n\r\n\r\n\n",
        &[r"packet@5 Event: A\r\n"],
    );
    check("\r\n\r\n", &[]);
    check("", &[]);
}

#[test]
fn line_of_a_space_or_a_carriage_return_is_not_blank() {
    check(
        "A: 1\r\n \r\nB: 2\r\n\r\r\nC: 3\r\n\r\n",
        &[r"packet@0 A: 1\r\n \r\nB: 2\r\n\r\r\nC: 3\r\n"],
    );
}

#[test]
fn old_command_output_may_contain_blank_lines() {
    check(
        "Response: Follows\r\nPrivilege: Command\r\nActionID: 1\r\none\n\ntwo\n--END COMMAND--\r\n\r\nEvent: A\r\n\r\n",
        &[
            r"packet@0 Response: Follows\r\nPrivilege: Command\r\nActionID: 1\r\none\n\ntwo\n--END COMMAND--\r\n",
            r"packet@80 Event: A\r\n",
        ],
    );
}

#[test]
fn only_the_exact_line_ends_old_command_output() {
    check(
        "Response: Follows\r\nx --END COMMAND--\n--END COMMAND-- \nEvent: X\n\n--END COMMAND--\n",
        &[
            r"packet@0 Response: Follows\r\nx --END COMMAND--\n--END COMMAND-- \nEvent: X\n\n--END COMMAND--\n",
        ],
    );
    check(
        "Response: Success\r\nMessage: x\r\n--END COMMAND--\r\nA: 1\r\n\r\n",
        &[r"packet@0 Response: Success\r\nMessage: x\r\n--END COMMAND--\r\nA: 1\r\n"],
    );
}

#[test]
fn follows_with_output_headers_ends_with_a_blank_line() {
    check(
        "Response: Follows\r\nActionID: 3\r\nOutput: a\r\nOutput: b\r\n\r\nEvent: A\r\n\r\n",
        &[
            r"packet@0 Response: Follows\r\nActionID: 3\r\nOutput: a\r\nOutput: b\r\n",
            r"packet@56 Event: A\r\n",
        ],
    );
}

#[test]
fn raw_output_that_starts_like_a_header_stays_raw() {
    check(
        "Response: Follows\r\nOutput: 1\nnext\n\n--END COMMAND--\r\n\r\n",
        &[r"packet@0 Response: Follows\r\nOutput: 1\nnext\n\n--END COMMAND--\r\n"],
    );
}

#[test]
fn packet_cut_off_by_the_end_is_unfinished() {
    check("Event: A\r\nChan", &[r"unfinished@0 Event: A\r\nChan"]);
    check(
        "Event: A\r\n\r\nEvent: B\r\n",
        &[r"packet@0 Event: A\r\n", r"unfinished@12 Event: B\r\n"],
    );
}

#[test]
fn every_prefix_of_a_packet_is_incomplete() {
    for whole in [
        "Event: A\r\nB: 1\r\n\r\n",
        "Response: Follows\r\nPrivilege: Command\r\n\r\nx\n--END COMMAND--\n",
        "Asterisk Call Manager/2.0\n",
    ] {
        for end in 0..whole.len() {
            let mut buffer = BytesMut::from(&whole[..end]);
            assert_eq!(
                Framer::new(4096).next(&mut buffer),
                None,
                "{:?}",
                &whole[..end]
            );
        }
        assert!(Framer::new(4096).next(&mut BytesMut::from(whole)).is_some());
    }
}

#[test]
fn packet_over_the_limit_is_skipped_and_the_next_one_is_returned() {
    let long = format!("Event: Long\r\nA: {}\r\nB: 1\r\n\r\n", "x".repeat(1000));
    let wire = format!("{long}Event: Next\r\n\r\n");
    for cuts in [
        vec![],
        (1..wire.len()).collect::<Vec<_>>(),
        vec![700, 1018, 1022, 1023],
    ] {
        let shown = frames(300, wire.as_bytes(), &cuts);
        assert!(
            shown[0].starts_with(r"skipped 1024@0 Event: Long\r\nA: xxx"),
            "{}",
            shown[0]
        );
        assert_eq!(shown[1..], [r"packet@1026 Event: Next\r\n"]);
    }
}

#[test]
fn packet_of_too_many_lines_is_skipped_and_the_next_one_is_returned() {
    let most = "a:\n".repeat(MAX_LINES);
    for cut in [1, 1000, most.len()] {
        let wire = format!("{most}\na:\n{most}\nb: 1\n\n");
        let mut framer = Framer::new(1 << 20);
        let mut buffer = BytesMut::new();
        let mut words = Vec::new();
        for chunk in wire.as_bytes().chunks(cut) {
            buffer.extend_from_slice(chunk);
            while let Some(frame) = framer.next(&mut buffer) {
                words.push(match frame {
                    Frame::Packet { block, .. } => format!("packet of {}", block.len()),
                    Frame::TooLong { length, .. } => format!("too long: {length}"),
                    other => panic!("{other:?}"),
                });
            }
        }
        let length = most.len();
        let expected = [
            format!("packet of {length}"),
            format!("too long: {}", length + 3),
            "packet of 5".to_owned(),
        ];
        assert_eq!(words, expected, "in chunks of {cut}");
    }
}

#[test]
fn packet_of_exactly_the_limit_is_returned() {
    for (length, kept) in [(300, true), (301, false)] {
        let wire = format!("A: {}\r\n\r\n", "x".repeat(length - 5));
        for cuts in [
            vec![],
            (1..wire.len()).collect::<Vec<_>>(),
            vec![wire.len() - 1],
        ] {
            let shown = frames(300, wire.as_bytes(), &cuts);
            assert_eq!(shown.len(), 1);
            assert_eq!(shown[0].starts_with("packet"), kept, "{length}");
        }
    }
}

#[test]
fn old_command_output_over_the_limit_is_skipped_completely() {
    let mut wire = "Response: Follows\r\nPrivilege: Command\r\n".to_owned();
    for line in 0..100 {
        write!(wire, "line {line}\n\nEvent: Forged\n\n").unwrap();
    }
    let length = wire.len() + 16;
    wire.push_str("--END COMMAND--\n\r\nEvent: Next\r\n\r\n");
    let shown = frames(400, wire.as_bytes(), &[10, 500, 501, 502, 1000]);
    assert!(
        shown[0].starts_with(&format!("skipped {length}@0 ")),
        "{}",
        shown[0]
    );
    assert_eq!(
        shown[1..],
        [format!(r"packet@{} Event: Next\r\n", length + 2)]
    );
}

#[test]
fn endless_line_costs_bounded_memory() {
    let mut framer = Framer::new(1024);
    let mut buffer = BytesMut::new();
    for _ in 0..10_000 {
        buffer.extend_from_slice(&[b'x'; 1000]);
        assert_eq!(framer.next(&mut buffer), None);
        assert!(buffer.len() <= 2048);
    }
    buffer.extend_from_slice(b"\n\n");
    assert!(matches!(
        framer.next(&mut buffer),
        Some(Frame::TooLong {
            offset: 0,
            length: 10_000_001,
            ..
        })
    ));
}

proptest! {
    #[test]
    fn chunking_makes_no_difference(
        wire in vec(arb_part(), 0..40),
        cuts in vec(any::<prop::sample::Index>(), 0..30),
        limit in 0..600_usize,
    ) {
        let wire = wire.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len() + 1)).collect();
        cuts.sort_unstable();
        let whole = frames_unchecked(limit, &wire, &[]);
        prop_assert_eq!(frames_unchecked(limit, &wire, &cuts), whole.clone());
        let byte_by_byte: Vec<usize> = (1..wire.len()).collect();
        prop_assert_eq!(frames_unchecked(limit, &wire, &byte_by_byte), whole);
    }

    #[test]
    fn garbage_never_panics_and_yields_frames(bytes in vec(any::<u8>(), 0..2000)) {
        let shown = frames_unchecked(300, &bytes, &[bytes.len() / 2]);
        prop_assert!(!shown.is_empty() || bytes.iter().all(|byte| b"\r\n".contains(byte)));
    }
}

/// Like [`frames`], without the assertion on the buffer size, which large chunks exceed.
fn frames_unchecked(limit: usize, wire: &[u8], cuts: &[usize]) -> Vec<String> {
    let (mut framer, mut buffer) = (Framer::new(limit), BytesMut::new());
    let (mut shown, mut fed) = (Vec::new(), 0);
    for end in cuts.iter().copied().chain([wire.len()]) {
        buffer.extend_from_slice(&wire[fed..end]);
        fed = end;
        while let Some(frame) = framer.next(&mut buffer) {
            shown.push(show(&frame));
        }
    }
    shown.extend(framer.finish(&mut buffer).as_ref().map(show));
    shown
}

/// The parts of interesting streams.
fn arb_part() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => Just(b"\r\n".to_vec()),
        3 => Just(b"\n".to_vec()),
        1 => Just(b"\r".to_vec()),
        2 => Just(b"Event: Hangup\r\n".to_vec()),
        2 => Just(b"Response: Follows\r\n".to_vec()),
        1 => Just(b"Privilege: Command\r\n".to_vec()),
        2 => Just(b"Output: text\r\n".to_vec()),
        2 => Just(b"--END COMMAND--\r\n".to_vec()),
        1 => Just(b"Asterisk Call Manager/5.0\r\n".to_vec()),
        2 => (1..700_usize).prop_map(|length| vec![b'x'; length]),
        2 => vec(any::<u8>(), 0..20),
    ]
}
