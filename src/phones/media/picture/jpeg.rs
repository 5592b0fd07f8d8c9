//! Finds the end of a JPEG file, since the decoder fills what is missing with grey.

/// Returns whether the file ends before its end-of-image marker.
pub(super) fn is_cut_off(source: &[u8]) -> bool {
    let mut rest = source.get(2..).unwrap_or_default();
    loop {
        // Markers may be preceded by any number of fill bytes; between segments is nothing else, but
        // scans consist of other bytes.
        let Some(at) = memchr::memchr(MARK, rest) else {
            return true;
        };
        let Some((&code, after)) = rest.get(at + 1..).and_then(<[u8]>::split_first) else {
            return true;
        };
        rest = match code {
            END => return false,
            // Fill bytes; the mark itself as a byte of a scan; markers without content.
            MARK => rest.get(at + 1..).unwrap_or_default(),
            STUFFED | TEMPORARY | RESTART_FIRST..=START => after,
            _ => {
                let length = after
                    .first_chunk()
                    .map(|length| u16::from_be_bytes(*length));
                let Some(next) = length.and_then(|length| after.get(usize::from(length)..)) else {
                    return true;
                };
                next
            }
        };
    }
}

const MARK: u8 = 0xFF;
const STUFFED: u8 = 0x00;
const TEMPORARY: u8 = 0x01;
const RESTART_FIRST: u8 = 0xD0;
/// The start-of-image marker, after the last of the restart markers.
const START: u8 = 0xD8;
/// The end-of-image marker.
const END: u8 = 0xD9;
