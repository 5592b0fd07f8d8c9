//! The configuration before it has types: values that know where they come from.
//!
//! A [`Node`] is made from a file or from environment variables, and later ones are laid over
//! earlier ones. What the values mean is not known here. Nodes hold passwords and cannot be printed.

use std::collections::BTreeMap;

use super::fault::{Fault, Origin};

/// A value, its key and its origin.
pub(super) struct Node {
    /// Where it is.
    pub(super) origin: Origin,
    /// The keys that lead to it, joined by dots; the elements of a list have the key of the list.
    pub(super) key: String,
    /// What it is.
    pub(super) content: Content,
}

/// What a value is.
pub(super) enum Content {
    Boolean(bool),
    Float(f64),
    Integer(i64),
    List(Vec<Node>),
    /// Something that was found wrong and reported; it counts as absent from then on.
    PlanError,
    Table(BTreeMap<String, Node>),
    Text(String),
    /// A date or a time, which no key takes.
    Time,
}

impl Content {
    /// Returns what to call it in a message; the value itself may be secret.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "true or false",
            Self::Float(_) | Self::Integer(_) => "a number",
            Self::List(_) => "a list",
            Self::PlanError => "nothing",
            Self::Table(_) => "a table",
            Self::Text(_) => "a text",
            Self::Time => "a date",
        }
    }
}

/// A step down from a node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Step {
    Element(usize),
    Key(String),
}

impl Node {
    /// Creates an empty table, which is also the root of a tree.
    pub(super) fn table(origin: Origin, key: impl Into<String>) -> Self {
        Self {
            origin,
            key: key.into(),
            content: Content::Table(BTreeMap::new()),
        }
    }

    /// Returns the key of a child called `name`.
    pub(super) fn key_of(&self, name: &str) -> String {
        if self.key.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.key)
        }
    }

    /// Returns the child called `name`, if this is a table that has one.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        match &self.content {
            Content::Table(table) => table
                .get(name)
                .filter(|node| !matches!(node.content, Content::PlanError)),
            _ => None,
        }
    }

    /// Returns whether this is a table that has a child called `name`, be it wrong or not.
    pub(super) fn mentions(&self, name: &str) -> bool {
        matches!(&self.content, Content::Table(table) if table.contains_key(name))
    }

    /// Takes the child called `name` out of this table.
    pub(super) fn take(&mut self, name: &str) -> Option<Self> {
        match &mut self.content {
            Content::Table(table) => table.remove(name),
            _ => None,
        }
    }

    /// Follows `steps` as far as they lead.
    pub(super) fn follow(&self, steps: &[Step]) -> &Self {
        let Some((first, rest)) = steps.split_first() else {
            return self;
        };
        let next = match (&self.content, first) {
            (Content::Table(table), Step::Key(name)) => table.get(name),
            (Content::List(list), Step::Element(index)) => list.get(*index),
            _ => None,
        };
        next.map_or(self, |next| next.follow(rest))
    }

    /// Takes what `steps` lead to as absent from now on; returns whether it was there.
    pub(super) fn refuse(&mut self, steps: &[Step]) -> bool {
        let Some((first, rest)) = steps.split_first() else {
            let was_there = !matches!(self.content, Content::PlanError);
            self.content = Content::PlanError;
            return was_there;
        };
        let next = match (&mut self.content, first) {
            (Content::Table(table), Step::Key(name)) => table.get_mut(name),
            (Content::List(list), Step::Element(index)) => list.get_mut(*index),
            _ => None,
        };
        next.is_some_and(|next| next.refuse(rest))
    }

    /// Returns a fault of this very value.
    pub(super) fn fault(&self, text: impl Into<String>) -> Fault {
        Fault::new(self.origin.clone(), self.key.clone(), text)
    }

    /// Returns a fault of the child called `name`; of this table, if the child is missing.
    pub(super) fn fault_of(&self, name: &str, text: impl Into<String>) -> Fault {
        let origin = self.child(name).map_or(&self.origin, |node| &node.origin);
        Fault::new(origin.clone(), self.key_of(name), text)
    }

    /// Lays `later` over this node.
    ///
    /// Tables are joined key by key, and lists of tables add up, so that phones and groups can be
    /// spread over files. Of everything else, the later one counts.
    pub(super) fn overlay(&mut self, later: Self) {
        match (&mut self.content, later.content) {
            (Content::Table(mine), Content::Table(table)) => {
                for name in table.keys() {
                    mine.remove(&rival(name));
                }
                for (name, node) in table {
                    match mine.get_mut(&name) {
                        Some(own) => own.overlay(node),
                        None => drop(mine.insert(name, node)),
                    }
                }
            }
            (Content::List(mine), Content::List(list)) if all_tables(mine) && all_tables(&list) => {
                mine.extend(list);
            }
            (_, content) => {
                self.content = content;
                self.origin = later.origin;
            }
        }
    }
}

/// Returns the key that says the same in another way: a secret, or the file that holds it.
///
/// A later file may give a password where an earlier one named a file; that is no contradiction.
fn rival(name: &str) -> String {
    name.strip_suffix("_file")
        .map_or_else(|| format!("{name}_file"), ToOwned::to_owned)
}

fn all_tables(list: &[Node]) -> bool {
    let is_table = |node: &Node| matches!(node.content, Content::Table(_));
    !list.is_empty() && list.iter().all(is_table)
}
