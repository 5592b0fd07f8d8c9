//! The `when` of a rule: an expression, compiled once.

use minijinja::Expression;

use super::error::Error;
use super::fact::Fact;
use super::scope::{ENVIRONMENT, Names, scope, survivable};
use super::trace::Seen;

/// A condition. What counts as true is what Jinja takes for it: neither an empty text nor 0.
pub(super) struct Condition {
    text: String,
    expression: Expression<'static, 'static>,
    names: Names,
}

impl Condition {
    /// Compiles `text`.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        survivable(text)?;
        let expression = ENVIRONMENT.compile_expression_owned(text.to_owned())?;
        let names = Names::parse(
            text,
            expression.undeclared_variables(false),
            expression.undeclared_variables(true),
        )?;
        Ok(Self {
            text: text.to_owned(),
            expression,
            names,
        })
    }

    /// Returns whether the fact meets it; a value that is not there is an error.
    pub(super) fn is_met(&self, fact: &Fact) -> Result<bool, Error> {
        let value = self.expression.eval(scope(fact));
        let value = value.map_err(|error| self.names.explain(error, fact))?;
        if value.is_undefined() {
            return Err(self.names.lacking(fact));
        }
        Ok(value.is_true())
    }

    /// Returns the condition as it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the values that it names, as the fact has them.
    pub(super) fn seen(&self, fact: &Fact) -> Vec<Seen> {
        self.names
            .of(fact)
            .map(|(name, value)| Seen::new(name, value))
            .collect()
    }
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Condition").field(&self.text).finish()
    }
}
