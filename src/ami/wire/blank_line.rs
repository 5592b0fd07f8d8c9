//! The blank line that ends an ordinary packet.

use memchr::memchr_iter;

/// Returns how long `text` is before its first blank line, and including it. A blank line is LF or CR LF
/// behind an LF.
///
/// Looks at a window of bytes at once, which is faster than to find the end of each line.
pub(super) fn blank_line(text: &[u8]) -> Option<(usize, usize)> {
    let mut start = 0_usize;
    while let Some(window) = text.get(start..).and_then(<[u8]>::first_chunk) {
        if has_blank_line(window) {
            break;
        }
        start = start.saturating_add(STEP);
    }
    let rest = text.get(start..)?;
    memchr_iter(b'\n', rest).find_map(|feed| {
        let before = feed.saturating_add(1);
        let length = match rest.get(before..)? {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return None,
        };
        let before = start.saturating_add(before);
        Some((before, before.saturating_add(length)))
    })
}

/// Returns whether a blank line follows one of the first [`STEP`] bytes.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches, the loop becomes vector instructions"
)]
fn has_blank_line(window: &[u8; WINDOW]) -> bool {
    let [_, second @ ..] = window;
    let [_, _, third @ ..] = window;
    let following = second.iter().zip(third);
    let found = |found, (&byte, (&next, &last)): (&u8, (&u8, &u8))| {
        found | ((byte == b'\n') & ((next == b'\n') | ((next == b'\r') & (last == b'\n'))))
    };
    window.iter().zip(following).fold(false, found)
}

/// How many bytes are looked at together.
const STEP: usize = 64;

/// A blank line ends up to two bytes behind the line feed before it.
const WINDOW: usize = STEP + 2;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, byte by byte.
    fn expected(text: &[u8]) -> Option<(usize, usize)> {
        (1..=text.len()).find_map(|at| {
            let (before, rest) = text.split_at(at);
            let blank = [&b"\n"[..], b"\r\n"];
            let blank = blank.into_iter().find(|blank| rest.starts_with(blank))?;
            before.ends_with(b"\n").then_some((at, at + blank.len()))
        })
    }

    proptest! {
        #[test]
        fn blank_line_is_found_wherever_it_is(
            text in prop::collection::vec(prop::sample::select(&b"\r\n"[..]), 0..6),
            before in 0..200_usize,
            after in 0..200_usize,
        ) {
            let text = [vec![b'a'; before], text, vec![b'b'; after]].concat();
            prop_assert_eq!(blank_line(&text), expected(&text));
        }
    }
}
