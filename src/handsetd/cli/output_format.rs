//! The format of output: text on a terminal, JSON on a pipe.

use std::io::{self, IsTerminal};

/// The format of output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OutputFormat {
    /// JSON, for programs.
    Json,
    /// Tables and sentences, for people.
    Text,
}

impl OutputFormat {
    /// Returns text if standard output is a terminal, otherwise JSON.
    pub(super) fn of_stdout() -> Self {
        if io::stdout().is_terminal() {
            Self::Text
        } else {
            Self::Json
        }
    }
}
