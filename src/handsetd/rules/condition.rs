//! The `when` of a rule: an expression, compiled once.

use minijinja::Expression;

use super::context::Context;
use super::error::Error;
use super::scope::{ENVIRONMENT, Names, Vocabulary, check_limits, scope};
use super::trace::EventValue;

/// A compiled condition. Truth follows Jinja: an empty text and 0 are false.
pub(super) struct Condition {
    text: String,
    expression: Expression<'static, 'static>,
    names: Names,
}

impl Condition {
    /// Compiles `text`.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        check_limits(text)?;
        let expression = ENVIRONMENT.compile_expression_owned(text.to_owned())?;
        let names = Names::parse(
            Vocabulary::Rule,
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

    /// Evaluates the condition. A missing value is an error.
    pub(super) fn is_met(&self, context: &Context<'_>) -> Result<bool, Error> {
        let fact = context.fact;
        let value = self.expression.eval(scope(context));
        let value = value.map_err(|error| self.names.explain(error, fact))?;
        if value.is_undefined() {
            return Err(self.names.missing_values(fact));
        }
        Ok(value.is_true())
    }

    /// Returns the names that it mentions.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Returns the source text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the values that the condition mentions, as found in `context`.
    pub(super) fn seen(&self, context: &Context<'_>) -> Vec<EventValue> {
        self.names
            .of(context.fact)
            .map(|(name, value)| EventValue::new(name, value))
            .collect()
    }
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Condition").field(&self.text).finish()
    }
}
