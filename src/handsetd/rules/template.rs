//! A value in `do` or `limit.per`: a template, compiled once and filled in for each event.

use std::collections::BTreeSet;

use minijinja::Environment;

use super::context::Context;
use super::error::Error;
use super::filled::{Filled, FilledWriter};
use super::language;
use super::limits::MAX_TEXT;
use super::names::Names;
use super::scope::{ENVIRONMENT, Scope, Vocabulary, check_length};

/// A template, or a text without placeholders.
#[derive(Debug)]
pub(super) enum Template {
    /// A text without placeholders.
    Literal(String),
    /// A text with placeholders.
    Compiled(Box<Compiled>),
}

/// A compiled template. It owns an environment, because templates of minijinja only borrow theirs.
#[derive(Debug)]
pub(super) struct Compiled {
    environment: Environment<'static>,
    names: Names,
    /// As its author wrote it.
    source: String,
    /// What stands between placeholders.
    written: String,
}

impl Template {
    /// Compiles a text of a rule.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_as(Vocabulary::Rule, text)
    }

    /// Compiles a text that uses the names of `vocabulary`.
    pub(super) fn parse_as(vocabulary: Vocabulary, text: &str) -> Result<Self, Error> {
        if is_literal(text) {
            return Ok(Self::Literal(text.to_owned()));
        }
        // An approximation: a quoted text may contain these marks as well.
        for piece in text.replace("{%", "{{").replace("%}", "}}").split("}}") {
            let (_, expression) = piece.split_once("{{").unwrap_or((piece, ""));
            check_length(expression)?;
        }
        let checked = language::template(text, &ENVIRONMENT, vocabulary.names())?;
        let mut environment = ENVIRONMENT.clone();
        environment.add_template_owned(NAME, checked.source)?;
        check_scopes(vocabulary, text, &environment.get_template(NAME)?)?;
        Ok(Self::Compiled(Box::new(Compiled {
            environment,
            names: Names::from(checked.mentions),
            source: text.to_owned(),
            written: checked.written,
        })))
    }

    /// Returns the text if it does not depend on the event.
    pub(super) fn literal(&self) -> Option<&str> {
        match self {
            Self::Compiled(_) => None,
            Self::Literal(text) => Some(text),
        }
    }

    /// Returns the names that it mentions.
    pub(super) fn names(&self) -> Option<&Names> {
        match self {
            Self::Compiled(compiled) => Some(&compiled.names),
            Self::Literal(_) => None,
        }
    }

    /// Returns the text, with its placeholders.
    pub(super) fn source(&self) -> String {
        match self {
            Self::Compiled(compiled) => compiled.source.clone(),
            Self::Literal(text) => text.clone(),
        }
    }

    /// Returns what the author of the rule wrote, without placeholders and statements.
    pub(super) fn written(&self) -> &str {
        match self {
            Self::Compiled(compiled) => &compiled.written,
            Self::Literal(text) => text,
        }
    }

    /// Fills in the placeholders. A missing value is an error.
    pub(super) fn fill(&self, context: &Context<'_>) -> Result<Filled, Error> {
        let filled = match self {
            Self::Compiled(compiled) => compiled.fill(context)?,
            Self::Literal(text) => Filled::written(text),
        };
        if filled.text().len() > MAX_TEXT {
            return Err(Error::TooLong);
        }
        Ok(filled)
    }
}

impl Compiled {
    fn fill(&self, context: &Context<'_>) -> Result<Filled, Error> {
        let scope = Scope::new(context);
        let mut writer = FilledWriter::default();
        let rendered = self.environment.get_template(NAME).and_then(|template| {
            template
                .render_captured_to(scope.names.clone(), &mut writer)
                .map(drop)
        });
        if writer.is_full() {
            return Err(Error::TooLong);
        }
        rendered.map_err(|error| self.names.explain(error, context, &scope))?;
        Ok(writer.finish())
    }
}

/// Refuses names that are assigned to elsewhere in the template, and not where they are used: minijinja
/// treats them as undefined values.
fn check_scopes(
    vocabulary: Vocabulary,
    text: &str,
    template: &minijinja::Template<'_, '_>,
) -> Result<(), Error> {
    let is_known = |name: &String| {
        let mut globals = ENVIRONMENT.globals();
        vocabulary.names().contains(&name.as_str()) || globals.any(|(known, _)| known == name)
    };
    let unknown: BTreeSet<String> = template
        .undeclared_variables(false)
        .into_iter()
        .filter(|name| !is_known(name))
        .collect();
    match unknown.into_iter().next() {
        Some(name) => Err(language::out_of_scope(text, &name).into()),
        None => Ok(()),
    }
}

/// Returns whether `text` has no placeholders, statements and comments.
pub(super) fn is_literal(text: &str) -> bool {
    literal_start(text).len() == text.len()
}

/// Returns what stands before the first placeholder, statement or comment.
pub(super) fn literal_start(text: &str) -> &str {
    let start = MARKS.iter().filter_map(|mark| text.find(mark)).min();
    start.and_then(|start| text.get(..start)).unwrap_or(text)
}

/// The openings of a placeholder, a statement and a comment.
const MARKS: [&str; 3] = ["{{", "{%", "{#"];

/// The name of a template in error messages.
const NAME: &str = "template";
