//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::telemetry::TerminalSafe;

/// The place that a value comes from.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Origin {
    /// A line of a file.
    File {
        /// When the file was read, counted from 0: later files overrule earlier ones.
        order: usize,
        /// The line, counted from 1; 0 stands for the file as a whole.
        line: usize,
        /// The file.
        path: Arc<Path>,
    },
    /// An environment variable, by its name.
    Variable(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line: 0, .. } => write!(f, "{}", path.display()),
            Self::File { path, line, .. } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// One thing that is wrong; shown as `FILE:LINE: KEY: what is wrong; what to do`.
///
/// A fault of syntax goes on with an excerpt on lines of its own. Otherwise control characters, which
/// may come from the file, are shown escaped.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Fault {
    origin: Origin,
    key: String,
    text: String,
}

impl Fault {
    /// Creates a fault; `key` is empty if it concerns no single key.
    pub(super) fn new(origin: Origin, key: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            origin,
            key: key.into(),
            text: text.into(),
        }
    }

    /// Returns where it is.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the key as the file would write it, such as `agi.budget` or `phone.mac`.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", TerminalSafe(&self.origin))?;
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

/// Everything that is wrong with a configuration, in the order of files and lines; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Puts faults in order; `None` if there are none.
    pub(super) fn of(mut faults: Vec<Fault>) -> Option<Self> {
        faults.sort();
        faults.dedup();
        (!faults.is_empty()).then_some(Self(faults))
    }

    /// Returns the faults.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Something that an administrator should know and that hinders nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice(pub(super) String);

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
