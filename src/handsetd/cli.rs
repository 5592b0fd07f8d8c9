//! The command line: one file for each command, and what all of them share.
//!
//! Data goes to the standard output; what is wrong goes to the standard error output. Commands
//! return errors, and only here they are shown and become exit codes.

mod admin_client;
mod ami;
mod check;
#[cfg(feature = "simulator")]
mod demo;
mod dump;
mod hint;
mod media;
mod output_format;
mod phones;
mod rules;
mod run;
mod send;
#[cfg(feature = "simulator")]
mod simulate;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Diagnostics, Sources};
use crate::telemetry::TerminalSafe;

/// Make desk phones act when Asterisk says so
#[derive(Debug, Parser)]
#[command(name = "handsetd", version, arg_required_else_help = true, after_help = examples())]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Ami(ami::Ami),
    Check(check::Check),
    #[cfg(feature = "simulator")]
    Demo(demo::Demo),
    Media(media::Media),
    Rules(rules::Rules),
    Phones(phones::Phones),
    Run(run::Run),
    Send(send::Send),
    #[cfg(feature = "simulator")]
    Simulate(Box<simulate::Simulate>),
}

/// Reads the arguments, does what they say, and returns how it went.
///
/// The codes: 0 fine, 1 failed, 2 wrong arguments, 78 bad configuration. Wrong arguments and
/// requests for help end the process here.
pub fn main() -> ExitCode {
    if let Err(why) = dump::forbid() {
        // This is no reason not to begin.
        let _ = writeln!(io::stderr(), "handsetd: {why}");
    }
    let outcome = Cli::parse().run(&mut io::stdout());
    outcome.unwrap_or_else(|error| {
        // If this fails, there is nowhere to report it.
        let _ = report(&error, &mut io::stderr().lock());
        ExitCode::from(code(&error))
    })
}

impl Cli {
    fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Ami(ami) => ami.run(out),
            Command::Check(check) => check.run(out),
            Command::Media(media) => media.run(out),
            #[cfg(feature = "simulator")]
            Command::Demo(demo) => demo.run(out),
            Command::Rules(rules) => rules.run(out),
            Command::Phones(phones) => phones.run(out),
            Command::Run(run) => run.run(),
            Command::Send(send) => send.run(out),
            #[cfg(feature = "simulator")]
            Command::Simulate(simulate) => simulate.run(out),
        }
    }
}

/// The configuration that a command uses.
#[derive(Args, Debug)]
pub struct ConfigFile {
    /// Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigFile {
    /// Reads the configuration.
    pub fn load(&self) -> Result<Config, Diagnostics> {
        Config::load(&Sources::of_process(self.config.as_deref()))
    }
}

/// Prints each fault of a configuration on its own line, and any other error with its causes and a
/// hint.
fn report(error: &anyhow::Error, out: &mut impl Write) -> io::Result<()> {
    if let Some(faults) = error.downcast_ref::<Diagnostics>() {
        // Diagnostics escape themselves, and keep the line breaks of an excerpt.
        return writeln!(out, "{faults}");
    }
    writeln!(out, "handsetd: {}", TerminalSafe(format!("{error:#}")))?;
    match hint::of(error) {
        Some(hint) => writeln!(out, "hint: {hint}"),
        None => Ok(()),
    }
}

fn code(error: &anyhow::Error) -> u8 {
    if error.is::<Diagnostics>() {
        BAD_CONFIGURATION
    } else {
        FAILURE
    }
}

const FAILURE: u8 = 1;

/// The exit code for a bad configuration, which is `EX_CONFIG` of sysexits.
const BAD_CONFIGURATION: u8 = 78;

/// Returns examples of the commands that this build has.
fn examples() -> String {
    let examples = [
        (cfg!(feature = "simulator"), "handsetd demo"),
        (true, "handsetd check && handsetd run"),
        (true, "handsetd send push phone=1001 'Hello'"),
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
mod tests;
