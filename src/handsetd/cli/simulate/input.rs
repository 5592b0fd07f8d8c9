//! Lines of the standard input.

use std::io::{self, BufRead, IsTerminal, Read};
use std::thread;

use tokio::sync::mpsc;

/// Reads the lines of the standard input until it ends; `None` if it must not be read.
///
/// A job in the background would be stopped by its terminal if it read from there. A thread of its own
/// reads, since the runtime would wait for a blocking read when it ends.
pub(super) fn lines() -> Option<mpsc::Receiver<String>> {
    if io::stdin().is_terminal() && !is_in_foreground() {
        return None;
    }
    let (sender, lines) = mpsc::channel(MAX_WAITING);
    let read = move || {
        let mut input = io::stdin().lock();
        while let Some(line) = next(&mut input) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("standard input".to_owned())
        .spawn(read)
        .ok()
        .map(|_| lines)
}

/// Returns the next line, or a part of one that is too long; `None` at the end or on failure.
fn next(input: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    let read = input.take(MAX_LINE).read_until(b'\n', &mut line).ok()?;
    (read > 0).then(|| String::from_utf8_lossy(&line).into_owned())
}

fn is_in_foreground() -> bool {
    let group = rustix::termios::tcgetpgrp(io::stdin());
    group.is_ok_and(|group| group == rustix::process::getpgrp())
}

/// The longest line, in bytes: URLs are shorter on any phone.
const MAX_LINE: u64 = 4096;

/// How many lines may wait while the phone fetches what an earlier one led to.
const MAX_WAITING: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_need_not_be_text() {
        let long = "x".repeat(5000);
        let bytes = [b"open a\nfill b=\xff\n", long.as_bytes()].concat();
        let mut input = bytes.as_slice();
        assert_eq!(next(&mut input).unwrap(), "open a\n");
        assert_eq!(next(&mut input).unwrap(), "fill b=\u{fffd}\n");
        assert_eq!(next(&mut input).unwrap().len(), 4096);
        assert_eq!(next(&mut input).unwrap().len(), 5000 - 4096);
        assert_eq!(next(&mut input), None);
    }
}
