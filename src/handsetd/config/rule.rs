//! The `[[rule]]` sections: what is to be done when something happens.
//!
//! Only the shape is known here; what is wrong with a condition, a template or a request is asked of
//! [`rules`], and is told with its line.

use tokio::time::Instant;

use super::Config;
use super::check::Check;
use super::fault::{Fault, Faults, Origin};
use super::names::Names;
use super::tree::{Content, Node, Step};
use crate::rules::config::{Rule, Value};
use crate::rules::{self, Place};

/// Reads the sections; returns the rules, and for each the places of its tests.
pub(super) fn read(root: &mut Node, check: &mut Check) -> (Vec<Rule>, Vec<Vec<Origin>>) {
    let list = check.list::<Rule>(root, "rule");
    let mut names = Names::new("[[rule]]");
    let (mut rules, mut places) = (Vec::new(), Vec::new());
    for (rule, node) in list {
        names.claim(&node, &rule.name, check);
        if let Some(limit) = &rule.limit {
            check.duration(&node, "limit", limit.every);
        }
        if rule.actions.is_empty() {
            check.fault(&node, "do", "is empty; name at least one verb");
        }
        let expected = rule.tests.iter().flat_map(|trial| &trial.expect);
        let lists = [
            ("do", rule.actions.iter().collect::<Vec<_>>()),
            ("test", expected.collect()),
        ];
        let mut is_sound = true;
        for (key, actions) in lists {
            if actions
                .iter()
                .any(|action| !matches!(action.get("verb"), Some(Value::Text(_))))
            {
                is_sound = false;
                check.fault(
                    &node,
                    key,
                    "needs a verb in each element, such as verb = \"push\"",
                );
            }
        }
        if is_sound && is_whole(&node) {
            compile(&rule, &node, check);
        }
        let place = |index| {
            let steps = [Step::Key("test".to_owned()), Step::Element(index)];
            node.follow(&steps).origin.clone()
        };
        places.push((0..rule.tests.len()).map(place).collect());
        rules.push(rule);
    }
    (rules, places)
}

/// Returns whether nothing of the section was refused, so that nothing seems to be missing.
fn is_whole(node: &Node) -> bool {
    match &node.content {
        Content::List(list) => list.iter().all(is_whole),
        Content::Table(table) => table.values().all(is_whole),
        Content::PlanError => false,
        _ => true,
    }
}

/// Complains of what keeps the rule from being compiled.
fn compile(rule: &Rule, node: &Node, check: &mut Check) {
    let compiled = rules::Engine::new(std::slice::from_ref(rule));
    for fault in compiled.err().unwrap_or_default() {
        let key = |name: &str| Step::Key(name.to_owned());
        let steps = match &fault.place {
            Place::Do(index, None) => vec![key("do"), Step::Element(*index)],
            Place::Do(index, Some(name)) => vec![key("do"), Step::Element(*index), key(name)],
            Place::On => vec![key("on")],
            Place::Per => vec![key("limit"), key("per")],
            Place::When => vec![key("when")],
        };
        let text = fault.error.to_string();
        check.faults.push(node.follow(&steps).fault(text));
    }
}

impl Config {
    /// Runs the tests of all rules; each that fails is a fault.
    pub fn test_rules(&self, now: Instant) -> Result<(), Faults> {
        let mut faults = Vec::new();
        for (rule, places) in self.rules.iter().zip(&self.rule_tests) {
            for (trial, place) in rule.tests.iter().zip(places) {
                if let Err(failure) = rules::attempt(rule, trial, now) {
                    let text = format!("the test of {:?} fails: {failure}", rule.name);
                    faults.push(Fault::new(place.clone(), "rule.test", text));
                }
            }
        }
        Faults::of(faults).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests;
