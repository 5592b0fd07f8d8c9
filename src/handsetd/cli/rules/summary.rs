//! The last lines of a dry run: what was hidden, and which rules failed.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use crate::rules::{Trace, Verdict};
use crate::telemetry::TerminalSafe;

/// Counts what a dry run decided.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// Decisions that were not shown.
    hidden: u64,
    /// The number of events on which a rule failed, by rule.
    failed: BTreeMap<Arc<str>, u64>,
}

impl Summary {
    pub(super) fn count(&mut self, trace: &Trace, is_shown: bool) {
        if !is_shown {
            self.hidden = self.hidden.saturating_add(1);
        }
        if matches!(trace.verdict, Verdict::Failed(_)) {
            let failed = self.failed.entry(Arc::clone(&trace.rule)).or_default();
            *failed = failed.saturating_add(1);
        }
    }

    /// Returns whether a rule failed.
    pub(super) fn has_failures(&self) -> bool {
        !self.failed.is_empty()
    }

    /// Writes what the user should know beyond the decisions that were shown.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        if self.hidden > 0 {
            let decisions = times(self.hidden, "decision");
            writeln!(
                out,
                "{decisions} of rules that wait for other events not shown; --all shows them"
            )?;
        }
        for (rule, count) in &self.failed {
            let events = times(*count, "event");
            writeln!(out, "{} failed on {events}", TerminalSafe(rule))?;
        }
        Ok(())
    }
}

fn times(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
