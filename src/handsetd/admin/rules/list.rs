//! The rules of a daemon.

use serde::{Deserialize, Serialize};

use super::to_json::RuleRow;
use crate::admin::daemons::Question;
use crate::admin::question::LocalQuestion;
use crate::admin::state::Services;

/// Asks for the rules, in order of the configuration.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct ListRules {}

impl Question for ListRules {
    const NAME: &'static str = "rules";
    type Answer = Vec<RuleRow>;
}

impl LocalQuestion for ListRules {
    async fn here(self, services: &Services) -> Vec<RuleRow> {
        let rules = services.rules.statuses().await;
        rules.iter().map(RuleRow::of).collect()
    }
}
