//! What the rules of a daemon would do with one of its recent events.

use serde::{Deserialize, Serialize};

use super::of_number;
use crate::admin::daemons::Question;
use crate::admin::question::LocalQuestion;
use crate::admin::state::Services;
use crate::history::without_secrets;
use crate::rules::{Outline, Trace};

/// Evaluates the rules, or one, for an event, and sends nothing.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct DryRun {
    /// The number of the event.
    pub(in crate::admin) number: u64,
    /// The name of the rule; empty for all.
    pub(in crate::admin) rule: String,
}

/// What was found.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct DryRunReport {
    /// The name of the event; `None` if it is no longer kept.
    pub(in crate::admin) event: Option<String>,
    pub(in crate::admin) traces: Vec<WouldDo>,
}

/// What a rule would do.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::admin) struct WouldDo {
    rule: String,
    result: String,
    fires: bool,
    #[serde(default)]
    steps: Vec<String>,
}

impl Question for DryRun {
    const NAME: &'static str = "dry-run";
    type Answer = DryRunReport;
}

impl LocalQuestion for DryRun {
    async fn here(self, services: &Services) -> DryRunReport {
        let Some(fact) = of_number(services, self.number) else {
            return DryRunReport::default();
        };
        let event = fact.name().to_owned();
        let found = services.rules.dry_run(fact).await;
        let found = found
            .iter()
            .filter(|trace| self.rule.is_empty() || *trace.rule == *self.rule);
        DryRunReport {
            event: Some(event),
            traces: found.map(|trace| would_do(trace)).collect(),
        }
    }
}

fn would_do(trace: &Trace) -> WouldDo {
    let steps = trace.run().into_iter().flat_map(|run| run.steps.iter());
    let steps = steps.map(|step| without_secrets(&Outline::from(step).to_string()));
    WouldDo {
        rule: trace.rule.to_string(),
        result: without_secrets(&trace.to_string()),
        fires: trace.run().is_some(),
        steps: steps.collect(),
    }
}
