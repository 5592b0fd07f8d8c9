//! Where Asterisk, old or new, leaves the straight path of "one command, one line".
//!
//! Every deviation that is tolerated is here and has a test of its own. Provisional replies
//! (`100 result=0 Trying...` before the real one, seen from `GOSUB`) are skipped by
//! [`Channel`](super::Channel), because only it knows that something was asked.
//!
//! # `HANGUP` while a value is open
//!
//! `200 result=1 (first line` … `HANGUP` … `last line)` could be a value of three lines, or a reply
//! that never ends and a hang-up. Asterisk writes a reply in one piece and the hang-up from the same
//! thread, so the line is taken as part of the value. If then no `)` comes, the reply's deadline
//! ends the wait; the hang-up that might have been is counted when the bytes are dropped.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

use bytes::BytesMut;

use super::grammar;
use super::wire::CODE;

/// What Asterisk says when the call hangs up.
pub(super) const HANGUP: &[u8] = b"HANGUP";

/// Returns whether a line says that the call hung up. It comes at any time: before a reply, behind
/// it, and after we closed, when nobody hung up at all.
pub(super) fn is_hangup(line: &[u8]) -> bool {
    line.trim_ascii_end() == HANGUP
}

/// Returns whether a reply is glued to `HANGUP`: 1.6 sent it without an LF.
pub(super) fn is_glued_hangup(line: &[u8]) -> bool {
    line.strip_prefix(HANGUP)
        .is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit))
}

/// Returns whether a line is the last of the usage text that goes with `code`: `520 End of proper
/// usage.`, which 1.4 glued to the text before it.
pub(super) fn ends_usage(line: &[u8], code: [u8; CODE]) -> bool {
    let end = [&code[..], b" End of proper usage."].concat();
    let starts = line
        .strip_prefix(&code)
        .is_some_and(|rest| rest.first() == Some(&b' '));
    starts || line.trim_ascii_end().ends_with(&end)
}

/// Returns whether the first line of a reply opens a value and does not close it.
pub(super) fn opens_value(line: &[u8]) -> bool {
    grammar::value_of(line).is_some_and(|value| !closes_value(value))
}

/// Returns whether a line closes a value: nothing but fields (`endpos=0`) follows a `)`. So a `)`
/// within a value of many lines does not cut it short, unless it ends a line.
pub(super) fn closes_value(line: &[u8]) -> bool {
    grammar::last_closing(line.trim_ascii_end()).is_some()
}

/// Moves to `reply` what belongs to its value although its first lines looked complete, as in
/// `200 result=1 (one (of two)` LF `lines)`.
///
/// Asterisk writes a reply in one piece and we ask one thing at a time, so all that is there up to
/// the last line that closes a value is this reply's. `HANGUP` may follow directly; then that is a
/// hang-up.
pub(super) fn take_rest_of_value(reply: &mut BytesMut, rest: &mut BytesMut) {
    if rest.is_empty() || !grammar::value_of(reply).is_some_and(closes_value) {
        return;
    }
    let mut length = 0_usize;
    let mut read = 0_usize;
    for line in rest.split_inclusive(|&byte| byte == b'\n') {
        if read == 0 && (is_hangup(line) || is_glued_hangup(line)) {
            return;
        }
        read = read.saturating_add(line.len());
        if line.ends_with(b"\n") && closes_value(line) {
            length = read;
        }
    }
    reply.extend_from_slice(&rest.split_to(length));
}

/// Takes the hang-ups out of a usage text. Returns whether there was one.
pub(super) fn take_hangups(reply: &mut BytesMut) -> bool {
    if reply.get(CODE) != Some(&b'-') {
        return false;
    }
    let lines = reply.split_inclusive(|&byte| byte == b'\n');
    let usage: BytesMut = lines
        .filter(|line| !is_hangup(line))
        .flatten()
        .copied()
        .collect();
    let found = usage.len() < reply.len();
    *reply = usage;
    found
}

/// Returns whether an environment that has reached its blank line may still go on.
///
/// Asterisk escapes nothing: a caller's name with two line breaks ends the block early, and what
/// follows looks like replies. Then either something already follows the blank line, or the caller
/// was named and the thread, which comes later, was not.
pub(super) fn may_go_on(block: &[u8], rest: &[u8]) -> bool {
    let named = |name: &[u8]| {
        block
            .split(|&byte| byte == b'\n')
            .any(|line| line.starts_with(name))
    };
    let follows = !rest.is_empty() && !rest.starts_with(HANGUP);
    follows || (named(b"agi_callerid") && !named(b"agi_threadid:"))
}

#[cfg(test)]
mod tests {
    use tokio_util::codec::Decoder;

    use super::*;
    use crate::wire::{Message, MessageCodec};

    /// Cuts and prints: `H` for a hang-up, a reply as it is.
    fn cut(wire: &str) -> Vec<String> {
        let (mut codec, mut src, mut got) = (MessageCodec::default(), wire.into(), Vec::new());
        while let Some(message) = codec.decode(&mut src).unwrap() {
            got.push(match message {
                Message::Hangup => "H".to_owned(),
                Message::Reply(reply) => String::from_utf8_lossy(&reply).into_owned(),
            });
        }
        got
    }

