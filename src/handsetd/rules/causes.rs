//! Which rules led to an event.
//!
//! An event of handsetd itself, such as `handsetd.expired`, is about a delivery, and knows the rules
//! whose runs led to that: the one that requested it, the one whose delivery raised the event on which
//! that one fired, and so on. A rule that is among them does not fire, or it would go round in circles
//! with itself or with others. The delivery carries them, in the outbox as well, so that a restart does
//! not break the chain.

use std::fmt;
use std::sync::Arc;

/// Names of rules, earliest first. Cheap to clone.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Causes(Option<Arc<[Arc<str>]>>);

impl Causes {
    /// Returns whether the rule `name` must not fire: it is one of them, or they are too many.
    pub(super) fn forbid(&self, name: &str) -> bool {
        let names = self.names();
        names.len() >= MAX_CAUSES || names.iter().any(|known| &**known == name)
    }

    /// Returns them with another one, the latest.
    #[must_use]
    pub(crate) fn with(&self, name: &Arc<str>) -> Self {
        let names = self.names().iter().chain(std::iter::once(name));
        Self(Some(names.map(Arc::clone).collect()))
    }

    /// Returns them with those of `others` that are not among them.
    #[must_use]
    pub(super) fn union(&self, others: &Self) -> Self {
        let mut names = self.names().to_vec();
        for name in others.names() {
            if !names.contains(name) {
                names.push(Arc::clone(name));
            }
        }
        Self((!names.is_empty()).then(|| names.into()))
    }

    /// Returns the names.
    pub(crate) fn names(&self) -> &[Arc<str>] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl<'a> FromIterator<&'a str> for Causes {
    fn from_iter<T: IntoIterator<Item = &'a str>>(names: T) -> Self {
        let names: Arc<[Arc<str>]> = names.into_iter().map(Arc::from).collect();
        Self((!names.is_empty()).then_some(names))
    }
}

impl fmt::Display for Causes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{name}")?;
        }
        Ok(())
    }
}

/// How many rules may lead to an event on which another one fires: more than anyone chains on purpose,
/// and few enough to be kept with each delivery.
const MAX_CAUSES: usize = 16;
