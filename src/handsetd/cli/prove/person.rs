//! The person at the phone: answers come as lines of standard input.

use std::io::{self, BufRead, Write};
use std::thread;

use tokio::sync::mpsc;

use crate::telemetry::TerminalSafe;

/// Reads the answers of a person.
#[derive(Debug)]
pub(super) struct Person {
    lines: mpsc::Receiver<String>,
}

/// An answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    Yes,
    No,
    /// Skipped, or the input has ended.
    Skip,
}

impl Person {
    /// Starts reading lines, on a thread of its own, since reading cannot be cancelled.
    pub(super) fn new() -> Self {
        let (sender, lines) = mpsc::channel(1);
        thread::spawn(move || {
            for line in io::stdin().lock().lines() {
                let Ok(line) = line else { return };
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines }
    }

    /// Asks a question until the answer is understood. Cancel safe.
    pub(super) async fn ask(&mut self, question: &str, out: &mut impl Write) -> io::Result<Answer> {
        loop {
            write!(out, "  {} [y/n/s(kip)] ", TerminalSafe(question))?;
            out.flush()?;
            let line = self.lines.recv().await;
            let Some(line) = line else {
                writeln!(out)?;
                return Ok(Answer::Skip);
            };
            match line.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => return Ok(Answer::Yes),
                "n" | "no" => return Ok(Answer::No),
                "s" | "skip" => return Ok(Answer::Skip),
                _ => writeln!(out, "  Please answer y, n or s.")?,
            }
        }
    }
}