    #[test]
    fn hangup_comes_before_a_reply() {
        assert_eq!(cut("HANGUP\n200 result=0\n"), ["H", "200 result=0\n"]);
    }

    #[test]
    fn hangup_comes_behind_a_reply() {
        assert_eq!(cut("200 result=-1\nHANGUP\n"), ["200 result=-1\n", "H"]);
        assert_eq!(
            cut("200 result=1 (x)\nHANGUP\n"),
            ["200 result=1 (x)\n", "H"]
        );
    }

    #[test]
    fn hangup_is_glued_to_a_reply() {
        assert_eq!(cut("HANGUP200 result=0\n"), ["H", "200 result=0\n"]);
        assert_eq!(
            cut("HANGUP520-Usage\nHANGUP\n520 End of proper usage.\n"),
            ["H", "520-Usage\nHANGUP\n520 End of proper usage.\n"]
        );
    }

    #[test]
    fn hangup_falls_into_a_usage_text() {
        let usage = "520-Wrong\nusage\nHANGUP\nmore\n520 End of proper usage.\n";
        assert_eq!(cut(usage), [usage]);
        let mut reply = usage.into();
        assert!(take_hangups(&mut reply));
        assert_eq!(reply, "520-Wrong\nusage\nmore\n520 End of proper usage.\n");
        assert!(!take_hangups(&mut reply));
        assert!(!take_hangups(&mut "200 result=1 (a\nHANGUP\nb)\n".into()));
    }

    #[test]
    fn hangup_within_an_open_value_belongs_to_it() {
        assert_eq!(
            cut("200 result=1 (a\nHANGUP\nb)\n"),
            ["200 result=1 (a\nHANGUP\nb)\n"]
        );
    }

    #[test]
    fn hangup_is_a_word_of_its_own() {
        assert_eq!(cut("HANGUPS\n HANGUP\nHANGUP\r\n"), ["H"]);
    }

    #[test]
    fn a_usage_text_has_many_lines() {
        let usage = "520-Invalid command syntax.\nUsage: 200 result=1\n520 End of proper usage.\n";
        assert_eq!(
            cut(&format!("{usage}200 result=1\n")),
            [usage, "200 result=1\n"]
        );
    }

    #[test]
    fn a_usage_text_may_end_glued_to_its_last_line() {
        let usage = "520-Invalid.\nAnswers the channel.520 End of proper usage.\n";
        assert_eq!(
            cut(&format!("{usage}200 result=1\n")),
            [usage, "200 result=1\n"]
        );
    }

    #[test]
    fn a_provisional_reply_is_a_reply_of_its_own() {
        assert_eq!(
            cut("100 result=0 Trying...\n200 result=0\n"),
            ["100 result=0 Trying...\n", "200 result=0\n"]
        );
    }

    #[test]
    fn a_value_spans_lines() {
        let reply = "200 result=1 (one\ntwo (of) three\n\n200 result=0\nend) endpos=5\n";
        assert_eq!(cut(reply), [reply]);
    }

    fn rest_of_value(reply: &str, rest: &str) -> (String, String) {
        let (mut reply, mut rest) = (reply.into(), rest.into());
        take_rest_of_value(&mut reply, &mut rest);
        let text = |bytes: &BytesMut| String::from_utf8_lossy(bytes).into_owned();
        (text(&reply), text(&rest))
    }

    #[test]
    fn a_value_goes_on_after_a_line_that_looked_like_its_end() {
        let check = |reply: &str, rest: &str, taken: &str, left: &str| {
            assert_eq!(
                rest_of_value(reply, rest),
                (format!("{reply}{taken}"), left.to_owned())
            );
        };
        check("200 result=1 (one (of two)\n", "lines)\n", "lines)\n", "");
        check("200 result=1 (a)\n", "b)\nHANGUP\n", "b)\n", "HANGUP\n");
        check("200 result=1 (a)\n", "HANGUP\nb)\n", "", "HANGUP\nb)\n");
        check("200 result=1 (a)\n", "b\nc", "", "b\nc");
        check("200 result=1\n", "(b)\n", "", "(b)\n");
        check("200 result=1 (a)\n", "200 result=1\n", "", "200 result=1\n");
    }

    #[test]
    fn an_environment_that_was_cut_short_may_go_on() {
        let honest = b"agi_callerid: 1\nagi_threadid: 7\n\n";
        assert!(!may_go_on(honest, b""));
        assert!(!may_go_on(honest, b"HANGUP\n"));
        assert!(may_go_on(honest, b"200 result=1 (forged)\n"));
        assert!(may_go_on(b"agi_callerid: 1\nagi_calleridname: x\n\n", b""));
        assert!(!may_go_on(b"agi_network_script: push\n\n", b""));
    }
}
