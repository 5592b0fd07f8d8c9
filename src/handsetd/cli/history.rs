//! `handsetd history`: the recent deliveries of the running daemon.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use super::daemon_args::DaemonArgs;
use super::follow::follow;
use super::local_time::local_time;
use super::output_format::OutputFormat;
use super::suggested::Suggested;
use super::terminal::Colors;
use crate::telemetry::{TerminalSafe, TerminalSafeJson};

/// Show recent deliveries of the running daemon: who requested what, and what came of it; the newest is last
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  handsetd history --phone 1001\n  handsetd history --status UNREACHABLE --since 1d\n  \
                  handsetd history --follow --verb push\n  handsetd history --limit 1000 | jq -r .reason | sort | uniq -c"
)]
pub(super) struct History {
    /// Show only deliveries to this phone
    #[arg(long, value_name = "NAME")]
    phone: Option<String>,
    /// Show only this verb
    #[arg(long, value_parser = Suggested::verbs(), hide_possible_values = true)]
    verb: Option<String>,
    /// Show only this status, such as DENIED
    #[arg(long, value_parser = Suggested::statuses(), hide_possible_values = true)]
    status: Option<String>,
    /// Show only what was requested by this channel, rule or user, or by a name that contains this
    #[arg(long, value_name = "NAME")]
    asker: Option<String>,
    /// Show only deliveries with this text in a value, in the reason or in what was sent
    #[arg(long)]
    text: Option<String>,
    /// Show only deliveries since this time: 1h is an hour ago; or 2026-11-21T13:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show only deliveries until this time
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    until: Option<String>,
    /// Show only deliveries before the one with this number, which the JSON has; with several daemons, with this
    /// position
    #[arg(long, value_name = "NUMBER", conflicts_with = "follow")]
    before: Option<String>,
    /// Show only the deliveries of the request with this id
    #[arg(long)]
    id: Option<String>,
    /// Show this many, the newest, at most
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// Go on with further deliveries as they end, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    daemon: DaemonArgs,
    /// Print JSON, which is the default on a pipe: one object per line
    #[arg(long)]
    json: bool,
}

impl History {
    /// Prints deliveries.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let client = self.daemon.client()?;
        let (format, colors) = (OutputFormat::wanted(self.json), Colors::of_stdout());
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let query = self.query();
        let found = runtime.block_on(client.get_list(&format!("/api/v1/deliveries?{query}")))?;
        let mut write = |delivery: &Value| {
            match format {
                OutputFormat::Json => writeln!(out, "{}", TerminalSafeJson(delivery))?,
                OutputFormat::Text => show(delivery, colors, out)?,
            }
            out.flush()
        };
        // The API has the newest first.
        for delivery in found.iter().rev() {
            write(delivery).context("cannot write the deliveries")?;
        }
        if !self.follow {
            if found.is_empty() && format == OutputFormat::Text {
                writeln!(out, "No delivery matches.").context("cannot write the deliveries")?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        follow(&client, "/api/v1/events?event=handsetd.delivery", |event| {
            let mut delivery = event["fields"].clone();
            if let Some(fields) = delivery.as_object_mut() {
                // The values that rules get are there as well, with other names.
                fields.retain(|name, _| name.starts_with(|first: char| first.is_lowercase()));
            }
            if self.matches(&delivery) {
                write(&delivery)?;
            }
            Ok(())
        })
    }

    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let status = self.status.as_ref().map(|status| status.to_uppercase());
        for (key, value) in [
            ("phone", &self.phone),
            ("verb", &self.verb),
            ("status", &status),
            ("asker", &self.asker),
            ("text", &self.text),
            ("since", &self.since),
            ("until", &self.until),
            ("before", &self.before),
            ("id", &self.id),
        ] {
            if let Some(value) = value {
                query.append_pair(key, value);
            }
        }
        query.append_pair("limit", &self.limit.to_string());
        query.finish()
    }

