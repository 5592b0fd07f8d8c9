//! `handsetd send`: sends a request to the running daemon, as a dialplan could.

mod progress;

use std::convert::Infallible;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use handset_phones::verb::Verb;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::admin_client::EventStream;
use super::daemon_args::DaemonArgs;
use super::output_format::OutputFormat;
use super::suggested::Suggested;
use super::terminal::Colors;
use crate::dialplan;
use crate::telemetry::{TerminalSafe, TerminalSafeJson};
use progress::Progress;

/// Send a verb to phones through the running daemon
///
/// Verbs and keys are those of the dialplan; handsetd help VERB explains a verb. An argument that does
/// not start with a key of the verb is the value of its main key
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Send {
    /// The verb, such as push, ring or background
    #[arg(value_name = "VERB", value_parser = Suggested::verbs(), hide_possible_values = true)]
    verb: String,
    /// The keys of the verb, such as phone=1001
    #[arg(value_name = "KEY=VALUE", value_parser = Suggested::keys(), hide_possible_values = true)]
    keys: Vec<String>,
    #[command(flatten)]
    daemon: DaemonArgs,
    /// Print JSON, which is the default on a pipe
    #[arg(long)]
    json: bool,
}

impl Send {
    /// Sends the request and prints the outcome.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let body = body(&self.verb, &self.keys)?;
        let client = self.daemon.client()?;
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let path = format!("/api/v1/do/{}", self.verb);
        let outcome = runtime.block_on(async {
            if !io::stderr().is_terminal() {
                return client.post(&path, &body).await;
            }
            let mut progress = Progress::new(&self.verb, &body);
            let bar = bar();
            // Subscribe first, so that no event is missed. Progress is optional.
            let mut events = client.events("handsetd.delivery*").await.ok();
            let outcome = {
                let watch = watch(events.as_mut(), &mut progress, &bar);
                tokio::select! {
                    outcome = client.post(&path, &body) => outcome,
                    never = watch => match never {},
                }
            };
            if let Ok(outcome) = &outcome {
                show_counts(&bar, progress.conclude(outcome));
            }
            // The last events may arrive after the outcome.
            while let Some(events) = events.as_mut().filter(|_| progress.is_open()) {
                let event = timeout(LAST_EVENTS_TIMEOUT, events.next()).await;
                let Some(event) = event.ok().flatten() else {
                    break;
                };
                show_counts(&bar, progress.update(&event));
            }
            if progress.is_shown() {
                bar.abandon();
            }
            outcome
        })?;
        match OutputFormat::wanted(self.json) {
            OutputFormat::Text => show(&outcome, Colors::of_stdout(), out),
            OutputFormat::Json => writeln!(out, "{}", TerminalSafeJson(&outcome)),
        }
        .context("cannot write the outcome")?;
        let is_success = matches!(outcome["status"].as_str(), Some("OK" | "QUEUED"));
        Ok(if is_success {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Shows progress from `events`; never returns.
async fn watch(
    events: Option<&mut EventStream>,
    progress: &mut Progress,
    bar: &ProgressBar,
) -> Infallible {
    if let Some(events) = events {
        while let Some(event) = events.next().await {
            show_counts(bar, progress.update(&event));
        }
    }
    std::future::pending().await
}

/// Shows how many of how many deliveries are finished, if there are several.
fn show_counts(bar: &ProgressBar, counts: Option<(u64, u64)>) {
    if let Some((finished, all)) = counts {
        bar.set_length(all);
        bar.set_position(finished);
    }
}

/// Returns a bar on standard error, which appears with the first progress.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{bar:30} {pos} of {len} phones") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Builds the JSON of a request from arguments; the values of a repeated key become a list.
fn body(name: &str, arguments: &[String]) -> anyhow::Result<Value> {
    let verb: Verb = name.parse()?;
    let mut body = Map::new();
    let arguments = arguments.iter().map(String::as_str);
    for (key, value) in dialplan::pairs(verb, arguments, |_| false)? {
        match body.get_mut(&key) {
            None => drop(body.insert(key, value.into())),
            Some(Value::Array(list)) => list.push(value.into()),
            Some(first) => *first = Value::Array(vec![first.take(), value.into()]),
        }
    }
    Ok(Value::Object(body))
}

fn show(outcome: &Value, colors: Colors, out: &mut impl Write) -> io::Result<()> {
    let text = |key: &str| outcome[key].as_str().unwrap_or_default();
    let style = colors.of_status(text("status"));
    write!(out, "{style}{}{style:#}", TerminalSafe(text("status")))?;
    for (key, before) in [("phone", " "), ("reason", ": ")] {
        if !text(key).is_empty() {
            write!(out, "{before}{}", TerminalSafe(text(key)))?;
        }
    }
    writeln!(out)?;
    match &outcome["result"] {
        Value::Null => Ok(()),
        Value::String(text) => writeln!(out, "{}", TerminalSafe(text)),
        result => writeln!(out, "{:#}", TerminalSafeJson(result)),
    }
}

/// How long to wait for the last progress events.
const LAST_EVENTS_TIMEOUT: Duration = Duration::from_millis(300);

const EXAMPLES: &str = "\
Exit codes: 0 if the status is OK or QUEUED, otherwise 1

Examples:
  handsetd send push phone=1001 title=Door 'Someone is at the door'
  handsetd send background phone=reception image=/srv/pictures/night.jpg
  handsetd send settings phone=1001 get=ringer | jq .result";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use handset_phones::verb::TABLE;

    fn of(verb: &str, words: &[&str]) -> Result<Value, String> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        body(verb, &words).map_err(|error| error.to_string())
    }

    #[test]
    fn arguments_are_keys_and_values_as_in_the_dialplan() {
        let all = ["phone=1", "item=A|exit", "item=B|exit", "2+2=4"];
        let body = json!({"phone": "1", "item": ["A|exit", "B|exit"], "text": "2+2=4"});
        assert_eq!(of("push", &all), Ok(body));
        assert!(
            of("pusch", &[])
                .unwrap_err()
                .starts_with("unknown verb \"pusch\"")
        );
        assert!(
            of("ping", &["x"])
                .unwrap_err()
                .starts_with("ping has no main key")
        );
        assert!(TABLE.iter().all(|row| of(row.name(), &[]) == Ok(json!({}))));
    }

    #[test]
    fn outcome_for_people_is_one_line() {
        let outcome = json!({
            "status": "DENIED", "phone": "1001", "reason": "wrong\u{1b}password", "result": null,
        });
        let mut out = Vec::new();
        show(&outcome, Colors::Off, &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert_eq!(shown, "DENIED 1001: wrong\\u{1b}password\n");
    }
}
