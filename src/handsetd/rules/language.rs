//! The language of conditions and templates: Jinja, with comparisons that suit the values of events.
//!
//! The values of an event are texts. So that `event.Cause > 100` compares numbers, a text is read with the
//! parser of minijinja, [checked](check) for names that do not exist, and [rewritten](rewrite): its
//! comparisons become calls of [`compare`]. minijinja compiles and evaluates the result.

mod ast;
mod bounded;
mod check;
mod compare;
mod constant;
mod divisibility;
mod fault;
mod kind;
mod mentions;
mod methods;
mod numbers;
mod rewrite;
mod similar;
mod syntax;
mod vocabulary;

use minijinja::Environment;

pub(super) use fault::Fault;
pub(super) use kind::{NOW, PHONE};
pub(super) use mentions::Mentions;

/// A checked text, ready to be compiled.
#[derive(Debug)]
pub(super) struct Checked {
    /// The text with other comparisons.
    pub(super) source: String,
    /// The names in it.
    pub(super) mentions: Mentions,
    /// What stands between placeholders.
    pub(super) written: String,
}

/// Adds the operators and methods of the language to an environment.
pub(super) fn extend(environment: &mut Environment<'static>) {
    bounded::extend(environment);
    compare::extend(environment);
    divisibility::extend(environment);
    methods::extend(environment);
}

/// Checks an expression; `environment` has its filters, tests and functions, `names` are its variables.
pub(super) fn expression(
    text: &str,
    environment: &Environment<'_>,
    names: &[&'static str],
) -> Result<Checked, Fault> {
    let parsed = syntax::expression(text)?;
    let mentions = check::expression(text, &parsed, environment, names)?;
    Ok(Checked {
        source: rewrite::expression(&parsed),
        mentions,
        written: String::new(),
    })
}

/// Checks a template, likewise.
pub(super) fn template(
    text: &str,
    environment: &Environment<'_>,
    names: &[&'static str],
) -> Result<Checked, Fault> {
    let parsed = syntax::template(text)?;
    let mentions = check::template(text, &parsed, environment, names)?;
    let mut written = String::new();
    ast::each_text(&parsed, &mut |raw| written.push_str(raw));
    Ok(Checked {
        source: rewrite::template(&parsed),
        mentions,
        written,
    })
}

/// Returns the fault of a variable that has no value where `text` uses it.
pub(super) fn out_of_scope(text: &str, name: &str) -> Fault {
    let offset = text.find(name).unwrap_or_default();
    Fault::new(
        text,
        offset,
        format!("{name} is assigned to only inside a block, and used outside"),
    )
}

#[cfg(test)]
mod tests;
