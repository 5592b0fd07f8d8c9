//! Tests of the codecs; known answers are in `quirk` and `reply`.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn environments(wire: &[u8]) -> Result<Vec<BytesMut>, Error> {
    let (mut codec, mut src, mut got) = (EnvironmentCodec::default(), BytesMut::from(wire), vec![]);
    while let Some(block) = codec.decode(&mut src)? {
        got.push(block);
    }
    Ok(got)
}

#[test]
fn environment_ends_at_its_blank_line() {
    for block in ["agi_a: 1\nagi_b: 2\n\n", "agi_a: 1\r\n\r\n", "\n"] {
        let wire = format!("{block}200 result=0\n");
        let (mut codec, mut src) = (EnvironmentCodec::default(), BytesMut::from(wire.as_str()));
        assert_eq!(codec.decode(&mut src).unwrap().unwrap(), block.as_bytes());
        assert_eq!(src, "200 result=0\n");
    }
}

#[test]
fn every_prefix_of_an_environment_is_incomplete() {
    let wire = b"agi_network: yes\nagi_arg_1: x\r\n\r\n";
    for end in 0..wire.len() {
        assert!(environments(&wire[..end]).unwrap().is_empty(), "{end}");
    }
    assert_eq!(environments(wire).unwrap().len(), 1);
}

#[test]
fn every_prefix_of_a_reply_is_incomplete() {
    for wire in [
        "200 result=1 (one\ntwo) endpos=1\n",
        "520-Invalid\nUsage\n520 End of proper usage.\n",
        "200 result=0\r\n",
        "HANGUP\n",
    ] {
        for end in 0..wire.len() {
            let mut src = BytesMut::from(&wire.as_bytes()[..end]);
            assert_eq!(
                MessageCodec::default().decode(&mut src).unwrap(),
                None,
                "{wire:?} {end}"
            );
        }
        assert!(
            MessageCodec::default()
                .decode(&mut BytesMut::from(wire))
                .unwrap()
                .is_some()
        );
    }
}

#[test]
fn endless_line_is_rejected_at_the_limit() {
    assert!(environments(&vec![b'a'; MAX_LINE]).unwrap().is_empty());
    let error = environments(&vec![b'a'; MAX_LINE + 1]).unwrap_err();
    assert!(matches!(error, Error::LineTooLong { limit: MAX_LINE }));
    let line = [vec![b'a'; MAX_LINE], b"\n\n".to_vec()].concat();
    assert!(matches!(
        environments(&line),
        Err(Error::LineTooLong { .. })
    ));
}

#[test]
fn number_of_lines_is_limited() {
    assert!(
        environments("agi_a: 1\n".repeat(MAX_LINES).as_bytes())
            .unwrap()
            .is_empty()
    );
    let error = environments("agi_a: 1\n".repeat(MAX_LINES + 1).as_bytes()).unwrap_err();
    assert!(matches!(error, Error::TooManyLines { limit: MAX_LINES }));
}

#[test]
fn size_of_the_environment_is_limited() {
    let line = format!("agi_a: {}\n", "x".repeat(4000));
    let many = MAX_ENVIRONMENT / line.len() + 1;
    let error = environments(line.repeat(many).as_bytes()).unwrap_err();
    assert!(matches!(
        error,
        Error::EnvironmentTooLong {
            limit: MAX_ENVIRONMENT
        }
    ));
}

#[test]
fn size_of_a_reply_is_limited() {
    for start in [
        "200 result=1 (",
        "200 result=1 (\n\n",
        "520-",
        "520-\nx\n",
        "",
    ] {
        let wire = format!("{start}{}", "x".repeat(MAX_REPLY + 1));
        let error = MessageCodec::default()
            .decode(&mut wire.as_str().into())
            .unwrap_err();
        assert!(
            matches!(error, Error::ReplyTooLong { limit: MAX_REPLY }),
            "{start:?}"
        );
    }
}

#[test]
fn bytes_are_scanned_only_once() {
    let (mut environment, mut message) = (EnvironmentCodec::default(), MessageCodec::default());
    let mut src = BytesMut::new();
    for byte in b"200 result=1 (value\nagi_network: y" {
        src.extend_from_slice(&[*byte]);
        assert_eq!(environment.decode(&mut src).unwrap(), None);
        assert_eq!(message.decode(&mut src).unwrap(), None);
        assert_eq!(
            (environment.scanned, message.scanned),
            (src.len(), src.len())
        );
    }
}

