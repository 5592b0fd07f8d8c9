//! The `[[rule]]` sections: actions taken on events.
//!
//! Only the shape of a rule is checked here. Conditions, templates and requests are compiled by
//! [`rules`], whose errors are reported with their lines.

mod steps;

use handset_phones::phone::ServerName;

use super::diagnostic::{Diagnostic, Diagnostics, Location};
use super::media::Media;
use super::page;
use super::rule_notices;
use super::setting::{Setting, Step};
use super::unique_names::UniqueNames;
use super::validator::Validator;
use crate::page_names::PageNames;
use crate::rules::config::Rule;
use crate::rules::{Engine, Moment, RulePart, is_step, rule_test};

/// Reads the sections, whose steps may name one of `servers` and files of `media`; returns the rules, and
/// for each rule the locations of its tests.
pub(super) fn read(
    root: &mut Setting,
    servers: &[ServerName],
    pages: &PageNames,
    media: &Media,
    validator: &mut Validator,
) -> (Vec<Rule>, Vec<Vec<Location>>) {
    let list = validator.list::<Rule>(root, "rule");
    let mut names = UniqueNames::new("[[rule]]");
    let (mut rules, mut locations) = (Vec::new(), Vec::new());
    for (mut rule, section) in list {
        names.register(&section, &rule.name, validator);
        if let Some(limit) = &rule.limit {
            validator.check_duration(&section, "limit", limit.every);
        }
        if rule.steps.is_empty() && section.is_intact() {
            validator.reject(&section, "do", "must not be empty; name at least one step");
        }
        let expected = rule.tests.iter().flat_map(|test| &test.expect);
        let lists = [
            ("do", rule.steps.iter().collect::<Vec<_>>()),
            ("test", expected.collect()),
        ];
        let mut is_sound = true;
        for (key, steps) in lists {
            if !steps.into_iter().all(is_step) {
                is_sound = false;
                let text = "every element requires one of verb, wait, webhook and ami, such as \
                            verb = \"push\" or wait = \"5s\"";
                validator.reject(&section, key, text);
            }
        }
        // Where something was discarded, something else could seem to be missing.
        if is_sound && section.is_intact() {
            steps::read_secrets(&mut rule, &section, validator);
            compile(&rule, &section, validator);
            steps::check_servers(&rule, &section, servers, validator);
            page::check_rule(&rule, &section, pages, validator);
            rule_notices::report(&rule, &section, media, validator);
        }
        let location =
            |index| section.location_at(&[Step::Key("test".to_owned()), Step::Element(index)]);
        locations.push((0..rule.tests.len()).map(location).collect());
        rules.push(rule);
    }
    (rules, locations)
}

/// Reports what prevents the rule from being compiled.
fn compile(rule: &Rule, section: &Setting, validator: &mut Validator) {
    let compiled = Engine::new(std::slice::from_ref(rule));
    for error in compiled.err().unwrap_or_default() {
        let key = |name: &str| Step::Key(name.to_owned());
        let path = match &error.part {
            RulePart::Do(index, None) => vec![key("do"), Step::Element(*index)],
            RulePart::Do(index, Some(name)) => vec![key("do"), Step::Element(*index), key(name)],
            RulePart::On => vec![key("on")],
            RulePart::Per => vec![key("limit"), key("per")],
            RulePart::Schedule => vec![key("schedule")],
            RulePart::Timezone => vec![key("timezone")],
            RulePart::When => vec![key("when")],
        };
        let text = error.error.to_string();
        let diagnostic = match &error.part {
            RulePart::On => section.diagnostic_of("on", text),
            _ => section.diagnostic_at(&path, text),
        };
        validator.diagnostics.push(diagnostic);
    }
}

/// Runs the tests of `rules`, which were read from `locations`; a failed test is an error.
pub(super) fn run_tests(
    rules: &[Rule],
    locations: &[Vec<Location>],
    now: Moment,
) -> Result<(), Diagnostics> {
    let mut diagnostics = Vec::new();
    for (rule, locations) in rules.iter().zip(locations) {
        for (test, location) in rule.tests.iter().zip(locations) {
            if let Err(failure) = rule_test::run(rule, test, now) {
                let text = format!("test of {:?} failed: {failure}", rule.name);
                diagnostics.push(Diagnostic::new(location.clone(), "rule.test", text));
            }
        }
    }
    Diagnostics::from_unsorted(diagnostics).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests;
