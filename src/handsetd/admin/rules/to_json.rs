//! Rules and traces as JSON objects.

use std::time::SystemTime;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::events::RuleStatus;
use crate::history::{History, without_secrets};
use crate::rules::{Outline, Run, RunState, Step, StepRecord, Trace};

/// Returns a rule without its traces. `on` is written as in the configuration: one name, or a list.
pub(in crate::admin) fn rule(rule: &RuleStatus) -> Value {
    let counters = rule.counters;
    let on = match rule.on.as_slice() {
        [] => Value::Null,
        [name] => Value::from(name.as_str()),
        names => Value::from(names),
    };
    json!({
        "name": rule.name,
        "on": on,
        "schedule": rule.schedule,
        "fired": counters.fired,
        "limited": counters.limited,
        "skipped": counters.skipped,
        "failed": counters.failed,
        "unmet": counters.unmet,
        "echoed": counters.echoed,
        "runs_failed": counters.runs_failed,
        "runs_cancelled": counters.runs_cancelled,
        "last": rule.last_fired.map(time),
        "warnings": rule.warnings,
    })
}

/// Returns what a rule decided on an event. Passwords are redacted, and texts left out as in the
/// `history`.
pub(in crate::admin) fn trace(trace: &Trace, history: &History) -> Value {
    let values = trace.seen.iter().map(|seen| {
        let value = seen.value.as_deref().map(without_secrets);
        (seen.name.clone(), json!(value))
    });
    let run = trace.run();
    // Before the steps: once the run has ended, they are complete.
    let run_state = run.map(|run| state(run.record.state()));
    json!({
        "rule": &*trace.rule,
        "event": trace.event,
        "server": trace.server,
        "at": time(trace.at),
        "fires": run.is_some(),
        "verdict": trace.verdict.name(),
        "why": without_secrets(&trace.to_string()),
        "values": values.collect::<Map<_, _>>(),
        "key": run.and_then(|run| run.key.as_deref()),
        "steps": run.map_or_else(Vec::new, |run| steps(run, history)),
        "run": run_state,
    })
}

/// Returns a run that has ended, redacted likewise.
pub(super) fn run(run: &Run, history: &History) -> Value {
    json!({
        "rule": &*run.rule,
        "event": &*run.event,
        "server": run.server,
        "at": humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
        "key": run.key,
        "steps": steps(run, history),
        "run": state(run.record.state()),
    })
}

fn steps(run: &Run, history: &History) -> Vec<Value> {
    let taken = run.record.steps();
    let steps = run.steps.iter().enumerate();
    let steps = steps.map(|(index, step)| self::step(step, taken.get(index), history));
    steps.collect()
}

/// Returns a step, and what it has come to if it is over.
fn step(step: &Step, taken: Option<&StepRecord>, history: &History) -> Value {
    let filled = taken.and_then(|taken| taken.outline.clone());
    let outline = filled.unwrap_or_else(|| Outline::from(step));
    let (kind, main) = outline.main();
    let keys = outline.texts();
    let mut object = json!({
        kind: without_secrets(main),
        "keys": history.keys_to_json(&keys),
    });
    if let Some(id) = &step.id {
        object["id"] = json!(**id);
    }
    if let Some(condition) = &step.condition {
        object["if"] = json!(**condition);
    }
    if let Some(taken) = taken {
        object["status"] = json!(taken.status.word());
        object["reason"] = history.reason_to_json(&taken.reason, &keys);
        object["took_ms"] = json!(u64::try_from(taken.took.as_millis()).unwrap_or(u64::MAX));
        if let Some(http) = taken.http {
            object["http"] = json!(http);
        }
    }
    object
}

fn state(state: RunState) -> Value {
    let reason = match state {
        RunState::Cancelled(why) => Some(why.to_string()),
        _ => None,
    };
    json!({"state": state.word(), "reason": reason})
}

/// Returns an instant as RFC 3339, by the system clock.
fn time(at: Instant) -> Option<String> {
    let at = SystemTime::now().checked_sub(at.elapsed())?;
    Some(humantime::format_rfc3339_millis(at).to_string())
}
