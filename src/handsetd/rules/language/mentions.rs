//! The names in a text.

use std::collections::BTreeSet;

/// The names in a text.
#[derive(Clone, Debug, Default)]
pub(in crate::rules) struct Mentions {
    /// `Queue` for `event.Queue`, `phone.dnd`, `now.hour`.
    pub(in crate::rules) values: BTreeSet<String>,
    /// The phones: `1002` for `phones["1002"]`.
    pub(in crate::rules) phones: BTreeSet<String>,
    /// The steps.
    pub(in crate::rules) steps: BTreeSet<String>,
    /// How often `steps` is mentioned without one of them.
    pub(in crate::rules) all_steps: i32,
    /// All variables.
    pub(in crate::rules) variables: BTreeSet<String>,
}
