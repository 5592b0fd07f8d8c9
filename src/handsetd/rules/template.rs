//! A value in `do` or `limit.per`: a text with gaps that an event fills, compiled once.

use minijinja::Environment;

use super::error::Error;
use super::fact::Fact;
use super::scope::{ENVIRONMENT, Names, scope, survivable};

/// A template, or a text without gaps.
#[derive(Debug)]
pub(super) enum Template {
    /// It stands for itself.
    Literal(String),
    /// It has gaps.
    Compiled(Box<Compiled>),
}

/// A template with gaps; it owns an environment because a template of minijinja only borrows one.
#[derive(Debug)]
pub(super) struct Compiled {
    environment: Environment<'static>,
    names: Names,
}

impl Template {
    /// Compiles `text`.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        if !MARKS.iter().any(|mark| text.contains(mark)) {
            return Ok(Self::Literal(text.to_owned()));
        }
        // Roughly: a text in quotes may hold these marks too, and then is no error of anybody's.
        for piece in text.replace("{%", "{{").replace("%}", "}}").split("}}") {
            let expression = piece.split_once("{{").map(|(_, expression)| expression);
            survivable(expression.unwrap_or_default())?;
        }
        let mut environment = ENVIRONMENT.clone();
        environment.add_template_owned(NAME, text.to_owned())?;
        let template = environment.get_template(NAME)?;
        let names = Names::parse(
            text,
            template.undeclared_variables(false),
            template.undeclared_variables(true),
        )?;
        Ok(Self::Compiled(Box::new(Compiled { environment, names })))
    }

    /// Returns the text, if it is the same for every event.
    pub(super) fn literal(&self) -> Option<&str> {
        match self {
            Self::Compiled(_) => None,
            Self::Literal(text) => Some(text),
        }
    }

    /// Fills the gaps; a value that is not there is an error.
    pub(super) fn fill(&self, fact: &Fact) -> Result<String, Error> {
        let text = match self {
            Self::Compiled(compiled) => compiled.fill(fact)?,
            Self::Literal(text) => text.clone(),
        };
        if text.len() > MAX_TEXT {
            return Err(Error::TooLong { length: text.len() });
        }
        Ok(text)
    }
}

impl Compiled {
    fn fill(&self, fact: &Fact) -> Result<String, Error> {
        let rendered = self
            .environment
            .get_template(NAME)
            .and_then(|template| template.render(scope(fact)));
        rendered.map_err(|error| self.names.explain(error, fact))
    }
}

/// What begins a gap, a statement and a comment.
const MARKS: [&str; 3] = ["{{", "{%", "{#"];

/// What messages call a template.
const NAME: &str = "template";

/// The longest text that a template may make, in bytes; no key takes a longer one.
pub(super) const MAX_TEXT: usize = 64 * 1024;
