//! The end of a walk before its time: signals, and an output that is no longer read.

use std::io::{self, Write};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end a walk: Ctrl-C, `kill`, and the end of the terminal.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// From now on, these signals do not end the process.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => (),
            _ = self.terminate.recv() => (),
            _ = self.hang_up.recv() => (),
        }
    }
}

/// Writes what can be written: taking back effects must not end because the output is not read.
#[derive(Debug)]
pub(super) struct BestEffort<'a, W>(pub(super) &'a mut W);

impl<W: Write> Write for BestEffort<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.0.write(bytes).unwrap_or(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}
