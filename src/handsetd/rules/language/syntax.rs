//! Reads expressions and templates, and explains syntax errors.

use minijinja::Error;
use minijinja::machinery::{parse, parse_expr};

use super::ast::{Expr, Stmt};
use super::fault::Fault;

/// Parses an expression.
pub(super) fn expression(text: &str) -> Result<Expr<'_>, Fault> {
    parse_expr(text).map_err(|error| {
        let opens = PLACEHOLDERS.iter().filter_map(|open| text.find(open));
        match opens.min() {
            Some(offset) => Fault::new(text, offset, NO_PLACEHOLDERS),
            None => explain(text, &error),
        }
    })
}

/// Parses a template.
pub(super) fn template(text: &str) -> Result<Stmt<'_>, Fault> {
    let syntax = minijinja::syntax::SyntaxConfig::default();
    parse(text, "template", syntax).map_err(|error| explain(text, &error))
}

fn explain(text: &str, error: &Error) -> Fault {
    let range = error.range().unwrap_or(text.len()..text.len());
    let detail = error.detail().unwrap_or("syntax error");
    let is_at_end = detail.starts_with("unexpected end of input");
    let offset = if is_at_end {
        text.trim_end().len()
    } else {
        // The second half of an operator that does not exist.
        let doubled = range.start.checked_sub(1).filter(|before| {
            let text = text.get(*before..).unwrap_or_default();
            ["||", "&&"]
                .iter()
                .any(|operator| text.starts_with(operator))
        });
        doubled.unwrap_or(range.start)
    };
    let rest = text.get(offset..).unwrap_or_default();
    let skipped = rest.len().saturating_sub(rest.trim_start().len());
    let offset = offset.saturating_add(skipped);
    let rest = rest.trim_start();
    let advice = ADVICE
        .iter()
        .find(|(written, _)| begins_with(rest, written))
        .map_or_else(String::new, |(_, meant)| format!("; did you mean {meant}?"));
    let detail = match detail.strip_prefix("unknown statement ") {
        Some(name) => format!("unknown statement {name}{}", statement(name)),
        None => detail.to_owned(),
    };
    Fault::new(text, offset, format!("syntax error: {detail}{advice}"))
}

/// Returns whether a text begins with an operator; a word is one in any case, but not the beginning of another.
fn begins_with(text: &str, operator: &str) -> bool {
    let Some((start, rest)) = text.split_at_checked(operator.len()) else {
        return false;
    };
    let is_word = operator.ends_with(|c: char| c.is_ascii_alphabetic());
    let goes_on = rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    start.eq_ignore_ascii_case(operator) && !(is_word && goes_on)
}

fn statement(name: &str) -> String {
    super::similar::suggestion(match name {
        "elsif" | "elseif" => Some("elif"),
        "end" => Some("endif"),
        _ => super::similar::similar(name, STATEMENTS.iter().copied()),
    })
}

/// What other languages write, and what to write here. What begins like another one precedes it.
const ADVICE: [(&str, &str); 15] = [
    ("===", "=="),
    ("=~", "the filter regex_search"),
    ("=", "=="),
    ("&&", "and"),
    ("||", "or"),
    ("<>", "!="),
    ("!", "not"),
    ("and", "and"),
    ("or", "or"),
    ("not", "not"),
    ("contains", "'part' in event.Name"),
    ("matches", "the filter regex_search"),
    ("regex", "the filter regex_search"),
    ("like", "the method startswith or the filter regex_search"),
    ("equals", "=="),
];

/// What begins a placeholder or a statement of a template.
const PLACEHOLDERS: [&str; 2] = ["{{", "{%"];

/// What is wrong with a placeholder in an expression.
pub(super) const NO_PLACEHOLDERS: &str =
    "a condition is an expression as it is; write event.Name without {{ }}";

const STATEMENTS: [&str; 17] = [
    "autoescape",
    "do",
    "elif",
    "else",
    "endautoescape",
    "endfilter",
    "endfor",
    "endif",
    "endset",
    "endwith",
    "filter",
    "for",
    "if",
    "raw",
    "endraw",
    "set",
    "with",
];
