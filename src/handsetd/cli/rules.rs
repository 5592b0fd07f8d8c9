//! `handsetd rules`: dry runs, and what the rules of the running daemon decided.

mod decision;
mod events;
mod list;
mod show;
mod summary;
mod test;
mod trace;
mod watch;

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Test the configured rules, and show what the running daemon's rules did
#[derive(Args, Debug)]
pub(super) struct Rules {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Test(test::Test),
    Trace(trace::Trace),
    Watch(watch::Watch),
}

impl Rules {
    /// Runs the subcommand.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::List(list) => list.run(out),
            Command::Test(test) => test.run(out),
            Command::Trace(trace) => trace.run(out),
            Command::Watch(watch) => watch.run(out),
        }
    }
}

#[cfg(test)]
mod documentation_tests;
#[cfg(test)]
mod tests;
