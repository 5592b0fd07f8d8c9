//! Where the parts of a `[[rule]]` are, for what is found out about them later.

use crate::config::diagnostic::{Diagnostic, Location, Warning};
use crate::config::setting::{Setting, Step};
use crate::rules::RulePart;
use crate::rules::config::Rule;

/// Where the parts of a rule are.
#[derive(Clone, Debug)]
pub(in crate::config) struct RuleLocations {
    section: Location,
    on: Location,
    per: Location,
    when: Location,
    /// The elements of `do`.
    steps: Vec<Location>,
    tests: Vec<Location>,
}

impl RuleLocations {
    /// Notes where the parts of `rule` are, which was read from `section`.
    pub(super) fn of(rule: &Rule, section: &Setting) -> Self {
        let elements = |name: &str, count: usize| {
            let path = |index| [Step::Key(name.to_owned()), Step::Element(index)];
            let locations = (0..count).map(|index| section.location_at(&path(index)));
            locations.collect::<Vec<_>>()
        };
        Self {
            section: section.location(),
            on: section.location_of("on"),
            per: section.location_at(&path_of(&RulePart::Per)),
            when: section.location_of("when"),
            steps: elements("do", rule.steps.len()),
            tests: elements("test", rule.tests.len()),
        }
    }

    /// Returns where the tests are.
    pub(super) fn tests(&self) -> &[Location] {
        &self.tests
    }

    /// Returns a warning about a part of the rule, which has this index.
    pub(in crate::config) fn warning(&self, index: usize, part: &RulePart, text: &str) -> Warning {
        let location = match part {
            RulePart::Do(step, _) => self.steps.get(*step).unwrap_or(&self.section),
            RulePart::On => &self.on,
            RulePart::Per => &self.per,
            RulePart::Schedule | RulePart::Timezone => &self.section,
            RulePart::When => &self.when,
        };
        let key = format!("rule.{part}");
        let diagnostic = Diagnostic::new(location.clone(), key, text);
        Warning::of_rule(index, diagnostic.to_string())
    }
}

/// Returns the way from a section to a part of the rule.
pub(super) fn path_of(part: &RulePart) -> Vec<Step> {
    let key = |name: &str| Step::Key(name.to_owned());
    match part {
        RulePart::Do(index, None) => vec![key("do"), Step::Element(*index)],
        RulePart::Do(index, Some(name)) => vec![key("do"), Step::Element(*index), key(name)],
        RulePart::On => vec![key("on")],
        RulePart::Per => vec![key("limit"), key("per")],
        RulePart::Schedule => vec![key("schedule")],
        RulePart::Timezone => vec![key("timezone")],
        RulePart::When => vec![key("when")],
    }
}
