//! The `[[rule]]` sections: actions taken on events.
//!
//! Only the shape of a rule is checked here. Conditions, templates and requests are compiled by
//! [`rules`], whose errors are reported with their lines.

mod locations;
mod steps;

use handset_phones::phone::ServerName;

use super::diagnostic::{Diagnostic, Diagnostics};
use super::header_notices;
use super::media::Media;
use super::page;
use super::rule_notices;
use super::setting::Setting;
use super::unique_names::UniqueNames;
use super::validator::Validator;
use crate::page_names::PageNames;
use crate::rules::config::Rule;
use crate::rules::{Engine, Error, Moment, RulePart, rule_test};

pub(super) use locations::RuleLocations;
use locations::path_of;

/// Reads the sections, whose steps may name one of `servers` and files of `media`; returns the rules, and
/// where the parts of each are.
pub(super) fn read(
    root: &mut Setting,
    servers: &[ServerName],
    pages: &PageNames,
    media: &Media,
    validator: &mut Validator,
) -> (Vec<Rule>, Vec<RuleLocations>) {
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
        steps::check_kinds(&rule, &section, validator);
        // Where something was discarded, something else could seem to be missing.
        if section.is_intact() {
            steps::read_secrets(&mut rule, &section, validator);
            let engine = compile(&rule, &section, validator);
            steps::check_servers(&rule, &section, servers, validator);
            page::check_rule(&rule, &section, pages, validator);
            let index = rules.len();
            rule_notices::report(&rule, index, &section, media, validator);
            for (part, text) in engine
                .iter()
                .flat_map(|engine| header_notices::doubts(&rule, engine))
            {
                let diagnostic = section.diagnostic_at(&path_of(&part), text);
                validator.warn_of_rule(index, &diagnostic);
            }
        }
        locations.push(RuleLocations::of(&rule, &section));
        rules.push(rule);
    }
    (rules, locations)
}

/// Compiles the rule, or reports what prevents that.
fn compile(rule: &Rule, section: &Setting, validator: &mut Validator) -> Option<Engine> {
    let errors = match Engine::new(std::slice::from_ref(rule)) {
        Ok(engine) => return Some(engine),
        Err(errors) => errors,
    };
    for error in errors {
        if matches!(error.error, Error::UnknownStep) {
            // It is reported already.
            continue;
        }
        for text in error.error.each() {
            let diagnostic = match &error.part {
                RulePart::On => section.diagnostic_of("on", text),
                part => section.diagnostic_at(&path_of(part), text),
            };
            validator.diagnostics.push(diagnostic);
        }
    }
    None
}

/// Runs the tests of `rules`, which were read from `locations`; a failed test is an error.
pub(super) fn run_tests(
    rules: &[Rule],
    locations: &[RuleLocations],
    now: Moment,
) -> Result<(), Diagnostics> {
    let mut diagnostics = Vec::new();
    for (rule, locations) in rules.iter().zip(locations) {
        for (test, location) in rule.tests.iter().zip(locations.tests()) {
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
