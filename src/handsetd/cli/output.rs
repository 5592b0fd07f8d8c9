//! Standard output of a command, whose reader may leave before the end.

use std::io::{self, ErrorKind, Stdout, Write};

/// Standard output, and whether its reader has closed the pipe.
///
/// The error of a command does not show whether output failed or a connection of its own.
#[derive(Debug)]
pub(super) struct Output {
    stdout: Stdout,
    is_closed: bool,
}

impl Output {
    pub(super) fn new() -> Self {
        Self {
            stdout: io::stdout(),
            is_closed: false,
        }
    }

    /// Returns whether something was not written because nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn noting<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        let is_closed = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
        self.is_closed |= result.as_ref().is_err_and(is_closed);
        result
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stdout.write(bytes);
        self.noting(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stdout.flush();
        self.noting(flushed)
    }
}
