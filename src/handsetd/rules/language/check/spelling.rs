//! Names of filters and tests, and what is suggested instead of unknown ones.

use crate::rules::language::kind::Kind;
use crate::rules::language::similar::{similar, suggestion};
use crate::rules::language::vocabulary::{ALIASES, FILTERS, OPERATORS, TESTS};

/// Checks the name of a filter.
pub(super) fn check_filter(name: &str) -> Result<(), String> {
    if FILTERS.contains(&name) {
        return Ok(());
    }
    let advice = match alias(name, FILTERS) {
        Some(meant) => suggestion(Some(meant)),
        None if name == "contains" => as_operator(name).unwrap_or_default(),
        None => match similar(name, FILTERS.iter().copied()) {
            Some(meant) => suggestion(Some(meant)),
            None if Kind::Text.methods().contains(&name) => {
                format!("; did you mean the method .{name}()?")
            }
            None => String::new(),
        },
    };
    Err(format!("unknown filter {name}{advice}"))
}

/// Checks the name of a test.
pub(super) fn check_test(name: &str) -> Result<(), String> {
    if TESTS.contains(&name) {
        return Ok(());
    }
    let meant = alias(name, TESTS).or_else(|| similar(name, TESTS.iter().copied()));
    Err(format!("unknown test {name}{}", suggestion(meant)))
}

/// Returns what another name stands for, if that is one of `known`; case does not matter.
fn alias(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let mut aliases = ALIASES.iter().filter(|(_, meant)| known.contains(meant));
    let found = aliases.find(|(alias, _)| alias.eq_ignore_ascii_case(name));
    found.map(|(_, meant)| *meant)
}

/// Returns a hint at the filter that is called so, or nearly so.
pub(super) fn as_filter(name: &str) -> String {
    let filter = alias(name, FILTERS).or_else(|| similar(name, FILTERS.iter().copied()));
    filter.map_or_else(String::new, |filter| {
        format!("; did you mean the filter |{filter}?")
    })
}

/// Returns a hint at the operator that does what methods of other languages do.
pub(super) fn as_operator(name: &str) -> Option<String> {
    let found = OPERATORS.iter().find(|(method, _)| *method == name);
    found.map(|(_, meant)| format!("; did you mean {meant}?"))
}
