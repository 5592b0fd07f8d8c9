//! What output looks like: for people at a terminal, for programs on a pipe.

use std::io::{self, IsTerminal};

/// For whom something is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OutputFormat {
    /// People: tables and sentences.
    People,
    /// Programs: JSON.
    Programs,
}

impl OutputFormat {
    /// Returns the form that fits the standard output.
    pub(super) fn of_stdout() -> Self {
        if io::stdout().is_terminal() {
            Self::People
        } else {
            Self::Programs
        }
    }
}
