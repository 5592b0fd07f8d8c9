//! The `[[rule]]` sections: what is to be done when something happens.
//!
//! Only the shape is known here; what is wrong with a condition, a template or a request is asked of
//! [`rules`], and is told with its line.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::Config;
use super::check::Check;
use super::fault::{Fault, Faults, Origin};
use super::names::Names;
use super::tree::{Content, Node, Step};
use crate::rules::{self, Place};

/// What is to be done when something happens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What people call it.
    pub name: String,
    /// The event that it waits for.
    pub on: String,
    /// The condition, if there is one.
    pub when: Option<String>,
    /// How often it may fire.
    pub limit: Option<Limit>,
    /// What it does, in order.
    #[serde(rename = "do")]
    pub actions: Vec<Values>,
    /// What happens if it fires again while it is still at it.
    #[serde(default)]
    pub mode: Mode,
    /// What it must do, as `check` tries it.
    #[serde(default, rename = "test")]
    pub tests: Vec<Trial>,
}

/// How often a rule may fire.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The shortest time between two firings.
    #[serde(with = "humantime_serde")]
    pub every: Duration,
    /// What is counted apart: a template.
    pub per: Option<String>,
}

/// What happens if a rule fires again while it is still at it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Both run.
    Parallel,
    /// The new one waits.
    #[default]
    Queued,
    /// The old one is given up.
    Restart,
    /// The new one is skipped.
    Single,
}

/// An event, and what the rule must make of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The event.
    pub event: BTreeMap<String, String>,
    /// What must be done, in order; nothing, if it is empty.
    pub expect: Vec<Values>,
    /// Where it stands.
    #[serde(skip)]
    pub origin: Option<Origin>,
}

/// The keys of a verb, and `verb` itself.
pub type Values = BTreeMap<String, Value>;

/// A value of a key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(
    untagged,
    expecting = "must be a text, a whole number, true or false, or a list of texts"
)]
pub enum Value {
    /// A template.
    Text(String),
    /// A number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// Templates, where a key repeats.
    List(Vec<String>),
}

/// Reads the sections.
pub(super) fn read(root: &mut Node, check: &mut Check) -> Vec<Rule> {
    let list = check.list::<Rule>(root, "rule");
    if !list.is_empty() {
        check.notice("[[rule]]: read, but this version does not act on rules yet");
    }
    let mut names = Names::new("[[rule]]");
    let mut rules = Vec::new();
    for (mut rule, node) in list {
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
        for (index, trial) in rule.tests.iter_mut().enumerate() {
            let steps = [Step::Key("test".to_owned()), Step::Element(index)];
            trial.origin = Some(node.follow(&steps).origin.clone());
        }
        rules.push(rule);
    }
    rules
}

/// Returns whether nothing of the section was refused, so that nothing seems to be missing.
fn is_whole(node: &Node) -> bool {
    match &node.content {
        Content::List(list) => list.iter().all(is_whole),
        Content::Table(table) => table.values().all(is_whole),
        Content::Refused => false,
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
        for rule in &self.rules {
            for trial in &rule.tests {
                let failed = rules::attempt(rule, trial, now).err();
                if let (Some(failure), Some(origin)) = (failed, trial.origin.clone()) {
                    let text = format!("the test of {:?} fails: {failure}", rule.name);
                    faults.push(Fault::new(origin, "rule.test", text));
                }
            }
        }
        Faults::of(faults).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests;
