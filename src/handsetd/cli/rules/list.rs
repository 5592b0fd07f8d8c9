//! `handsetd rules list`: the rules of the running daemon, with their counters.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::daemon_args::DaemonArgs;
use crate::cli::local_time::local_time;
use crate::cli::output_format::OutputFormat;
use crate::cli::table::Table;
use crate::cli::terminal::columns;
use crate::telemetry::TerminalSafeJson;

/// List the rules of the running daemon, and how often they fired, or did not and why
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  handsetd rules list\n  handsetd rules list | jq '.[] | select(.failed > 0).name'"
)]
pub(super) struct List {
    #[command(flatten)]
    daemon: DaemonArgs,
    /// Print JSON, which is the default on a pipe
    #[arg(long)]
    json: bool,
}

impl List {
    /// Runs the command.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let client = self.daemon.client()?;
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let rules = runtime.block_on(client.get_list("/api/v1/rules"))?;
        if self.json || OutputFormat::of_stdout() == OutputFormat::Json {
            writeln!(out, "{:#}", TerminalSafeJson(json!(rules)))
        } else {
            show(&rules, columns(), out)
        }
        .context("cannot write the rules")?;
        Ok(ExitCode::SUCCESS)
    }
}

fn show(rules: &[Value], width: u16, out: &mut impl Write) -> io::Result<()> {
    if rules.is_empty() {
        return writeln!(out, "The configuration of the daemon has no [[rule]].");
    }
    let has_daemons = rules.iter().any(|rule| rule["daemon"].is_string());
    let daemon = has_daemons.then_some("DAEMON");
    let header = ["NAME", "FIRES ON", "COUNTS", "LAST FIRED"];
    let mut table = Table::with_width(header.into_iter().chain(daemon), width);
    for rule in rules {
        let last = rule["last"].as_str();
        let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
        let cells = [
            text("name"),
            triggers(rule),
            counts(rule),
            last.map_or_else(|| "never".to_owned(), local_time),
        ];
        let cells = cells.into_iter().chain(has_daemons.then(|| text("daemon")));
        let cells: Vec<String> = cells.collect();
        table.row(cells.iter().map(String::as_str));
    }
    table.write(out)
}

/// Returns what became of the events that a rule waits for: `3 fired, 1 failed`. Columns for all counters,
/// of which most are 0, leave no room for the names of events.
fn counts(rule: &Value) -> String {
    let counters = [
        "fired",
        "failed",
        "runs_failed",
        "runs_cancelled",
        "limited",
        "skipped",
        "echoed",
        "unmet",
    ];
    let counted = counters.iter().filter_map(|name| {
        let count = rule[name].as_u64().filter(|count| *count > 0)?;
        // As in the API, with words for people.
        let what = match (*name, count) {
            ("runs_failed", 1) => "run failed",
            ("runs_failed", _) => "runs failed",
            ("runs_cancelled", 1) => "run cancelled",
            ("runs_cancelled", _) => "runs cancelled",
            (name, _) => name,
        };
        Some(format!("{count} {what}"))
    });
    let counted: Vec<_> = counted.collect();
    match counted.as_slice() {
        [] => "none".to_owned(),
        counted => counted.join(", "),
    }
}

/// Returns what fires a rule: `Hangup, UserEvent.Door, schedule 0 18 * * 1-5`.
pub(super) fn triggers(rule: &Value) -> String {
    let names = match &rule["on"] {
        Value::Array(names) => names.as_slice(),
        name => std::slice::from_ref(name),
    };
    let names = names
        .iter()
        .filter_map(|name| name.as_str().map(str::to_owned));
    let schedule = rule["schedule"].as_str();
    let schedule = schedule.map(|schedule| format!("schedule {schedule}"));
    names.chain(schedule).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_a_line_for_each_rule() {
        let counters = json!({"fired": 3, "limited": 0, "skipped": 0, "failed": 1, "unmet": 20});
        let rule = |name: &str, on: Value, schedule: Value, last: Value| {
            let mut rule = counters.clone();
            rule["name"] = name.into();
            rule["on"] = on;
            rule["schedule"] = schedule;
            rule["last"] = last;
            rule
        };
        let rules = [
            rule("a", "Hangup".into(), Value::Null, Value::Null),
            rule(
                "b\u{1b}",
                json!(["A", "B*"]),
                "0 18 * * 1-5".into(),
                "2026-11-28T20:00:00Z".into(),
            ),
        ];
        let mut out = Vec::new();
        show(&rules, 120, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines[1].contains("Hangup") && lines[1].ends_with("never"),
            "{text}"
        );
        assert!(lines[1].contains("3 fired, 1 failed, 20 unmet"), "{text}");
        assert!(lines[2].contains("A, B*, schedule 0 18 * * 1-5"), "{text}");
        assert!(
            lines[2].contains("2026-11-2") && !text.contains('\u{1b}'),
            "{text}"
        );
        let mut out = Vec::new();
        show(&[], 120, &mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().contains("no [[rule]]"));
    }
}
