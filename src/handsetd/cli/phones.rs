//! `handsetd phones`: lists phones with vendor, model and address, and how these were determined.
//!
//! The command queries the configured Asterisk servers itself, so it does not depend on a running
//! daemon.

mod servers;
mod why;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use comfy_table::{Table, presets};
use handset_net::tasks::Tasks;
use tokio::time::Instant;

use super::config_file::ConfigFile;
use super::output_format::OutputFormat;
use crate::config::Config;
use crate::resolver::{PhoneResolver, PhoneSummary};
use crate::roster::Roster;
use crate::telemetry::{TerminalSafe, TerminalSafeJson};
use servers::{LOAD_TIMEOUT, LOG_OFF_TIMEOUT, connect};

/// List configured and registered phones
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  handsetd phones\n  handsetd phones | jq '.[].address'\n  handsetd phones --why 1001"
)]
pub(super) struct Phones {
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON, which is the default on a pipe
    #[arg(long)]
    json: bool,
    /// Probe each transport to a phone, and report the results and what to change
    #[arg(long, value_name = "NAME")]
    why: Option<String>,
}

impl Phones {
    /// Runs the command.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let config = self.file.load()?;
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        if let Some(names) = &self.why {
            let reports = runtime.block_on(why::probe(&config, names))?;
            if self.json || OutputFormat::of_stdout() == OutputFormat::Json {
                let json = serde_json::to_string_pretty(&reports).context("cannot write JSON")?;
                writeln!(out, "{}", TerminalSafeJson(json)).context("cannot write the results")?;
            } else {
                why::show(&reports, out).context("cannot write the results")?;
            }
            return Ok(if reports.iter().all(why::PhoneReport::is_reachable) {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        let (rows, unavailable) = runtime.block_on(list(&config))?;
        if self.json || OutputFormat::of_stdout() == OutputFormat::Json {
            let rows = serde_json::to_string_pretty(&rows).context("cannot write JSON")?;
            writeln!(out, "{}", TerminalSafeJson(rows)).context("cannot write the phones")?;
        } else {
            show(&rows, out).context("cannot write the phones")?;
        }
        for server in &unavailable {
            writeln!(std::io::stderr(), "handsetd: {}", TerminalSafe(server))?;
        }
        Ok(if unavailable.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Returns the phones of all servers, and why some servers are unavailable.
async fn list(config: &Config) -> anyhow::Result<(Vec<PhoneSummary>, Vec<String>)> {
    let (tasks, roster) = (Tasks::new(), Roster::default());
    connect(config, &roster, &tasks)?;
    let resolver = PhoneResolver::new(config.directory.clone(), roster, config.vendors.clone());
    let (phones, unavailable) = resolver.list(Instant::now() + LOAD_TIMEOUT).await;
    tasks.shut_down(LOG_OFF_TIMEOUT).await;
    Ok((
        phones,
        unavailable.iter().map(ToString::to_string).collect(),
    ))
}

fn show(rows: &[PhoneSummary], out: &mut impl Write) -> std::io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "No phone is configured or registered.");
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "NAME",
        "VENDOR",
        "MODEL",
        "FIRMWARE",
        "ADDRESS",
        "ENDPOINT",
        "REGISTERED",
        "FOUND BY",
    ]);
    for row in rows {
        let registered = if row.registered { "yes" } else { "no" };
        let found = row.found.join("; ");
        let cells = [
            &row.name,
            &row.vendor,
            &row.model,
            &row.firmware,
            &row.address,
            &row.endpoint,
            registered,
            &found,
        ];
        // User-Agents come from phones.
        table.add_row(cells.map(|cell| TerminalSafe(cell).to_string()));
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
