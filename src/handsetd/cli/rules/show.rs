//! Output of a dry run: text or JSON lines.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::events::Position;
use crate::rules::{Fact, Outline, Run, Trace};
use crate::telemetry::{TerminalSafe, TerminalSafeJson};

/// Writes decisions of the rules.
pub(super) struct Show<'a, W> {
    out: &'a mut W,
    json: bool,
}

impl<'a, W: Write> Show<'a, W> {
    /// Creates a writer to `out`.
    pub(super) fn new(out: &'a mut W, json: bool) -> Self {
        Self { out, json }
    }

    /// Shows what each rule decides on an event.
    pub(super) fn event(
        &mut self,
        fact: &Fact,
        position: Position,
        traces: &[impl AsRef<Trace>],
    ) -> io::Result<()> {
        if self.json {
            for trace in traces {
                let object = object(trace.as_ref(), position);
                writeln!(self.out, "{}", TerminalSafeJson(object))?;
            }
            return Ok(());
        }
        let position = match position {
            Position::Byte(offset) => format!("at byte {offset}"),
            Position::Number(number) => format!("(object {number})"),
        };
        writeln!(self.out, "{} {position}", TerminalSafe(fact.name()))?;
        for trace in traces {
            let trace = trace.as_ref();
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
        if self.json {
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
