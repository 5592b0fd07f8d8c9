//! `handsetd phones`: lists phones with vendor, model and address, and how these were determined.
//!
//! The command queries the configured Asterisk servers itself, so it does not depend on a running
//! daemon, which only adds the CSTA sessions; with `--url`, that daemon is asked, and with `[cluster]` the
//! running one, which has the phones of all daemons.

mod import;
mod sessions;
mod why;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use handset_net::tasks::Tasks;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::admin_client::AdminClient;
use super::daemon_args::DaemonArgs;
use super::output_format::OutputFormat;
use super::servers::{LOAD_TIMEOUT, LOG_OFF_TIMEOUT, connect};
use super::table::Table;
use crate::config::Config;
use crate::resolver::PhoneResolver;
use crate::roster::Roster;
use crate::telemetry::{TerminalSafe, TerminalSafeJson};
use sessions::ShownSessions;

/// List configured and registered phones
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  handsetd phones\n  handsetd phones | jq '.[].address'\n  handsetd phones --why 1001\n  handsetd phones import phones.csv"
)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Phones {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    daemon: DaemonArgs,
    /// Print JSON, which is the default on a pipe
    #[arg(long)]
    json: bool,
    /// Probe each transport to a phone, and report the results and what to change
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    why: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Import(import::Import),
}

impl Phones {
    /// Runs the command.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        if let Some(Command::Import(import)) = &self.command {
            return import.run(out);
        }
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let format = OutputFormat::wanted(self.json);
        if self.daemon.is_remote() {
            let client = self.daemon.client()?;
            let rows = runtime.block_on(client.get_list("/api/v1/phones"))?;
            write(&json!(rows), format, out).context("cannot write the phones")?;
            return Ok(ExitCode::SUCCESS);
        }
        let config = self.daemon.file.load()?;
        if let Some(names) = &self.why {
            let reports = runtime.block_on(why::probe(&config, names))?;
            match format {
                OutputFormat::Json => {
                    let json = serde_json::to_string_pretty(&reports);
                    let json = json.context("cannot write JSON")?;
                    writeln!(out, "{}", TerminalSafeJson(json))
                }
                OutputFormat::Text => why::show(&reports, out),
            }
            .context("cannot write the results")?;
            return Ok(if reports.iter().all(why::PhoneReport::is_reachable) {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        if config.cluster.is_some()
            && let Ok(client) = AdminClient::new(&config)
            && let Ok(rows) = runtime.block_on(client.get_list("/api/v1/phones"))
        {
            // The daemon has those of all daemons; without it, there are those of this one.
            write(&json!(rows), format, out).context("cannot write the phones")?;
            return Ok(ExitCode::SUCCESS);
        }
        let (rows, unavailable) = runtime.block_on(list(&config))?;
        write(&rows, format, out).context("cannot write the phones")?;
        for server in &unavailable {
            writeln!(io::stderr(), "handsetd: {}", TerminalSafe(server))?;
        }
        Ok(if unavailable.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Returns the phones of all servers, and why some servers are unavailable.
async fn list(config: &Config) -> anyhow::Result<(Value, Vec<String>)> {
    let (tasks, roster) = (Tasks::new(), Roster::default());
    connect(config, &roster, &tasks)?;
    let resolver = PhoneResolver::new(config.directory.clone(), roster, config.vendors.clone());
    let (phones, unavailable) = resolver.list(Instant::now() + LOAD_TIMEOUT).await;
    tasks.shut_down(LOG_OFF_TIMEOUT).await;
    let sessions = ShownSessions::load(config).await;
    let rows = phones.iter().map(|phone| {
        let mut row = json!(phone);
        if let Some(csta) = sessions.of(&phone.name) {
            row["csta"] = csta.clone();
        }
        row
    });
    Ok((
        rows.collect(),
        unavailable.iter().map(ToString::to_string).collect(),
    ))
}

/// Describes the CSTA session of a phone in a word.
fn csta(session: &Value) -> &'static str {
    match session {
        Value::Object(session) if session["session"] == true => "session",
        Value::Object(session) if session["registered"].is_string() => "registered",
        Value::Object(_) => "no",
        _ => "",
    }
}

/// Writes phones as the API has them.
fn write(phones: &Value, format: OutputFormat, out: &mut impl Write) -> io::Result<()> {
    let rows = phones.as_array().map(Vec::as_slice).unwrap_or_default();
    if format == OutputFormat::Json {
        return writeln!(out, "{:#}", TerminalSafeJson(phones));
    }
    if rows.is_empty() {
        return writeln!(out, "No phone is configured or registered.");
    }
    // Few installations have sessions, or several daemons.
    let has_csta = rows.iter().any(|row| row["csta"].is_object());
    let has_daemons = rows.iter().any(|row| row["daemon"].is_string());
    let header = ["NAME", "PHONE", "ADDRESS", "REGISTERED"].into_iter();
    let header = header.chain(has_csta.then_some("CSTA"));
    let header = header.chain(has_daemons.then_some("DAEMON"));
    let mut table = Table::new(header.chain(["FOUND BY"]));
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let words = ["vendor", "model", "firmware"].map(text);
        let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        // The endpoint is of interest where the name does not show it.
        let (name, endpoint) = (text("name"), text("endpoint"));
        let is_told = endpoint.is_empty() || endpoint.ends_with(&format!("/{name}"));
        let registered = match (row["registered"] == true, is_told) {
            (true, true) => "yes".to_owned(),
            (true, false) => format!("as {endpoint}"),
            (false, true) => "no".to_owned(),
            (false, false) => format!("no ({endpoint})"),
        };
        let found = row["found"].as_array().into_iter().flatten();
        let found: Vec<_> = found.filter_map(Value::as_str).collect();
        let (phone, found) = (words.join(" "), found.join("; "));
        let address = text("address");
        let cells = [name, &phone, address, &registered].into_iter();
        let cells = cells.chain(has_csta.then(|| csta(&row["csta"])));
        let cells = cells.chain(has_daemons.then(|| text("daemon")));
        table.row(cells.chain([found.as_str()]));
    }
    table.write(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(phones: &Value) -> String {
        let mut out = Vec::new();
        write(phones, OutputFormat::Text, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn sessions_have_a_column_if_a_phone_can_have_one() {
        let csta = |registered: Option<&str>, session: bool| json!({"registered": registered, "session": session, "since": null});
        let phones = json!([
            {"name": "a", "csta": csta(Some("2026-11-27T10:00:00Z"), true)},
            {"name": "b", "csta": csta(Some("2026-11-27T10:00:00Z"), false)},
            {"name": "c", "csta": csta(None, false)},
            {"name": "d"},
            // Called directly.
            {"name": "e", "csta": csta(None, true)},
        ]);
        let shown = table(&phones);
        let rows = shown.lines().map(|line| line.split_whitespace().collect());
        let rows: Vec<Vec<&str>> = rows.collect();
        assert!(rows[0].contains(&"CSTA"), "{shown}");
        let words: Vec<_> = rows[1..].iter().map(|row| row[2..].join(" ")).collect();
        assert_eq!(
            words,
            ["session", "registered", "no", "", "session"],
            "{shown}"
        );
        assert!(!table(&json!([{"name": "d"}])).contains("CSTA"));
    }

    #[test]
    fn daemons_have_a_column_if_there_are_several() {
        let shown =
            table(&json!([{"name": "a", "daemon": "site-a"}, {"name": "b", "daemon": "site-b"}]));
        assert!(
            shown.contains("DAEMON") && shown.contains("site-b"),
            "{shown}"
        );
        assert!(!table(&json!([{"name": "a"}])).contains("DAEMON"));
    }
}
