//! `handsetd rules`: dry runs, and what the rules of the running daemon decided.

mod events;
mod show;
mod summary;
mod test;

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Test and watch rules
#[derive(Args, Debug)]
pub(super) struct Rules {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Test(test::Test),
}

impl Rules {
    /// Runs the subcommand.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Test(test) => test.run(out),
        }
    }
}

#[cfg(test)]
mod tests;
