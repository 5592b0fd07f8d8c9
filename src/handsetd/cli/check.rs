//! `handsetd check`: validates the configuration; binds and connects to nothing.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::config_file::ConfigFile;
use crate::config::Config;
use crate::rules::Moment;
use crate::telemetry::TerminalSafe;

/// Validate the configuration
///
/// Read the files and the environment as the daemon does, report every error with file, line and
/// key, then run the tests of the rules
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    #[command(flatten)]
    file: ConfigFile,
}

impl Check {
    /// Prints what was read, and warnings; every error of the configuration is returned.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let config = self.file.load()?;
        config.test_rules(Moment::now())?;
        show(&config, out).context("cannot write the result")?;
        Ok(ExitCode::SUCCESS)
    }
}

fn show(config: &Config, out: &mut impl Write) -> io::Result<()> {
    let files: Vec<String> = config
        .files()
        .map(|path| path.display().to_string())
        .collect();
    let read = match files.as_slice() {
        [] => "no files".to_owned(),
        files => files.join(", "),
    };
    let phones = count(config.directory.entries().len(), "phone");
    let tests = config.rules.iter().map(|rule| rule.tests.len()).sum();
    let rules = match (config.rules.len(), tests) {
        (0, _) => String::new(),
        (rules, tests) => format!(", {}, {}", count(rules, "rule"), count(tests, "test")),
    };
    writeln!(
        out,
        "Configuration OK: read {}; {phones}{rules}.",
        TerminalSafe(read)
    )?;
    for warning in config.warnings() {
        writeln!(out, "warning: {}", TerminalSafe(warning))?;
    }
    Ok(())
}

fn count(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

const EXAMPLES: &str = "\
Exit codes: 0 if the configuration is valid, otherwise 78

Examples:
  handsetd check
  handsetd check --config ./handsetd.toml
  HANDSETD__AGI__LISTEN=[::1]:4573 handsetd check";
