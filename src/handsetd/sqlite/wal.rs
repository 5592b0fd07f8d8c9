//! Reads the write-ahead log of `SQLite`, to find damage that `SQLite` does not report.
//!
//! `SQLite` takes the first invalid frame for the end of the log, as it is after a crash. Damage in
//! the middle thus silently loses all later changes. The format is documented at
//! <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>: a header, then frames of one page
//! each, with checksums that continue from frame to frame. A frame that completes a transaction has
//! the size of the database, others 0.
//!
//! What a crash may leave behind, and is not damage:
//!
//! - an incomplete frame at the end;
//! - frames of an interrupted transaction, without one that completes it;
//! - frames of an earlier generation, whose salts differ, after a log that was restarted;
//! - zeros at the end, where the file system had extended the file but not written it.
//!
//! A full frame that is invalid, with nothing of a later transaction after it, is either damage of
//! the last transaction, or was being written when the power failed. These cannot be distinguished:
//! see [`Log::Doubtful`].

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use handset_net::files::{self, Links};

/// The state of a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Log {
    /// Changes that were durable are lost.
    Damaged(String),
    /// The last transaction is incomplete: it was being written when the power failed, or is damaged.
    Doubtful(String),
    /// All that it says is valid. `is_empty` if it has no complete transaction.
    Whole { is_empty: bool },
}

/// Reads the log at `path`, which must not be written at the same time. A missing file is an empty log. Blocks.
pub(super) fn read(path: &Path) -> io::Result<Log> {
    let file = match files::open(path, Links::Refuse) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Log::Whole { is_empty: true });
        }
        Err(error) => return Err(error),
    };
    let mut reader = BufReader::new(file);
    let mut header = [0; HEADER];
    if !fill(&mut reader, &mut header)? {
        return Ok(Log::Whole { is_empty: true });
    }
    let Some(header) = Header::parse(&header) else {
        return without_header(reader);
    };
    frames(reader, &header)
}

/// Judges a log whose header is invalid.
fn without_header(mut reader: BufReader<File>) -> io::Result<Log> {
    let (mut length, mut has_content) = (0_usize, false);
    let mut buffer = [0; 4096];
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        let bytes = buffer.get(..count).unwrap_or_default();
        has_content |= bytes.iter().any(|byte| *byte != 0);
        length = length.saturating_add(count);
    }
    if !has_content {
        // The header was being written.
        return Ok(Log::Whole { is_empty: true });
    }
    let reason = format!("the header of the log is invalid; {length} bytes of changes are lost");
    Ok(Log::Damaged(reason))
}

fn frames(mut reader: BufReader<File>, header: &Header) -> io::Result<Log> {
    let mut frame = vec![0; FRAME_HEADER.saturating_add(header.page_size)];
    let mut sums = header.sums;
    let (mut valid, mut is_empty) = (0_usize, true);
    let mut rest = None;
    while fill(&mut reader, &mut frame)? {
        if rest.is_none()
            && let Some(next) = header.verify(&frame, sums)
        {
            sums = next;
            valid = valid.saturating_add(1);
            is_empty &= !completes(&frame);
            continue;
        }
        rest.get_or_insert_with(Rest::default).add(&frame, header);
    }
    Ok(match rest {
        Some(rest) => rest.judge(valid, is_empty),
        None => Log::Whole { is_empty },
    })
}

/// The frames from the first invalid one.
#[derive(Debug, Default)]
struct Rest {
    count: usize,
    has_content: bool,
    /// The frames so far are of the previous generation.
    is_stale: bool,
    later: Later,
}

/// What follows the first invalid frame, or is completed by it.
#[derive(Clone, Copy, Debug, Default)]
enum Later {
    #[default]
    Nothing,
    /// The end of one transaction.
    OneEnd,
    /// That, and something of a later transaction.
    Transactions,
}

impl Rest {
    fn add(&mut self, frame: &[u8], header: &Header) {
        let is_stale = header.is_stale(frame);
        self.is_stale = is_stale && (self.is_stale || self.count == 0);
        self.count = self.count.saturating_add(1);
        self.has_content |= frame.iter().any(|byte| *byte != 0);
        if header.is_current(frame) {
            self.later = match (self.later, completes(frame)) {
                (Later::Nothing, false) => Later::Nothing,
                (Later::Nothing, true) => Later::OneEnd,
                (Later::OneEnd | Later::Transactions, _) => Later::Transactions,
            };
        }
    }

