//! `handsetd events`: the event stream of the running daemon.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::daemon_args::DaemonArgs;
use super::follow::follow;
use super::local_time::local_time;
use super::output_format::OutputFormat;
use super::terminal::Colors;
use crate::telemetry::{TerminalSafe, TerminalSafeJson};

/// Follow the events of the running daemon, until Ctrl-C
///
/// They are those that rules receive: of Asterisk, of phones (phone.NAME), and handsetd's own
/// (handsetd.NAME). If the daemon stops, the command waits for it
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  handsetd events\n  handsetd events QueueMemberPause 'phone.*'\n  \
                  handsetd events --phone 1001 | jq -c '[.at, .event]'"
)]
pub(super) struct Events {
    /// Follow only events of these names; * at the end stands for any letters
    #[arg(value_name = "EVENT")]
    names: Vec<String>,
    /// Follow only events that name this phone, as 1001, PJSIP/1001 or a channel of it
    #[arg(long, value_name = "NAME")]
    phone: Option<String>,
    #[command(flatten)]
    daemon: DaemonArgs,
    /// Print JSON, which is the default on a pipe: one object per line
    #[arg(long)]
    json: bool,
}

impl Events {
    /// Prints events until a signal, or until the reader closes the pipe.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let client = self.daemon.client()?;
        let (format, colors) = (OutputFormat::wanted(self.json), Colors::of_stdout());
        let names = self.names.iter().map(|name| {
            let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
            format!("event={name}")
        });
        let query = names.collect::<Vec<_>>().join("&");
        follow(&client, &format!("/api/v1/events?{query}"), |event| {
            let of_phone = |phone: &String| concerns(event, phone);
            if !self.phone.as_ref().is_none_or(of_phone) {
                return Ok(());
            }
            match format {
                OutputFormat::Json => writeln!(out, "{}", TerminalSafeJson(event))?,
                OutputFormat::Text => show(event, colors, out)?,
            }
            out.flush()
        })
    }
}

/// Returns whether a value of the event is this phone, its endpoint, or a channel of it.
fn concerns(event: &Value, phone: &str) -> bool {
    let fields = event["fields"].as_object();
    let values = fields.into_iter().flat_map(Map::values);
    values
        .filter_map(Value::as_str)
        .any(|value| names_phone(value, phone))
}

fn names_phone(value: &str, phone: &str) -> bool {
    let same = |value: &str| {
        let name = value.rsplit_once('/').map_or(value, |(_, name)| name);
        value.eq_ignore_ascii_case(phone) || name.eq_ignore_ascii_case(phone)
    };
    // PJSIP/1001-0000001a is a channel.
    let channel = value.rsplit_once('-').filter(|(endpoint, id)| {
        endpoint.contains('/') && !id.is_empty() && id.chars().all(|c| c.is_ascii_hexdigit())
    });
    same(value) || channel.is_some_and(|(endpoint, _)| same(endpoint))
}

/// Writes an event on one line: time, name, and its values.
fn show(event: &Value, colors: Colors, out: &mut impl Write) -> io::Result<()> {
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    let (name, minor) = (colors.good(), colors.minor());
    write!(
        out,
        "{minor}{}{minor:#} {name}{}{name:#}",
        local_time(text("at")),
        TerminalSafe(text("event"))
    )?;
    for key in ["daemon", "server"] {
        if !text(key).is_empty() {
            write!(out, " {minor}{key}={minor:#}{}", TerminalSafe(text(key)))?;
        }
    }
    for (key, value) in event["fields"].as_object().into_iter().flatten() {
        let key = TerminalSafe(key);
        match value {
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            Value::String(text) => {
                write!(out, " {minor}{key}={minor:#}{}", TerminalSafe(text))?;
            }
            other => write!(out, " {minor}{key}={minor:#}{}", TerminalSafeJson(other))?,
        }
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn phones_are_found_by_name_endpoint_and_channel() {
        for value in [
            "1001",
            "PJSIP/1001",
            "pjsip/1001",
            "PJSIP/1001-0000001a",
            "berlin/1001",
        ] {
            let event = json!({"fields": {"Channel": value, "Cause": "16"}});
            assert!(concerns(&event, "1001"), "{value}");
        }
        assert!(names_phone("PJSIP/1001-0000001a", "PJSIP/1001"));
        assert!(names_phone("PJSIP/door-front-0000001a", "door-front"));
        for value in [
            "11001",
            "PJSIP/10012",
            "PJSIP/1001x-0000001a",
            "",
            "1001-0000001a",
        ] {
            assert!(!names_phone(value, "1001"), "{value}");
        }
    }

    #[test]
    fn events_are_one_line_without_control_characters() {
        let event = json!({
            "event": "phone.form\u{1b}", "at": "", "server": "pbx",
            "fields": {"Empty": "", "Name": "a\nb", "List": ["1", "2"]},
        });
        let mut out = Vec::new();
        show(&event, Colors::Off, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            " phone.form\\u{1b} server=pbx List=[\"1\",\"2\"] Name=a\\nb\n"
        );
    }
}
