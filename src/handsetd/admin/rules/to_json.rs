//! Rules and traces as JSON objects.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::events::RuleStatus;
use crate::history::{History, without_secrets};
use crate::rules::{Counters, Outline, Run, RunState, Step, StepRecord, Trace};

/// A rule without its traces.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct RuleRow {
    pub(in crate::admin) name: String,
    /// The names of its events, as configured.
    pub(in crate::admin) on: Vec<String>,
    pub(in crate::admin) schedule: Option<String>,
    pub(in crate::admin) counters: Counters,
    /// When it fired last, in RFC 3339.
    pub(in crate::admin) last: Option<String>,
    /// Its last decision, in words.
    pub(in crate::admin) last_result: String,
    pub(in crate::admin) warnings: Vec<String>,
}

impl RuleRow {
    pub(in crate::admin) fn of(rule: &RuleStatus) -> Self {
        let last = rule.traces.last();
        Self {
            name: rule.name.clone(),
            on: rule.on.clone(),
            schedule: rule.schedule.clone(),
            counters: rule.counters,
            last: rule.last_fired.and_then(time),
            last_result: last.map_or_else(String::new, |trace| without_secrets(&trace.to_string())),
            warnings: rule.warnings.clone(),
        }
    }

    /// Returns the JSON object of the API. `on` is written as in the configuration: one name, or a list.
    pub(in crate::admin) fn to_json(&self, daemon: Option<&str>) -> Value {
        let counters = self.counters;
        let on = match self.on.as_slice() {
            [] => Value::Null,
            [name] => Value::from(name.as_str()),
            names => Value::from(names),
        };
        let mut object = json!({
            "name": self.name,
            "on": on,
            "schedule": self.schedule,
            "fired": counters.fired,
            "limited": counters.limited,
            "skipped": counters.skipped,
            "failed": counters.failed,
            "unmet": counters.unmet,
            "echoed": counters.echoed,
            "runs_failed": counters.runs_failed,
            "runs_cancelled": counters.runs_cancelled,
            "last": self.last,
            "warnings": self.warnings,
        });
        if let Some(daemon) = daemon {
            object["daemon"] = daemon.into();
        }
        object
    }
}

/// What a rule decided on an event, as the API has it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct TraceRow {
    pub(in crate::admin) rule: String,
    pub(in crate::admin) event: String,
    pub(in crate::admin) server: Option<String>,
    /// In RFC 3339.
    pub(in crate::admin) at: Option<String>,
    pub(in crate::admin) fires: bool,
    pub(in crate::admin) verdict: String,
    pub(in crate::admin) why: String,
    pub(in crate::admin) values: Map<String, Value>,
    pub(in crate::admin) key: Option<String>,
    /// Objects; which keys they have depends on what the step does.
    pub(in crate::admin) steps: Vec<Value>,
    pub(in crate::admin) run: Option<RunRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) daemon: Option<String>,
}

/// How a run is getting on.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct RunRow {
    pub(in crate::admin) state: String,
    pub(in crate::admin) reason: Option<String>,
}

/// Returns what a rule decided on an event. Passwords are redacted, and texts left out as in the
/// `history`.
pub(in crate::admin) fn trace(trace: &Trace, history: &History) -> TraceRow {
    let values = trace.seen.iter().map(|seen| {
        let value = seen.value.as_deref().map(without_secrets);
        (seen.name.clone(), json!(value))
    });
    let run = trace.run();
    // Before the steps: once the run has ended, they are complete.
    let run_state = run.map(|run| state(run.record.state()));
    TraceRow {
        rule: trace.rule.to_string(),
        event: trace.event.clone(),
        server: trace.server.as_ref().map(ToString::to_string),
        at: time(trace.at),
        fires: run.is_some(),
        verdict: trace.verdict.name().to_owned(),
        why: without_secrets(&trace.to_string()),
        values: values.collect(),
        key: run.and_then(|run| run.key.clone()),
        steps: run.map_or_else(Vec::new, |run| steps(run, history)),
        run: run_state,
        daemon: None,
    }
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

fn state(state: RunState) -> RunRow {
    let reason = match state {
        RunState::Cancelled(why) => Some(why.to_string()),
        _ => None,
    };
    RunRow {
        state: state.word().to_owned(),
        reason,
    }
}

/// Returns an instant as RFC 3339, by the system clock.
fn time(at: Instant) -> Option<String> {
    let at = SystemTime::now().checked_sub(at.elapsed())?;
    Some(humantime::format_rfc3339_millis(at).to_string())
}
