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
    /// Returns JSON if `--json` was given, and otherwise what suits standard output.
    pub(super) fn wanted(json: bool) -> Self {
        if json { Self::Json } else { Self::of_stdout() }
    }

    /// Returns text if standard output is a terminal, otherwise JSON.
    pub(super) fn of_stdout() -> Self {
        if io::stdout().is_terminal() {
            Self::Text
        } else {
            Self::Json
        }
    }
}
