//! The lines that wait to be written, bounded in bytes. No I/O.

use std::collections::VecDeque;

/// Lines in blocks of whole ones, oldest first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    blocks: VecDeque<Vec<u8>>,
    /// The memory of the blocks.
    bytes: usize,
    /// An empty block, so that a burst need not allocate each of its own.
    spare: Option<Vec<u8>>,
    /// How many blocks there were.
    started: u64,
    left_out: Option<LeftOut>,
}

/// Lines that did not fit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct LeftOut {
    pub(super) lines: u64,
    /// There may be warnings or errors among them.
    pub(super) has_problems: bool,
}

/// How much of the queue a line may use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Priority {
    Normal,
    /// A warning or an error, for which some room is kept.
    Problem,
    /// Says how many lines were left out, and always fits.
    Report,
}

impl Queue {
    /// Adds a line; counts it as left out and returns `false` if it does not fit.
    pub(super) fn push(&mut self, line: &[u8], priority: Priority) -> bool {
        let limit = match priority {
            Priority::Normal => MAX_BYTES,
            Priority::Problem => MAX_BYTES + RESERVE,
            Priority::Report => usize::MAX,
        };
        let last = self.blocks.back_mut();
        let room = last.as_ref().map_or(0, |last| last.capacity() - last.len());
        let growth = if line.len() <= room {
            0
        } else {
            line.len().max(BLOCK)
        };
        if self.bytes.saturating_add(growth) > limit {
            let left_out = self.left_out.get_or_insert_default();
            left_out.lines += 1;
            left_out.has_problems |= priority != Priority::Normal;
            return false;
        }
        match last {
            Some(last) if growth == 0 => last.extend_from_slice(line),
            _ => {
                let spare = self.spare.take_if(|_| growth == BLOCK);
                let mut block = spare.unwrap_or_else(|| Vec::with_capacity(growth));
                block.extend_from_slice(line);
                self.bytes += block.capacity();
                self.blocks.push_back(block);
                self.started += 1;
            }
        }
        true
    }

    /// Takes the oldest lines.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        let block = self.blocks.pop_front()?;
        self.bytes -= block.capacity();
        Some(block)
    }

    /// Takes back a block that was written.
    pub(super) fn recycle(&mut self, mut block: Vec<u8>) {
        if block.capacity() == BLOCK {
            block.clear();
            self.spare = Some(block);
        }
    }

    /// Counts the lines of a block that was taken as left out; returns their number.
    pub(super) fn leave_out(&mut self, block: &[u8]) -> u64 {
        let left_out = self.left_out.get_or_insert_default();
        let lines = block.split_inclusive(|byte| *byte == b'\n').count();
        let lines = u64::try_from(lines).unwrap_or(u64::MAX);
        left_out.lines = left_out.lines.saturating_add(lines);
        left_out.has_problems = true;
        lines
    }

    /// Returns the lines that were left out since this was last called; `None` if there are none.
    pub(super) fn take_left_out(&mut self) -> Option<LeftOut> {
        self.left_out.take()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Returns whether the lines should not wait for others any longer.
    pub(super) fn is_long(&self) -> bool {
        self.blocks.len() > LONG
    }

    /// Returns the number of the last block, counted from 1 for the first ever.
    pub(super) fn last(&self) -> u64 {
        self.started
    }
}

/// The size of a block, unless a line is longer: what a pipe takes at once, without mixing it with what other
/// processes write to it (`PIPE_BUF`).
pub(super) const BLOCK: usize = 4096;

/// How many bytes of lines may wait: some 25,000 lines.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// How many bytes of warnings and errors may wait beyond that.
pub(super) const RESERVE: usize = 1024 * 1024;

/// A number of blocks that is far from filling the queue.
const LONG: usize = 64;
