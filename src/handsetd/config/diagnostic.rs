//! Diagnostics: what is wrong with a configuration, and where.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::telemetry::TerminalSafe;

/// Where a value was set.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Location {
    /// A line of a file.
    File {
        /// Position of the file among those read, counted from 0; later files override earlier ones.
        order: usize,
        /// The line, counted from 1; 0 is the file as a whole.
        line: usize,
        /// The file.
        path: Arc<Path>,
    },
    /// An environment variable, by name.
    Variable(Arc<str>),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line: 0, .. } => write!(f, "{}", path.display()),
            Self::File { path, line, .. } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// An error in the configuration, displayed as `FILE:LINE: KEY: what is wrong; what to do`.
///
/// A syntax error has an excerpt of the file on the lines below. Other control characters, which
/// may come from the file, are escaped.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Diagnostic {
    location: Location,
    key: String,
    text: String,
}

impl Diagnostic {
    /// Creates a diagnostic; `key` is empty if it concerns no single key.
    pub(super) fn new(location: Location, key: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            location,
            key: key.into(),
            text: text.into(),
        }
    }

    /// Returns where the value in question was set.
    pub fn location(&self) -> &Location {
        &self.location
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", TerminalSafe(&self.location))?;
        if !self.key.is_empty() {
            write!(f, "{}: ", TerminalSafe(&self.key))?;
        }
        for (index, line) in self.text.split('\n').enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}", TerminalSafe(line))?;
        }
        Ok(())
    }
}

/// All errors in a configuration, in the order of files and lines; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Sorts diagnostics and drops duplicates; `None` if there are none.
    pub(super) fn from_unsorted(mut diagnostics: Vec<Diagnostic>) -> Option<Self> {
        diagnostics.sort();
        diagnostics.dedup();
        (!diagnostics.is_empty()).then_some(Self(diagnostics))
    }

    /// Returns the diagnostics.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// Something in the configuration that an administrator should know and that prevents nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Warning {
    text: String,
    /// The index of the rule that it is about, if it is about one.
    rule: Option<usize>,
}

impl Warning {
    /// Returns whether it is about the rule with this index.
    pub fn is_of_rule(&self, index: usize) -> bool {
        self.rule == Some(index)
    }

    /// Creates a warning about anything but a rule.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            rule: None,
        }
    }

    /// Creates a warning about a rule, by its index.
    pub(super) fn of_rule(index: usize, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            rule: Some(index),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
