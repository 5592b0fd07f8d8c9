//! `handsetd check`: validates the configuration, and asks the servers about its rules; binds nothing.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use handset_ami::State;
use handset_net::tasks::Tasks;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::config_file::ConfigFile;
use super::exit_code::INVALID_CONFIGURATION;
use super::servers::{LOG_OFF_TIMEOUT, connect};
use crate::config::{Config, Diagnostics};
use crate::daemon::{examine_cluster, examine_rules};
use crate::roster::Roster;
use crate::rules::Moment;
use crate::telemetry::{TerminalSafe, TerminalSafeJson};

/// Validate the configuration
///
/// Read the files and the environment as the daemon does, report every error with file, line and
/// key, then run the tests of the rules. Where a server can be reached, it is asked whether rules wait for
/// events that the account does not read, send actions that it may not, and name phones that do not exist. The
/// NATS servers of [cluster] are asked whether they can be used
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON, also of errors
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Prints what was read, and warnings; every error of the configuration is returned.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let checked = self.check();
        if !self.json {
            let (config, doubts) = checked?;
            show(&config, &doubts, out).context("cannot write the result")?;
            return Ok(ExitCode::SUCCESS);
        }
        let (report, code) = match checked {
            Ok((config, doubts)) => (to_json(&config, &doubts), ExitCode::SUCCESS),
            Err(error) => {
                let diagnostics = error.downcast::<Diagnostics>()?;
                let errors = diagnostics.iter().map(ToString::to_string);
                let report = json!({"valid": false, "errors": errors.collect::<Vec<_>>()});
                (report, ExitCode::from(INVALID_CONFIGURATION))
            }
        };
        writeln!(out, "{:#}", TerminalSafeJson(report)).context("cannot write the result")?;
        Ok(code)
    }

    /// Returns the configuration, and what the servers doubt.
    fn check(&self) -> anyhow::Result<(Config, Vec<String>)> {
        let config = self.file.load()?;
        config.test_rules(Moment::now())?;
        let doubts = doubts(&config)?;
        Ok((config, doubts))
    }
}

/// Asks the servers about the rules, and NATS whether it is of use; returns what they doubt, and which servers
/// could not be asked.
fn doubts(config: &Config) -> anyhow::Result<Vec<String>> {
    let has_names = !config.rules.is_empty() || !config.directory.unlisted_members().is_empty();
    if !has_names && config.cluster.is_none() {
        return Ok(Vec::new());
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        let unusable = examine_cluster(config).await;
        let mut doubts: Vec<String> = unusable
            .iter()
            .map(|reason| format!("[cluster] nats: {reason}"))
            .collect();
        if !has_names {
            return Ok(doubts);
        }
        let (tasks, roster) = (Tasks::new(), Roster::default());
        let clients = connect(config, &roster, &tasks)?;
        roster.settle(Instant::now() + SETTLE_TIMEOUT).await;
        for client in &clients {
            if let State::Lost { reason, .. } | State::Refused { reason, .. } =
                &*client.state().borrow()
            {
                let name = client.name();
                doubts.push(format!(
                    "Asterisk {name} was not asked about rules and groups: {reason}"
                ));
            }
        }
        let until = Instant::now() + SETTLE_TIMEOUT;
        let found = examine_rules(config, &clients, &roster, until).await;
        doubts.extend(found.iter().map(ToString::to_string));
        tasks.shut_down(LOG_OFF_TIMEOUT).await;
        Ok(doubts)
    })
}

fn show(config: &Config, doubts: &[String], out: &mut impl Write) -> io::Result<()> {
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
    for doubt in doubts {
        writeln!(out, "warning: {}", TerminalSafe(doubt))?;
    }
    Ok(())
}

fn to_json(config: &Config, doubts: &[String]) -> Value {
    let files = config.files().map(|path| path.display().to_string());
    let warnings = config.warnings().iter().map(ToString::to_string);
    let tests: usize = config.rules.iter().map(|rule| rule.tests.len()).sum();
    json!({
        "valid": true,
        "files": files.collect::<Vec<_>>(),
        "phones": config.directory.entries().len(),
        "rules": config.rules.len(),
        "tests": tests,
        "warnings": warnings.chain(doubts.iter().cloned()).collect::<Vec<_>>(),
    })
}

fn count(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

/// How long a server may take to log in and to report its registrations, and then to answer questions.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(5);

const EXAMPLES: &str = "\
Exit codes: 0 if the configuration is valid, otherwise 78

Examples:
  handsetd check
  handsetd check --config ./handsetd.toml
  HANDSETD__AGI__LISTEN=[::1]:4573 handsetd check";
