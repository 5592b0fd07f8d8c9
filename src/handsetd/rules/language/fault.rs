//! The faults in the text of an expression or a template, and where they are.

use std::fmt;

/// What is wrong with a text, each fault displayed as `what is wrong (column 7: the text from there)`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    text: String,
    /// Line and column, counted from 1, in characters.
    line: usize,
    column: usize,
    is_single_line: bool,
    /// The text at the fault.
    excerpt: String,
    /// Further faults of the same text.
    more: Vec<Self>,
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
            more: Vec::new(),
        }
    }

    /// Returns the first of `faults` with all others; `None` if there is none.
    pub(super) fn all(faults: Vec<Self>) -> Option<Self> {
        let mut faults = faults.into_iter();
        let mut first = faults.next()?;
        first.more.extend(faults);
        Some(first)
    }

    /// Returns whether it is at the same place as another.
    pub(super) fn is_at(&self, other: &Self) -> bool {
        (self.line, self.column) == (other.line, other.column)
    }

    /// Returns each fault as text.
    pub(in crate::rules) fn each(&self) -> Vec<String> {
        let all = std::iter::once(self).chain(&self.more);
        all.map(|fault| Single(fault).to_string()).collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.each().join("; "))
    }
}

/// Displays a fault without the others.
struct Single<'a>(&'a Fault);

impl fmt::Display for Single<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = self.0;
        write!(f, "{} (", fault.text)?;
        if !fault.is_single_line {
            write!(f, "line {}, ", fault.line)?;
        }
        write!(f, "column {}", fault.column)?;
        match &*fault.excerpt {
            "" => f.write_str(", at the end)"),
            excerpt => write!(f, ": {excerpt})"),
        }
    }
}

impl std::error::Error for Fault {}

/// How much of the text is shown, in characters.
const MAX_EXCERPT: usize = 40;