    fn judge(self, valid: usize, is_empty: bool) -> Log {
        let Self { count, .. } = self;
        if !self.has_content || self.is_stale {
            return Log::Whole { is_empty };
        }
        let at = valid.saturating_add(1);
        let total = valid.saturating_add(count);
        let reason = format!("frame {at} of {total} of the log is invalid; {count} are lost");
        // The next transaction starts only once the previous one is durable.
        if matches!(self.later, Later::Transactions) {
            Log::Damaged(reason)
        } else {
            Log::Doubtful(reason)
        }
    }
}

/// The header of a log.
#[derive(Debug)]
struct Header {
    page_size: usize,
    salts: [u8; 8],
    /// The checksums of the header, with which those of the frames start.
    sums: (u32, u32),
    is_big_endian: bool,
}

impl Header {
    /// Returns `None` if it is invalid.
    fn parse(bytes: &[u8; HEADER]) -> Option<Self> {
        let is_big_endian = match word(bytes, 0)? {
            0x377f_0682 => false,
            0x377f_0683 => true,
            _ => return None,
        };
        let page_size = usize::try_from(word(bytes, 8)?).ok()?;
        let is_supported = word(bytes, 4)? == VERSION
            && page_size.is_power_of_two()
            && (MIN_PAGE..=MAX_PAGE).contains(&page_size);
        let sums = checksums(bytes.get(..24)?, (0, 0), is_big_endian);
        let is_valid = is_supported && (word(bytes, 24)?, word(bytes, 28)?) == sums;
        is_valid.then_some(Self {
            page_size,
            salts: bytes.get(16..24)?.try_into().ok()?,
            sums,
            is_big_endian,
        })
    }

    /// Returns the checksums of a frame that follows one with `sums`; `None` if it is invalid.
    fn verify(&self, frame: &[u8], sums: (u32, u32)) -> Option<(u32, u32)> {
        let sums = checksums(frame.get(..8)?, sums, self.is_big_endian);
        let sums = checksums(frame.get(FRAME_HEADER..)?, sums, self.is_big_endian);
        let is_valid = self.is_current(frame)
            && word(frame, 0)? != 0
            && (word(frame, 16)?, word(frame, 20)?) == sums;
        is_valid.then_some(sums)
    }

    fn is_current(&self, frame: &[u8]) -> bool {
        frame.get(8..16) == Some(&self.salts[..])
    }

    /// Returns whether a frame is of the previous generation: with each, `SQLite` increments the
    /// first salt and chooses another second one.
    fn is_stale(&self, frame: &[u8]) -> bool {
        let previous = word(&self.salts, 0).map(|salt| salt.wrapping_sub(1));
        word(frame, 8) == previous && word(frame, 12) != word(&self.salts, 4)
    }
}

/// Returns whether a frame completes a transaction.
fn completes(frame: &[u8]) -> bool {
    word(frame, 4).is_some_and(|size| size != 0)
}

/// Continues the checksums over `bytes`, whose length is a multiple of 8.
fn checksums(bytes: &[u8], sums: (u32, u32), is_big_endian: bool) -> (u32, u32) {
    let (mut first, mut second) = sums;
    for pair in bytes.chunks_exact(8) {
        let read = |at| match (word(pair, at), is_big_endian) {
            (Some(word), true) => word,
            (Some(word), false) => word.swap_bytes(),
            (None, _) => 0,
        };
        first = first.wrapping_add(read(0)).wrapping_add(second);
        second = second.wrapping_add(read(4)).wrapping_add(first);
    }
    (first, second)
}

/// Returns the big-endian word at a position.
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// Fills a buffer; returns whether there was enough to read.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Length of the header, in bytes.
const HEADER: usize = 32;

/// Length of the header of a frame, in bytes.
const FRAME_HEADER: usize = 24;

/// Version of the format.
const VERSION: u32 = 3_007_000;

const MIN_PAGE: usize = 512;
const MAX_PAGE: usize = 65_536;

#[cfg(test)]
mod tests;
