//! Deviations of Asterisk, old or new, from "one command, one line of reply".
//!
//! Every tolerated deviation is here and has a test. Provisional replies (`100 result=0 Trying...`
//! before the final one, sent by `GOSUB`) are skipped by [`Channel`](super::Channel), because only it
//! knows that a command is pending.
//!
//! # `HANGUP` within a value
//!
//! `200 result=1 (first line` … `HANGUP` … `last line)` may be a value of three lines, or an endless
//! reply and a hang-up. Asterisk writes a reply at once, and the hang-up from the same thread, so the
//! line counts as part of the value. If no `)` follows, the reply times out, and the possible hang-up
//! is recorded when the bytes are discarded.

use std::sync::LazyLock;

use bytes::BytesMut;
use memchr::memmem::Finder;

use super::grammar::{self, CODE};

/// The line that reports a hang-up.
pub(super) const HANGUP: &[u8] = b"HANGUP";

/// Returns whether a line reports a hang-up. It may arrive at any time: before or after a reply, and
/// after the server closed the connection, although the call continues.
pub(super) fn is_hangup(line: &[u8]) -> bool {
    line.trim_ascii_end() == HANGUP
}

/// Returns whether `HANGUP` is directly followed by a reply: Asterisk 1.6 sent it without LF.
pub(super) fn is_glued_hangup(line: &[u8]) -> bool {
    line.strip_prefix(HANGUP)
        .is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit))
}

/// Returns whether a line is the last one of the usage text of `code`: `520 End of proper usage.`,
/// which Asterisk 1.4 appended to the text before it.
pub(super) fn ends_usage(line: &[u8], code: [u8; CODE]) -> bool {
    let end = [&code[..], b" End of proper usage."].concat();
    let starts = line
        .strip_prefix(&code)
        .is_some_and(|rest| rest.first() == Some(&b' '));
    starts || line.trim_ascii_end().ends_with(&end)
}

/// Returns whether the first line of a reply opens a value without closing it.
pub(super) fn opens_value(line: &[u8]) -> bool {
    grammar::value_of(line).is_some_and(|value| !closes_value(value))
}

/// Returns whether a line closes a value: only fields (`endpos=0`) follow a `)`. So a `)` within a
/// value of several lines does not end it, except at the end of a line.
pub(super) fn closes_value(line: &[u8]) -> bool {
    grammar::last_closing(line.trim_ascii_end()).is_some()
}

/// Moves further lines from `rest` to `reply` whose value seemed complete, as in
/// `200 result=1 (one (of two)` LF `lines)`.
///
/// Asterisk writes a reply at once, and only one command is pending, so everything up to the last line
/// that closes a value belongs to this reply. A `HANGUP` directly after it is a hang-up.
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

/// Removes hang-ups from a usage text. Returns whether there was one.
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

/// Returns whether an environment may continue after its blank line.
///
/// Asterisk escapes nothing: a caller name with two line breaks ends the block early, and the rest
/// looks like replies. Then either data already follows the blank line, or the caller is present and
/// the thread, which comes later, is not.
pub(super) fn may_continue(block: &[u8], rest: &[u8]) -> bool {
    let contains = |name: &Finder<'_>| {
        let starts_line = |at: usize| {
            at.checked_sub(1)
                .is_none_or(|end| block.get(end) == Some(&b'\n'))
        };
        name.find_iter(block).any(starts_line)
    };
    let follows = !rest.is_empty() && !rest.starts_with(HANGUP);
    follows || (!contains(&THREAD) && contains(&CALLER))
}

static THREAD: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("agi_threadid:"));
static CALLER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("agi_callerid"));

#[cfg(test)]
mod tests {
    use tokio_util::codec::Decoder;

    use super::*;
    use crate::wire::{Message, MessageCodec};

