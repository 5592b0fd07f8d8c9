//! What a rule of the running daemon decided, as a line for people.

use std::fmt;

use anstyle::Style;
use serde_json::Value;

use crate::cli::local_time::local_time;
use crate::cli::terminal::Colors;
use crate::telemetry::TerminalSafe;

/// A trace of the API, as one line.
pub(super) struct Line<'a> {
    pub(super) trace: &'a Value,
    pub(super) colors: Colors,
    /// Whether the line names the rule.
    pub(super) names_rule: bool,
}

/// Returns the colour of a verdict.
fn style(colors: Colors, verdict: &str) -> Style {
    match verdict {
        "fired" | "queued" => colors.good(),
        "failed" => colors.bad(),
        "busy" | "limited" => colors.doubtful(),
        _ => colors.minor(),
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |key: &str| self.trace[key].as_str().unwrap_or_default();
        let verdict = text("verdict");
        let style = style(self.colors, verdict);
        write!(
            f,
            "{} {style}{:WIDTH$}{style:#} ",
            local_time(text("at")),
            TerminalSafe(verdict).to_string()
        )?;
        if self.names_rule {
            write!(f, "{}: ", TerminalSafe(text("rule")))?;
        }
        let (event, why) = (TerminalSafe(text("event")), TerminalSafe(text("why")));
        write!(f, "{event}: {why}")
    }
}

/// A run that has ended, as one line.
pub(super) struct EndLine<'a> {
    pub(super) run: &'a Value,
    pub(super) colors: Colors,
}

impl fmt::Display for EndLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &'_ Value| TerminalSafe(value.as_str().unwrap_or_default()).to_string();
        let state = text(&self.run["run"]["state"]);
        let verdict = match state.as_str() {
            "finished" => "fired",
            state => state,
        };
        let style = style(self.colors, verdict);
        write!(
            f,
            "{} {style}ended  {style:#} {}: {}: {state}",
            local_time(self.run["at"].as_str().unwrap_or_default()),
            text(&self.run["rule"]),
            text(&self.run["event"])
        )?;
        let reason = text(&self.run["run"]["reason"]);
        if !reason.is_empty() {
            write!(f, ", {reason}")?;
        }
        let steps = self.run["steps"].as_array().into_iter().flatten();
        let taken = steps
            .enumerate()
            .filter(|(_, step)| !step["status"].is_null());
        // A failed run ends with the step that failed.
        if let Some((index, step)) = taken.last() {
            let number = index.saturating_add(1);
            write!(f, "; step {number}: {}", text(&step["status"]))?;
            let reason = text(&step["reason"]);
            if !reason.is_empty() {
                write!(f, ", {reason}")?;
            }
        }
        Ok(())
    }
}

/// Returns the steps of a trace: what each does, and what came of it so far.
pub(super) fn steps(trace: &Value) -> impl Iterator<Item = String> {
    let steps = trace["steps"].as_array().into_iter().flatten();
    steps.map(|step| TerminalSafe(step_line(step)).to_string())
}

fn step_line(step: &Value) -> String {
    let mut line = String::new();
    for kind in ["verb", "wait", "webhook", "ami"] {
        if let Some(main) = step[kind].as_str() {
            if kind != "verb" {
                line.push_str(kind);
                line.push(' ');
            }
            line.push_str(main);
        }
    }
    for (key, value) in step["keys"].as_object().into_iter().flatten() {
        let pair = [" ", key, "=", &value.to_string()].concat();
        line.push_str(&pair);
    }
    for (key, before) in [("status", ": "), ("reason", ", ")] {
        if let Some(text) = step[key].as_str().filter(|text| !text.is_empty()) {
            line.push_str(before);
            line.push_str(text);
        }
    }
    line
}

/// The length of the longest usual verdict.
const WIDTH: usize = 7;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn trace() -> Value {
        json!({
            "rule": "break", "event": "QueueMemberPause", "at": "2026-11-28T20:00:00Z",
            "verdict": "failed", "why": "does not fire: the event has no \u{1b}[2J",
            "steps": [
                {"verb": "push", "keys": {"item": ["A|exit", "B|exit"], "phone": "1001"}, "status": "OK", "reason": ""},
                {"wait": "5s", "keys": {}},
            ],
        })
    }

    #[test]
    fn line_has_no_colors_or_controls_of_its_own_unless_wanted() {
        let trace = trace();
        let line = |colors, names_rule| {
            Line {
                trace: &trace,
                colors,
                names_rule,
            }
            .to_string()
        };
        let plain = line(Colors::Off, true);
        let expected =
            "failed  break: QueueMemberPause: does not fire: the event has no \\u{1b}[2J";
        assert!(plain.ends_with(expected), "{plain}");
        assert!(!plain.contains('\u{1b}'));
        assert!(!line(Colors::Off, false).contains("break"));
        let colored = line(Colors::On, true);
        assert!(colored.contains("\u{1b}[31m"), "{colored:?}");
        assert!(!colored.contains("\u{1b}[2J"), "{colored:?}");
    }

    #[test]
    fn end_of_a_run_says_how_and_at_which_step() {
        let run = json!({
            "rule": "break", "event": "QueueMemberPause", "at": "2026-11-28T20:00:00Z",
            "steps": [
                {"wait": "5s", "keys": {}, "status": "OK", "reason": ""},
                {"verb": "push", "keys": {}, "status": "UNREACHABLE", "reason": "no\u{1b} route"},
                {"verb": "clear", "keys": {}},
            ],
            "run": {"state": "failed", "reason": null},
        });
        let colors = Colors::Off;
        let line = EndLine { run: &run, colors }.to_string();
        let expected =
            "ended   break: QueueMemberPause: failed; step 2: UNREACHABLE, no\\u{1b} route";
        assert!(line.ends_with(expected), "{line}");
        let run = json!({
            "rule": "break", "event": "X", "steps": [{"wait": "1h", "keys": {}}],
            "run": {"state": "cancelled", "reason": "handsetd stops"},
        });
        let line = EndLine { run: &run, colors }.to_string();
        assert!(
            line.ends_with("break: X: cancelled, handsetd stops"),
            "{line}"
        );
    }

    #[test]
    fn steps_show_what_came_of_them() {
        let lines: Vec<_> = steps(&trace()).collect();
        assert_eq!(
            lines,
            [
                "push item=[\"A|exit\",\"B|exit\"] phone=\"1001\": OK",
                "wait 5s"
            ]
        );
    }
}
