//! Our filters, and bounded versions of those whose result can be much larger than their input.
//!
//! Fuel does not bound them, as each call counts as one step. Both operands may come from an event,
//! such as the two words of a `replace`.

mod callers;
mod patterns;

use std::sync::Arc;

use minijinja::value::{Kwargs, Rest, StringInput, Value, ValueOrKwargs};
use minijinja::{Environment, Error, State, filters};

use super::limits::{MAX_ELEMENTS, MAX_REPLACED};
use super::size::{Room, check, too_large};
pub(super) use patterns::{check_pattern, check_strftime};

/// Adds our filters to an environment, and replaces the unbounded ones.
pub(super) fn bound(environment: &mut Environment<'static>) {
    environment.add_filter("endpoint", callers::endpoint);
    environment.add_filter("number", callers::number);
    environment.add_filter("regex_search", patterns::regex_search);
    environment.add_filter("batch", batch);
    environment.add_filter("format", format);
    environment.add_filter("join", join);
    environment.add_filter("replace", replace);
    environment.add_filter("slice", slice);
    environment.add_filter("split", split);
    // It has no use on a phone.
    environment.remove_filter("indent");
}

fn batch(
    state: &State<'_, '_>,
    value: Value,
    count: usize,
    fill_with: Option<Value>,
) -> Result<Value, Error> {
    fits(count, MAX_COUNT)?;
    filters::batch(state, value, count, fill_with)
}

fn slice(
    state: &State<'_, '_>,
    value: Value,
    count: usize,
    fill_with: Option<Value>,
) -> Result<Value, Error> {
    fits(count, MAX_COUNT)?;
    filters::slice(state, value, count, fill_with)
}

fn format(
    state: &mut State<'_, '_>,
    format: &Value,
    arguments: Rest<ValueOrKwargs>,
) -> Result<Value, Error> {
    let text = format.as_str().unwrap_or_default();
    // A field may name the same value as another.
    let mut room = Room::shared(text.matches('%').count());
    for argument in arguments.iter() {
        room.take(&argument.clone().into_value())?;
    }
    let numbers = text.split(|c: char| !c.is_ascii_digit());
    let is_wide = numbers.map(str::len).any(|digits| digits > MAX_DIGITS);
    // The width of `*` comes from an argument.
    if is_wide || text.contains('*') {
        return Err(too_large());
    }
    filters::format(state, format, arguments)
}

fn join(
    state: &mut State<'_, '_>,
    value: &Value,
    joiner: Option<StringInput<'_>>,
    attribute: Option<&str>,
    more: Kwargs,
) -> Result<Value, Error> {
    let length = joiner.as_ref().map_or(0, |joiner| joiner.as_str().len());
    fits(length, MAX_JOINER)?;
    check([value])?;
    filters::join(state, value, joiner, attribute, more)
}

fn replace(
    state: &mut State<'_, '_>,
    value: StringInput<'_>,
    from: StringInput<'_>,
    to: StringInput<'_>,
) -> Result<Value, Error> {
    let found = value.as_str().matches(from.as_str()).count();
    let added = found.saturating_mul(to.as_str().len());
    fits(value.as_str().len().saturating_add(added), MAX_REPLACED)?;
    filters::replace(state, value, from, to)
}

fn split(value: &Value, separator: Option<Arc<str>>, most: Option<i64>) -> Result<Value, Error> {
    let text = value.as_str().unwrap_or_default();
    let pieces = match separator.as_deref() {
        Some(separator) => text.matches(separator).count(),
        None => text.split_whitespace().count(),
    };
    fits(pieces, MAX_ELEMENTS)?;
    filters::split(value, separator, most)
}

fn fits(size: usize, most: usize) -> Result<(), Error> {
    if size > most {
        return Err(too_large());
    }
    Ok(())
}

/// Maximum of groups, and of members of a group.
const MAX_COUNT: usize = 1000;

/// Maximum of digits in a width.
const MAX_DIGITS: usize = 3;

/// The longest separator, in bytes.
const MAX_JOINER: usize = 256;

#[cfg(test)]
mod tests {
    use crate::rules::Fact;
    use crate::rules::context::testing::of;
    use crate::rules::template::Template;

    fn filled(template: &str) -> Result<String, String> {
        let long = "x".repeat(60_000);
        let values = [
            ("Long".to_owned(), long),
            ("Paused".to_owned(), "1".to_owned()),
        ];
        let fact = Fact::new("Test", values);
        let template = Template::parse(template).map_err(|error| error.to_string())?;
        let filled = template
            .fill(&of(&fact))
            .map_err(|error| error.to_string())?;
        Ok(filled.into_text())
    }

    #[test]
    fn filters_reject_results_that_multiply_their_input() {
        for template in [
            "{{ event.Long|replace('x', event.Long)|length }}",
            "{{ range(9999)|join(event.Long)|length }}",
            "{{ [1]|batch(99999999, 0)|length }}",
            "{{ [1]|slice(99999999, 0)|length }}",
            "{{ '%999999999d'|format(1)|length }}",
            "{{ '%*d'|format(999999999, 1)|length }}",
        ] {
            let error = filled(template).unwrap_err();
            assert!(error.contains("result too large"), "{template}: {error}");
        }
        assert!(filled("{{ event.Long|indent(99999999) }}").is_err());
    }

    #[test]
    fn filters_work_within_their_bounds() {
        for (template, expected) in [
            ("{{ 'a-b'|replace('-', ' ') }}", "a b"),
            ("{{ event.Long|replace('x', '')|length }}", "0"),
            ("{{ [1, 2]|join(', ') }}", "1, 2"),
            ("{{ [1, 2]|join }}", "12"),
            ("{{ '%03d'|format(event.Paused|int) }}", "001"),
            ("{{ [1, 2, 3]|batch(2)|list }}", "[[1, 2], [3]]"),
            ("{{ [1, 2, 3]|slice(3)|list }}", "[[1], [2], [3]]"),
        ] {
            assert_eq!(filled(template).as_deref(), Ok(expected), "{template}");
        }
    }
}
