//! What a list holds.

use super::entry::Entry;

/// The phones of a list, and what is to be said about it.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) entries: Vec<Entry>,
    /// What was left out or is missing, each with its line.
    pub(super) notes: Vec<String>,
    pub(super) left_out: usize,
}

impl Listed {
    /// Notes that the phone of a line is left out.
    pub(super) fn leave_out(&mut self, line: u64, reason: &str) {
        self.left_out += 1;
        self.notes.push(format!("line {line}: left out: {reason}"));
    }
}
