//! Finds the rules that handle an event by its name.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::triggers::{EventPattern, Triggers};

/// Indices of rules by the events that they handle.
///
/// Exact names cost one look-up, however many rules there are; patterns are compared one by one, each
/// distinct one once. Most events are for no rule, and cost no copy of their name.
#[derive(Debug)]
pub(super) struct EventIndex {
    /// Names in lower case, sorted.
    exact: Vec<(String, Vec<usize>)>,
    patterns: Vec<(EventPattern, Vec<usize>)>,
}

impl EventIndex {
    /// Indexes the triggers of all rules, in order.
    pub(super) fn new<'a>(rules: impl Iterator<Item = &'a Triggers>) -> Self {
        let mut exact: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut patterns: HashMap<String, (EventPattern, Vec<usize>)> = HashMap::new();
        for (index, triggers) in rules.enumerate() {
            for event in triggers.events() {
                let key = event.key().to_owned();
                if event.has_wildcard() {
                    let new = || (event.clone(), Vec::new());
                    patterns.entry(key).or_insert_with(new).1.push(index);
                } else {
                    exact.entry(key).or_default().push(index);
                }
            }
        }
        Self {
            exact: exact.into_iter().collect(),
            patterns: patterns.into_values().collect(),
        }
    }

    /// Returns the indices of the rules that handle an event with these names, in order, each once.
    pub(super) fn find<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<usize> {
        let mut found = Vec::new();
        for name in names {
            let known = self.exact.binary_search_by(|(key, _)| compare(key, name));
            let exact = known.ok().and_then(|at| self.exact.get(at));
            found.extend(exact.into_iter().flat_map(|(_, rules)| rules));
            if self.patterns.is_empty() {
                continue;
            }
            let key = name.to_ascii_lowercase();
            let matching = self
                .patterns
                .iter()
                .filter(|(event, _)| event.matches(&key));
            found.extend(matching.flat_map(|(_, rules)| rules));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Compares a name in lower case with another one in lower case.
fn compare(key: &str, name: &str) -> Ordering {
    let name = name.bytes().map(|byte| byte.to_ascii_lowercase());
    key.bytes().cmp(name)
}
