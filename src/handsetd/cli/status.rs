//! `handsetd status`: what is wrong with handsetd and its surroundings, and what to do about it.

mod asterisk;
mod daemon;
mod finding;
mod listeners;
mod socket_owner;
mod state_folder;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::admin_client::AdminClient;
use super::daemon_args::DaemonArgs;
use super::output_format::OutputFormat;
use super::terminal::Colors;
use crate::config::{Config, Diagnostic};
use crate::daemon::examine_cluster;
use crate::rules::Moment;
use crate::telemetry::{TerminalSafe, TerminalSafeJson};
use daemon::Answer;
use finding::{Finding, Level};

/// Examine handsetd: the daemon, its configuration, Asterisk, addresses and files; tell what is wrong, and
/// what to do about it
///
/// Works also when the daemon does not run. With --url, only that daemon is asked
#[derive(Args, Debug)]
#[command(after_help = "Exit codes: 0 if nothing is wrong, otherwise 1\n\n\
                  Examples:\n  handsetd status\n  sudo -u handsetd handsetd status\n  \
                  handsetd status | jq -r '.findings[] | select(.level == \"fault\").cure'")]
pub(super) struct Status {
    #[command(flatten)]
    daemon: DaemonArgs,
    /// Print JSON, which is the default on a pipe
    #[arg(long)]
    json: bool,
}

impl Status {
    /// Examines everything, and prints the findings.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let findings = if self.daemon.is_remote() {
            let client = self.daemon.client()?;
            runtime.block_on(daemon::ask(&client)).findings()
        } else {
            runtime.block_on(self.examine())?
        };
        let is_healthy = findings
            .iter()
            .all(|finding| finding.level() != Level::Fault);
        match OutputFormat::wanted(self.json) {
            OutputFormat::Json => {
                let report = json!({"healthy": is_healthy, "findings": findings});
                writeln!(out, "{:#}", TerminalSafeJson(report))
            }
            OutputFormat::Text => show(&findings, Colors::of_stdout(), out),
        }
        .context("cannot write the findings")?;
        Ok(if is_healthy {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Examines this machine; whether the daemon runs comes first, unless the configuration has faults.
    async fn examine(&self) -> anyhow::Result<Vec<Finding>> {
        let config = match self.daemon.file.load() {
            Ok(config) => config,
            Err(diagnostics) => {
                let fault = |error: &Diagnostic| {
                    Finding::fault("configuration", format!("{error}"))
                        .cure("correct it; the daemon does not start, nor reload, with it")
                };
                let mut findings: Vec<_> = diagnostics.iter().map(fault).collect();
                // It may run with what it has read before.
                let (admin, state) = Config::load_admin(&self.daemon.file.sources());
                let client = AdminClient::local(&admin, &state.dir);
                findings.extend(answer(client).await.findings());
                return Ok(findings);
            }
        };
        let answer = answer(AdminClient::new(&config)).await;
        let mut findings = answer.findings();
        findings.extend(configuration(&config));
        findings.extend(listeners::examine(&config, &answer));
        findings.extend(asterisk::examine(&config, &answer).await?);
        if !answer.is_running() {
            findings.extend(cluster(&config).await);
        }
        findings.extend(state_folder::examine(&config.state.dir));
        Ok(findings)
    }
}

/// Asks the NATS servers, which the daemon would do.
async fn cluster(config: &Config) -> Vec<Finding> {
    if config.cluster.is_none() {
        return Vec::new();
    }
    let unusable = examine_cluster(config).await;
    let mut findings: Vec<_> = unusable
        .into_iter()
        .map(|reason| {
            let cure =
                "does that NATS server run, with JetStream, and does [cluster] say how to log in?";
            Finding::fault("cluster", reason).cure(cure)
        })
        .collect();
    if findings.is_empty() {
        findings.push(Finding::good("cluster", "the NATS servers can be used"));
    }
    findings
}

/// Returns what the daemon says, or why it cannot be asked.
async fn answer(client: anyhow::Result<AdminClient>) -> Answer {
    match client {
        Ok(client) => daemon::ask(&client).await,
        Err(error) => Answer::unavailable(format!("{error:#}")),
    }
}

fn configuration(config: &Config) -> Vec<Finding> {
    let files: Vec<String> = config
        .files()
        .map(|path| path.display().to_string())
        .collect();
    let read = match files.as_slice() {
        [] => "no file is there; the defaults are in force".to_owned(),
        files => format!("{} valid", files.join(", ")),
    };
    let mut findings = vec![Finding::good("configuration", read)];
    let warnings = config.warnings().iter();
    findings.extend(warnings.map(|warning| Finding::note("configuration", warning.to_string())));
    if let Err(failed) = config.test_rules(Moment::now()) {
        let failed = failed.iter().map(ToString::to_string);
        findings.extend(failed.map(|test| {
            Finding::fault("configuration", test).cure("correct the rule, or what its test expects")
        }));
    }
    findings
}

/// Writes each finding on a line, and its cure below.
fn show(findings: &[Finding], colors: Colors, out: &mut impl Write) -> io::Result<()> {
    for finding in findings {
        let style = match finding.level() {
            Level::Ok => colors.good(),
            Level::Note => colors.doubtful(),
            Level::Fault => colors.bad(),
        };
        let level = finding.level().word();
        let mut lines = finding.text().lines();
        let first = TerminalSafe(lines.next().unwrap_or_default());
        writeln!(
            out,
            "{style}{level:<5}{style:#} {:<13} {first}",
            finding.area()
        )?;
        // An excerpt of a file.
        for line in lines {
            writeln!(out, "{INDENT}{}", TerminalSafe(line))?;
        }
        if let Some(cure) = finding.cure_text() {
            writeln!(out, "{INDENT}→ {}", TerminalSafe(cure))?;
        }
    }
    Ok(())
}

/// The width of level and area.
const INDENT: &str = "                    ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cures_stand_below_what_they_cure() {
        let findings = [
            Finding::good("daemon", "runs"),
            Finding::fault("asterisk", "pbx\u{1b}: refused").cure("correct the secret"),
        ];
        let mut out = Vec::new();
        show(&findings, Colors::Off, &mut out).unwrap();
        let expected = "ok    daemon        runs\n\
                        fault asterisk      pbx\\u{1b}: refused\n                    → correct the secret\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
