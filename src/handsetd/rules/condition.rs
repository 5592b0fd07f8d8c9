//! The `when` of a rule: an expression, compiled once.

use minijinja::Expression;

use super::context::Context;
use super::error::Error;
use super::event_value::EventValue;
use super::language;
use super::names::Names;
use super::scope::{ENVIRONMENT, Scope, Vocabulary, check_length};

/// A compiled condition. Truth follows Jinja: an empty text and 0 are false.
pub(super) struct Condition {
    text: String,
    expression: Expression<'static, 'static>,
    names: Names,
}

impl Condition {
    /// Compiles `text`.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        check_length(text)?;
        let checked = language::expression(text, &ENVIRONMENT, Vocabulary::Rule.names())?;
        Ok(Self {
            text: text.to_owned(),
            expression: ENVIRONMENT.compile_expression_owned(checked.source)?,
            names: Names::from(checked.mentions),
        })
    }

    /// Evaluates the condition. A missing value is an error.
    pub(super) fn is_met(&self, context: &Context<'_>) -> Result<bool, Error> {
        let scope = Scope::new(context);
        let value = self.expression.eval(scope.names.clone());
        let value = value.map_err(|error| self.names.explain(error, context, &scope))?;
        if value.is_undefined() {
            return Err(self.names.missing(context, &scope));
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
        let values = self.names.of(context).into_iter();
        values
            .map(|(name, value)| EventValue::new(name, value.as_deref()))
            .collect()
    }
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Condition").field(&self.text).finish()
    }
}
