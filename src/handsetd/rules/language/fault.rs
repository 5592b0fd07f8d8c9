//! A fault in the text of an expression or a template, and where it is.

use std::fmt;

/// What is wrong with a text, displayed as `what is wrong (column 7: the text from there)`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    text: String,
    /// Line and column, counted from 1, in characters.
    line: usize,
    column: usize,
    is_single_line: bool,
    /// The text at the fault.
    excerpt: String,
}

impl Fault {
    /// Creates a fault at byte `offset` of `source`.
    pub(super) fn new(source: &str, offset: usize, text: impl Into<String>) -> Self {
        let offset = source.floor_char_boundary(offset);
        let (before, after) = source.split_at_checked(offset).unwrap_or((source, ""));
        let line = before.rsplit('\n').next().unwrap_or_default();
        let rest = after.lines().next().unwrap_or_default();
        let mut excerpt: String = rest.chars().take(MAX_EXCERPT).collect();
        if excerpt.len() < rest.len() {
            excerpt.push('…');
        }
        Self {
            text: text.into(),
            line: before.matches('\n').count().saturating_add(1),
            column: line.chars().count().saturating_add(1),
            is_single_line: !source.trim_end().contains('\n'),
            excerpt,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (", self.text)?;
        if !self.is_single_line {
            write!(f, "line {}, ", self.line)?;
        }
        write!(f, "column {}", self.column)?;
        match &*self.excerpt {
            "" => f.write_str(", at the end)"),
            excerpt => write!(f, ": {excerpt})"),
        }
    }
}

impl std::error::Error for Fault {}

/// How much of the text is shown, in characters.
const MAX_EXCERPT: usize = 40;
