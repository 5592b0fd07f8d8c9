//! `handsetd check`: validates the configuration, and asks the servers about its rules; binds nothing.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use handset_ami::{Client, State};
use handset_net::tasks::Tasks;
use tokio::time::Instant;

use super::config_file::ConfigFile;
use crate::config::Config;
use crate::daemon::{read_classes, rule_doubts};
use crate::resolver::PhoneResolver;
use crate::roster::Roster;
use crate::rules::Moment;
use crate::telemetry::TerminalSafe;

/// Validate the configuration
///
/// Read the files and the environment as the daemon does, report every error with file, line and
/// key, then run the tests of the rules. Where a server can be reached, it is asked whether rules wait for
/// events that the account does not read, send actions that it may not, and name phones that do not exist
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
        for doubt in doubts(&config)? {
            writeln!(out, "warning: {}", TerminalSafe(doubt)).context("cannot write the result")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks the servers about the rules; returns what they doubt, and which servers could not be asked.
fn doubts(config: &Config) -> anyhow::Result<Vec<String>> {
    if config.rules.is_empty() {
        return Ok(Vec::new());
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        let (tasks, roster) = (Tasks::new(), Roster::default());
        let mut clients = Vec::new();
        for server in &config.asterisk {
            let (client, driver) = Client::new(server)
                .with_context(|| format!("cannot use [[asterisk]] {}", server.name))?;
            tasks.spawn("ami", driver.run_until(tasks.stop()));
            roster.follow(client.clone(), &tasks);
            clients.push(client);
        }
        roster.settle(Instant::now() + SETTLE_TIMEOUT).await;
        let mut doubts = Vec::new();
        for client in &clients {
            if let State::Lost { reason, .. } | State::Refused { reason, .. } =
                &*client.state().borrow()
            {
                let name = client.name();
                doubts.push(format!(
                    "Asterisk {name} was not asked about the rules: {reason}"
                ));
            }
        }
        let resolver = PhoneResolver::new(
            config.directory.clone(),
            roster.clone(),
            config.vendors.clone(),
        );
        let until = Instant::now() + SETTLE_TIMEOUT;
        let read = read_classes(config, &clients, until).await;
        let found = rule_doubts(config, &clients, &resolver, &read, until).await;
        doubts.extend(found.iter().map(ToString::to_string));
        tasks.shut_down(LOG_OFF_TIMEOUT).await;
        Ok(doubts)
    })
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

/// How long a server may take to log in and to tell its registrations, and then to answer questions.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long logging off may take.
const LOG_OFF_TIMEOUT: Duration = Duration::from_secs(1);

const EXAMPLES: &str = "\
Exit codes: 0 if the configuration is valid, otherwise 78

Examples:
  handsetd check
  handsetd check --config ./handsetd.toml
  HANDSETD__AGI__LISTEN=[::1]:4573 handsetd check";
