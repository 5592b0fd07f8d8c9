//! The command line: one file per command, and what all of them share.
//!
//! Data goes to standard output, errors go to standard error. Commands return errors; only this
//! module prints them and turns them into exit codes.

mod admin_client;
mod ami;
mod check;
mod complete;
mod conf;
mod config_file;
mod core_dump;
mod daemon_args;
#[cfg(feature = "simulator")]
mod demo;
mod events;
mod exit_code;
mod follow;
mod help;
mod hint;
mod history;
mod local_time;
mod media;
mod output;
mod output_format;
mod phones;
mod prove;
mod reload;
mod rules;
mod run;
mod send;
mod servers;
#[cfg(feature = "simulator")]
mod simulate;
mod status;
mod suggested;
mod table;
mod terminal;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser, Subcommand};
use handset_phones::verb::Verb;

use crate::config::Diagnostics;
use crate::telemetry::TerminalSafe;
use exit_code::{FAILURE, INVALID_ARGUMENTS, INVALID_CONFIGURATION};
use output::Output;

/// Make desk phones act on Asterisk events and calls
#[derive(Debug, Parser)]
#[command(
    name = "handsetd",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = examples()
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Ami(ami::Ami),
    Check(check::Check),
    #[command(hide = true)]
    Complete(complete::Complete),
    Conf(conf::Conf),
    #[cfg(feature = "simulator")]
    Demo(demo::Demo),
    Events(events::Events),
    Help(help::Help),
    History(Box<history::History>),
    Media(media::Media),
    Rules(rules::Rules),
    Phones(phones::Phones),
    Prove(prove::Prove),
    Reload(reload::Reload),
    Run(run::Run),
    Send(send::Send),
    #[cfg(feature = "simulator")]
    Simulate(Box<simulate::Simulate>),
    Status(status::Status),
}

/// Parses the arguments, runs the command and returns the exit code.
///
/// The codes: 0 success, 1 failure, 2 invalid arguments, 78 invalid configuration.
pub fn main() -> ExitCode {
    if let Err(reason) = core_dump::disable() {
        // Not fatal.
        let _ = writeln!(io::stderr(), "handsetd: {reason}");
    }
    let mut out = Output::new();
    let outcome = match Cli::try_parse() {
        Ok(cli) => cli.run(&mut out),
        Err(error) => return refuse(&error),
    };
    outcome.unwrap_or_else(|error| {
        // Who closes the pipe has read enough, such as `head`.
        if !out.is_closed() {
            // If this fails, there is nowhere to report it.
            let _ = report(&error, &mut io::stderr().lock());
        }
        ExitCode::from(code(&error))
    })
}

impl Cli {
    fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Ami(ami) => ami.run(out),
            Command::Check(check) => check.run(out),
            Command::Complete(complete) => Ok(complete.run(&Self::command(), out)),
            Command::Conf(conf) => conf.run(out),
            Command::Media(media) => media.run(out),
            #[cfg(feature = "simulator")]
            Command::Demo(demo) => demo.run(out),
            Command::Events(events) => events.run(out),
            Command::Help(help) => help.run(&mut Self::command(), out),
            Command::History(history) => history.run(out),
            Command::Rules(rules) => rules.run(out),
            Command::Phones(phones) => phones.run(out),
            Command::Prove(prove) => prove.run(out),
            Command::Reload(reload) => reload.run(out),
            Command::Run(run) => run.run(),
            Command::Send(send) => send.run(out),
            #[cfg(feature = "simulator")]
            Command::Simulate(simulate) => simulate.run(out),
            Command::Status(status) => status.run(out),
        }
    }
}

/// Prints what is wrong with the arguments, or the help that they ask for.
fn refuse(error: &clap::Error) -> ExitCode {
    // If this fails, there is nowhere to report it.
    let _ = error.print();
    let unknown = error.get(ContextKind::InvalidSubcommand);
    if let Some(ContextValue::String(name)) = unknown
        && Verb::find(name).is_some()
    {
        let hint = format!(
            "{name} is a verb: handsetd send {name} phone=NAME ...; handsetd help {name} explains it"
        );
        let _ = writeln!(io::stderr(), "\nhint: {hint}");
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Prints each diagnostic of a configuration on its own line, and any other error with its causes
/// and a hint.
fn report(error: &anyhow::Error, out: &mut impl Write) -> io::Result<()> {
    if let Some(diagnostics) = error.downcast_ref::<Diagnostics>() {
        // Diagnostics are escaped already, except for the line breaks of an excerpt.
        return writeln!(out, "{diagnostics}");
    }
    writeln!(out, "handsetd: {}", TerminalSafe(format!("{error:#}")))?;
    match hint::of(error) {
        Some(hint) => writeln!(out, "hint: {hint}"),
        None => Ok(()),
    }
}

fn code(error: &anyhow::Error) -> u8 {
    if error.is::<Diagnostics>() {
        INVALID_CONFIGURATION
    } else if error.is::<help::UnknownTopic>() {
        INVALID_ARGUMENTS
    } else {
        FAILURE
    }
}

/// Returns examples of the commands in this build.
fn examples() -> String {
    let examples = [
        (cfg!(feature = "simulator"), "handsetd demo"),
        (true, "handsetd check && handsetd run"),
        (true, "handsetd status"),
        (true, "handsetd send push phone=1001 'Hello'"),
        (true, "handsetd help push"),
        (
            cfg!(feature = "simulator"),
            "handsetd simulate snom --listen 127.0.21.2:80",
        ),
        (
            true,
            "handsetd media background picture.jpg night.png --model 7970",
        ),
    ];
    let examples = examples.iter().filter(|(is_available, _)| *is_available);
    let lines: Vec<_> = examples.map(|(_, line)| format!("\n  {line}")).collect();
    format!("Examples:{}", lines.concat())
}

#[cfg(test)]
mod guide_tests;
#[cfg(test)]
mod output_tests;
#[cfg(test)]
mod tests;