    /// Returns whether a delivery meets the criteria, as the API decides it.
    fn matches(&self, delivery: &Value) -> bool {
        let is = |key: &str, wanted: &Option<String>| {
            let value = delivery[key].as_str().unwrap_or_default();
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
        };
        let contains = |value: &Value, wanted: &Option<String>| {
            let text = || value.to_string().to_lowercase();
            wanted
                .as_ref()
                .is_none_or(|wanted| text().contains(&wanted.to_lowercase()))
        };
        is("phone", &self.phone)
            && is("verb", &self.verb)
            && is("status", &self.status)
            && is("id", &self.id)
            && contains(&delivery["asker"], &self.asker)
            && contains(delivery, &self.text)
    }
}

/// Writes a delivery on one line: when, status, phone, verb, how long it took, who requested it, and why
/// it failed.
fn show(delivery: &Value, colors: Colors, out: &mut impl Write) -> io::Result<()> {
    let text = |key: &str| delivery[key].as_str().unwrap_or_default();
    let (style, minor) = (colors.of_status(text("status")), colors.minor());
    let status = TerminalSafe(text("status")).to_string();
    write!(
        out,
        "{minor}{}{minor:#} {style}{status:<STATUS_WIDTH$}{style:#} {} {}",
        local_time(text("at")),
        TerminalSafe(text("phone")),
        TerminalSafe(text("verb"))
    )?;
    let took = match delivery["took"].as_f64() {
        Some(seconds) => format!("{seconds:.2} s"),
        None => "not over".to_owned(),
    };
    let asker = TerminalSafe(requester(&delivery["asker"])).to_string();
    write!(out, " {minor}({took}, {asker}")?;
    if !text("daemon").is_empty() {
        write!(out, ", {}", TerminalSafe(text("daemon")))?;
    }
    write!(out, "){minor:#}")?;
    if !text("reason").is_empty() {
        write!(out, ": {}", TerminalSafe(text("reason")))?;
    }
    writeln!(out)
}

/// Returns who made a request: the kind of requester, and its name.
fn requester(asker: &Value) -> String {
    let mut words = vec![asker["kind"].as_str().unwrap_or_default().replace('-', " ")];
    for (key, value) in asker.as_object().into_iter().flatten() {
        if let Some(name) = value
            .as_str()
            .filter(|name| key != "kind" && !name.is_empty())
        {
            words.push(name.to_owned());
        }
    }
    words.join(" ")
}

/// The length of the longest status.
const STATUS_WIDTH: usize = 11;

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        history: History,
    }

    fn history(arguments: &[&str]) -> History {
        let arguments = std::iter::once(&"history").chain(arguments);
        Line::try_parse_from(arguments).unwrap().history
    }

    fn delivery() -> Value {
        json!({
            "id": "5", "at": "", "phone": "1001", "verb": "push", "status": "DENIED", "took": 0.25,
            "reason": "wrong\u{1b}password", "asker": {"kind": "call", "channel": "PJSIP/1001-1"},
        })
    }

    #[test]
    fn deliveries_are_one_line_each() {
        let mut out = Vec::new();
        show(&delivery(), Colors::Off, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let expected = " DENIED      1001 push (0.25 s, call PJSIP/1001-1): wrong\\u{1b}password\n";
        assert_eq!(text, expected);
        let mut out = Vec::new();
        let mut delivery = delivery();
        delivery["daemon"] = json!("site\u{1b}b");
        show(&delivery, Colors::Off, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains("PJSIP/1001-1, site\\u{1b}b): wrong"),
            "{text}"
        );
    }

    #[test]
    fn criteria_hold_for_deliveries_that_follow() {
        for (arguments, expected) in [
            (&[][..], true),
            (&["--phone", "1001", "--status", "denied"], true),
            (&["--phone", "1002"], false),
            (&["--verb", "ring"], false),
            (&["--asker", "pjsip/1001"], true),
            (&["--asker", "page"], false),
            (&["--text", "PASSWORD"], true),
            (&["--id", "6"], false),
        ] {
            let history = history(arguments);
            assert_eq!(history.matches(&delivery()), expected, "{arguments:?}");
        }
        let query = history(&["--text", "a&b", "--status", "ok"]).query();
        assert_eq!(query, "status=OK&text=a%26b&limit=20");
        let query = history(&["--until", "1h", "--before", "7"]).query();
        assert_eq!(query, "until=1h&before=7&limit=20");
    }
}