#[test]
fn lines_that_are_not_replies_are_skipped() {
    let wire = "\nagi_x: 1\n62\n620 x\n2000\n099 x\nfoo\n200 result=0\n";
    let mut src = BytesMut::from(wire);
    let got = MessageCodec::default().decode(&mut src).unwrap();
    assert_eq!(got, Some(Message::Reply("200 result=0\n".into())));
}

#[test]
fn unsolicited_data_is_dropped_to_the_end_of_its_line() {
    let mut codec = MessageCodec::default();
    let mut src = BytesMut::from("200 result=1 (for\nged)\n200 res");
    assert!(!codec.discard(&mut src));
    src.extend_from_slice(b"ult=1 (forged)\n200 result=0\n");
    let got = codec.decode(&mut src).unwrap();
    assert_eq!(got, Some(Message::Reply("200 result=0\n".into())));
}

#[test]
fn hangup_among_dropped_data_is_reported() {
    for (unasked, later) in [("x\nHANGUP\n", ""), ("HANGUP", ""), ("x\nHANG", "UP\n")] {
        let mut codec = MessageCodec::default();
        let mut src = BytesMut::from(unasked);
        let mut hangup = codec.discard(&mut src);
        src.extend_from_slice(later.as_bytes());
        hangup |= codec.decode(&mut src).unwrap() == Some(Message::Hangup);
        assert!(hangup, "{unasked:?} {later:?}");
    }
}

/// Decodes a stream that arrives in chunks.
fn in_chunks<C: Decoder>(mut codec: C, wire: &[u8], cuts: &[prop::sample::Index]) -> Vec<C::Item>
where
    C::Error: std::fmt::Debug,
{
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len() + 1)).collect();
    cuts.push(wire.len());
    cuts.sort_unstable();
    let (mut src, mut got, mut fed) = (BytesMut::new(), Vec::new(), 0);
    for cut in cuts {
        src.extend_from_slice(&wire[fed..cut]);
        fed = cut;
        while let Some(item) = codec.decode(&mut src).unwrap() {
            got.push(item);
        }
    }
    got
}

/// Lines that are likely to combine in odd ways.
fn arb_lines() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("HANGUP\n".to_owned()),
        Just("HANGUP".to_owned()),
        Just("200 result=1 (open\n".to_owned()),
        Just("closed)\n".to_owned()),
        Just("520-Usage\n".to_owned()),
        Just("520 End of proper usage.\n".to_owned()),
        Just("100 result=0 Trying...\n".to_owned()),
        Just("\n".to_owned()),
        "200 result=[0-9-]{0,2}( \\([a-z()\\n ]{0,8}\\))?( [a-z]=[0-9])?\r?\n",
        "[ -~]{0,12}\n?",
    ];
    vec(line, 0..12).prop_map(|lines| lines.concat().into_bytes())
}

proptest! {
    #[test]
    fn chunking_makes_no_difference(
        wire in arb_lines(),
        cuts in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        prop_assert_eq!(
            in_chunks(MessageCodec::default(), &wire, &cuts),
            in_chunks(MessageCodec::default(), &wire, &[])
        );
        prop_assert_eq!(
            in_chunks(EnvironmentCodec::default(), &wire, &cuts),
            in_chunks(EnvironmentCodec::default(), &wire, &[])
        );
    }

    #[test]
    fn garbage_never_panics(
        bytes in prop_oneof![vec(any::<u8>(), 0..2000), arb_lines()],
        more in vec(any::<u8>(), 0..200),
    ) {
        let _ = environments(&bytes);
        let mut codec = MessageCodec::default();
        let mut src = BytesMut::from(&bytes[..]);
        while let Ok(Some(_)) = codec.decode(&mut src) {}
        codec.discard(&mut src);
        src.extend_from_slice(&more);
        while let Ok(Some(message)) = codec.decode(&mut src) {
            if let Message::Reply(mut lines) = message {
                quirk::take_rest_of_value(&mut lines, &mut src);
                let _ = crate::Reply::parse(&lines);
            }
        }
        let _ = crate::Request::parse(&bytes);
    }

    #[test]
    fn stale_data_never_becomes_a_reply(stale in arb_lines(), half in "[ -~]{0,9}") {
        let mut codec = MessageCodec::default();
        let mut src = BytesMut::from(&[&stale[..], half.as_bytes()].concat()[..]);
        codec.discard(&mut src);
        src.extend_from_slice(b"\n200 result=0\n");
        let replies: Vec<Message> = std::iter::from_fn(|| codec.decode(&mut src).unwrap())
            .filter(|message| *message != Message::Hangup)
            .collect();
        prop_assert_eq!(replies, [Message::Reply("200 result=0\n".into())]);
    }
}
