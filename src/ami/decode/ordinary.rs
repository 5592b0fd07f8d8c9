//! Ordinary events, from the wire to JSON in one pass.
//!
//! Nearly every packet is an event of which each line is `Name: value`, ends with CR LF, and needs no change in
//! JSON. All others are left to [`Framer`](crate::wire::Framer) and [`json`](super::json), which produce the same for
//! these, more slowly.

use crate::wire::header_at;

use super::json::needs_escape;

/// Appends the event at the front of `bytes`, which is at this offset of the stream, as one line. Returns its
/// length with the blank line behind it; `None` if it is not ordinary, or may not be complete.
pub(super) fn write(bytes: &[u8], offset: u64, output: &mut Vec<u8>) -> Option<usize> {
    if !bytes.starts_with(b"Event:") {
        return None;
    }
    let start = output.len();
    let length = headers(bytes, output);
    if length.is_none() {
        output.truncate(start);
        return None;
    }
    output.extend_from_slice(b"\"]],\"offset\":");
    output.extend_from_slice(itoa::Buffer::new().format(offset).as_bytes());
    output.extend_from_slice(b"}\n");
    length
}

/// Appends the beginning of the line, up to the last value, and returns the length of the event.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches, a mask becomes vector instructions"
)]
fn headers(bytes: &[u8], output: &mut Vec<u8>) -> Option<usize> {
    let mut separator = &b"{\"type\":\"event\",\"headers\":[[\""[..];
    // Of the current line.
    let (mut start, mut colon) = (0, None);
    // Characters to be escaped, of which two end each line.
    let (mut specials, mut line_ends) = (0, 0_u32);
    let (windows, _) = bytes.get(..MAX_LENGTH).unwrap_or(bytes).as_chunks();
    for (window, from) in windows.iter().zip((0_usize..).step_by(WINDOW)) {
        let special = mask(window, needs_escape);
        let mut marks = mask(window, |byte| (byte == b'\n') | (byte == b':'));
        while marks != 0 {
            let at = from.saturating_add(marks.trailing_zeros() as usize);
            let up_to_here = marks ^ marks.wrapping_sub(1);
            marks &= !up_to_here;
            if bytes.get(at) == Some(&b':') {
                colon.get_or_insert(at);
                continue;
            }
            let line = bytes.get(start..at)?.strip_suffix(b"\r")?;
            line_ends = line_ends.saturating_add(2);
            if line.is_empty() {
                let specials = (special & up_to_here).count_ones().saturating_add(specials);
                let length = at.saturating_add(1);
                let is_plain = specials == line_ends && str::from_utf8(bytes.get(..at)?).is_ok();
                return is_plain.then_some(length);
            }
            let (name, value) = header_at(line, colon.take()?.saturating_sub(start))?;
            start = at.saturating_add(1);
            output.extend_from_slice(separator);
            output.extend_from_slice(name);
            output.extend_from_slice(b"\",\"");
            output.extend_from_slice(value);
            separator = b"\"],[\"";
        }
        specials = special.count_ones().saturating_add(specials);
    }
    None
}

/// Returns a bit for each byte of the window for which `is_set`, the first one lowest.
fn mask(window: &[u8; WINDOW], is_set: impl Fn(u8) -> bool) -> u64 {
    let flags = window.map(|byte| u8::from(is_set(byte)));
    let (words, _) = flags.as_chunks();
    let bytes = words.iter().map(|word| {
        // The product has the lowest bit of each byte in its highest byte.
        u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56
    });
    bytes.rev().fold(0, |all, byte| (all << 8) | byte)
}

/// How many bytes are looked at together.
const WINDOW: usize = 64;

/// The longest event that is looked for, in bytes; it is within all limits.
const MAX_LENGTH: usize = 64 * 1024;
