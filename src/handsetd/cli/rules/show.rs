//! Output of a dry run: text or JSON lines.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::events::Position;
use super::summary::Summary;
use crate::cli::output_format::OutputFormat;
use crate::rules::{Fact, Outline, Run, Trace};
use crate::telemetry::{TerminalSafe, TerminalSafeJson};

/// Writes decisions of the rules.
pub(super) struct Show<'a, W> {
    out: &'a mut W,
    format: OutputFormat,
    /// Whether rules that wait for other events are shown.
    all: bool,
    summary: Summary,
}

impl<'a, W: Write> Show<'a, W> {
    /// Creates a writer to `out`.
    pub(super) fn new(out: &'a mut W, format: OutputFormat, all: bool) -> Self {
        Self {
            out,
            format,
            all,
            summary: Summary::default(),
        }
    }

    /// Returns what was counted and hidden.
    pub(super) fn into_summary(self) -> Summary {
        self.summary
    }

    /// Shows what each rule decides on an event.
    pub(super) fn event(
        &mut self,
        fact: &Fact,
        position: Position,
        traces: &[impl AsRef<Trace>],
    ) -> io::Result<()> {
        let mut shown = Vec::new();
        for trace in traces.iter().map(AsRef::as_ref) {
            let is_shown = self.all || !trace.verdict.is_other_event();
            self.summary.count(trace, is_shown);
            if is_shown {
                shown.push(trace);
            }
        }
        if self.format == OutputFormat::Json {
            for trace in shown {
                let object = object(trace, position);
                writeln!(self.out, "{}", TerminalSafeJson(object))?;
            }
            return Ok(());
        }
        let position = match position {
            Position::Byte(offset) => format!("at byte {offset}"),
            Position::Number(number) => format!("(object {number})"),
        };
        writeln!(self.out, "{} {position}", TerminalSafe(fact.name()))?;
        for trace in shown {
            writeln!(
                self.out,
                "  {}: {}",
                TerminalSafe(&trace.rule),
                TerminalSafe(trace)
            )?;
            self.steps(trace.run())?;
        }
        Ok(())
    }

    /// Shows that a queued run starts.
    pub(super) fn queued(&mut self, run: &Run) -> io::Result<()> {
        if self.format == OutputFormat::Json {
            let object = json!({ "rule": &*run.rule, "verdict": "turn", "fires": true,
                "key": run.key, "sends": sends(Some(run)) });
            return writeln!(self.out, "{}", TerminalSafeJson(object));
        }
        writeln!(
            self.out,
            "  {}: the queued run starts",
            TerminalSafe(&run.rule)
        )?;
        self.steps(Some(run))
    }

    fn steps(&mut self, run: Option<&Run>) -> io::Result<()> {
        for step in run.into_iter().flat_map(|run| run.steps.iter()) {
            writeln!(self.out, "    {}", TerminalSafe(Outline::from(step)))?;
        }
        Ok(())
    }
}

fn object(trace: &Trace, position: Position) -> Value {
    let values = trace
        .seen
        .iter()
        .map(|seen| (seen.name.clone(), json!(seen.value)));
    let mut object = json!({
        "event": trace.event,
        "rule": &*trace.rule,
        "fires": trace.run().is_some(),
        "verdict": trace.verdict.name(),
        "why": trace.to_string(),
        "values": values.collect::<Map<_, _>>(),
        "sends": sends(trace.run()),
    });
    match position {
        Position::Byte(offset) => object["offset"] = json!(offset),
        Position::Number(number) => object["number"] = json!(number),
    }
    object
}

fn sends(run: Option<&Run>) -> Vec<Value> {
    let steps = run.into_iter().flat_map(|run| run.steps.iter());
    let object = |step| Value::Object(Outline::from(step).to_json());
    steps.map(object).collect()
}
