//! A value in `do` or `limit.per`: a template, compiled once and filled in for each event.

use minijinja::Environment;

use super::context::Context;
use super::error::Error;
use super::filled::{Filled, FilledWriter};
use super::limits::MAX_TEXT;
use super::scope::{ENVIRONMENT, Names, Vocabulary, check_limits, scope};

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
        let mut written = String::new();
        for piece in text.replace("{%", "{{").replace("%}", "}}").split("}}") {
            let (before, expression) = piece.split_once("{{").unwrap_or((piece, ""));
            check_limits(expression)?;
            written.push_str(before);
        }
        let mut environment = ENVIRONMENT.clone();
        environment.add_template_owned(NAME, text.to_owned())?;
        let template = environment.get_template(NAME)?;
        let names = Names::parse(
            vocabulary,
            text,
            template.undeclared_variables(false),
            template.undeclared_variables(true),
        )?;
        Ok(Self::Compiled(Box::new(Compiled {
            environment,
            names,
            written,
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
            Self::Compiled(compiled) => {
                let template = compiled.environment.get_template(NAME);
                template.map_or_else(|_| String::new(), |template| template.source().to_owned())
            }
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
        let length = filled.text().len();
        if length > MAX_TEXT {
            return Err(Error::TooLong { length });
        }
        Ok(filled)
    }
}

impl Compiled {
    fn fill(&self, context: &Context<'_>) -> Result<Filled, Error> {
        let mut writer = FilledWriter::default();
        let rendered = self.environment.get_template(NAME).and_then(|template| {
            template
                .render_captured_to(scope(context), &mut writer)
                .map(drop)
        });
        rendered.map_err(|error| self.names.explain(error, context.fact))?;
        Ok(writer.finish())
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