    /// Frames `wire`: `H` for a hang-up, the text of a reply.
    fn frames(wire: &str) -> Vec<String> {
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
        assert_eq!(frames("HANGUP\n200 result=0\n"), ["H", "200 result=0\n"]);
    }

    #[test]
    fn hangup_comes_behind_a_reply() {
        assert_eq!(frames("200 result=-1\nHANGUP\n"), ["200 result=-1\n", "H"]);
        assert_eq!(
            frames("200 result=1 (x)\nHANGUP\n"),
            ["200 result=1 (x)\n", "H"]
        );
    }

    #[test]
    fn hangup_is_glued_to_a_reply() {
        assert_eq!(frames("HANGUP200 result=0\n"), ["H", "200 result=0\n"]);
        assert_eq!(
            frames("HANGUP520-Usage\nHANGUP\n520 End of proper usage.\n"),
            ["H", "520-Usage\nHANGUP\n520 End of proper usage.\n"]
        );
    }

    #[test]
    fn hangup_falls_into_a_usage_text() {
        let usage = "520-Wrong\nusage\nHANGUP\nmore\n520 End of proper usage.\n";
        assert_eq!(frames(usage), [usage]);
        let mut reply = usage.into();
        assert!(take_hangups(&mut reply));
        assert_eq!(reply, "520-Wrong\nusage\nmore\n520 End of proper usage.\n");
        assert!(!take_hangups(&mut reply));
        assert!(!take_hangups(&mut "200 result=1 (a\nHANGUP\nb)\n".into()));
    }

    #[test]
    fn hangup_within_an_open_value_is_part_of_it() {
        assert_eq!(
            frames("200 result=1 (a\nHANGUP\nb)\n"),
            ["200 result=1 (a\nHANGUP\nb)\n"]
        );
    }

    #[test]
    fn hangup_is_a_separate_word() {
        assert_eq!(frames("HANGUPS\n HANGUP\nHANGUP\r\n"), ["H"]);
    }

    #[test]
    fn usage_text_has_several_lines() {
        let usage = "520-Invalid command syntax.\nUsage: 200 result=1\n520 End of proper usage.\n";
        assert_eq!(
            frames(&format!("{usage}200 result=1\n")),
            [usage, "200 result=1\n"]
        );
    }

    #[test]
    fn usage_text_may_end_on_its_last_line() {
        let usage = "520-Invalid.\nAnswers the channel.520 End of proper usage.\n";
        assert_eq!(
            frames(&format!("{usage}200 result=1\n")),
            [usage, "200 result=1\n"]
        );
    }

    #[test]
    fn provisional_reply_is_separate() {
        assert_eq!(
            frames("100 result=0 Trying...\n200 result=0\n"),
            ["100 result=0 Trying...\n", "200 result=0\n"]
        );
    }

    #[test]
    fn value_may_span_lines() {
        let reply = "200 result=1 (one\ntwo (of) three\n\n200 result=0\nend) endpos=5\n";
        assert_eq!(frames(reply), [reply]);
    }

    fn rest_of_value(reply: &str, rest: &str) -> (String, String) {
        let (mut reply, mut rest) = (reply.into(), rest.into());
        take_rest_of_value(&mut reply, &mut rest);
        let text = |bytes: &BytesMut| String::from_utf8_lossy(bytes).into_owned();
        (text(&reply), text(&rest))
    }

    #[test]
    fn value_continues_after_a_line_that_seemed_to_end_it() {
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
    fn environment_with_a_forged_blank_line_may_continue() {
        let honest = b"agi_callerid: 1\nagi_threadid: 7\n\n";
        assert!(!may_continue(honest, b""));
        assert!(!may_continue(honest, b"HANGUP\n"));
        assert!(may_continue(honest, b"200 result=1 (forged)\n"));
        assert!(may_continue(
            b"agi_callerid: 1\nagi_calleridname: x\n\n",
            b""
        ));
        assert!(!may_continue(b"agi_network_script: push\n\n", b""));
    }
}
