//! A value of the merged configuration, together with its key and location.

use std::collections::BTreeMap;
use std::vec;

use ::config::{Map, Value, ValueKind};

use super::diagnostic::{Diagnostic, Location};
use super::layer::Layer;
use super::node::{List, Node, Origins};
use super::origin::{self, Files};

/// A value and the key that leads to it.
///
/// Values that were reported as wrong are [`ValueKind::Nil`] and count as absent from then on.
/// Settings hold passwords and cannot be printed.
pub(super) struct Setting {
    /// The keys that lead here, joined by dots; an element of a list has the key of the list.
    pub(super) key: String,
    pub(super) value: Value,
    /// At the root of a configuration: the children that are lists of tables, until they are taken.
    lists: BTreeMap<String, List>,
    files: Files,
}

/// The elements of a list, each of which becomes a setting when it is its turn.
#[derive(Default)]
pub(super) struct Elements {
    key: String,
    values: Values,
    files: Files,
}

enum Values {
    Nodes(vec::IntoIter<Node>, Origins),
    Values(vec::IntoIter<Value>),
}

impl Default for Values {
    fn default() -> Self {
        Self::Values(vec::IntoIter::default())
    }
}

impl Iterator for Elements {
    type Item = Setting;

    fn next(&mut self) -> Option<Setting> {
        let value = match &mut self.values {
            Values::Nodes(nodes, origins) => nodes.next()?.into_value(origins),
            Values::Values(values) => values.next()?,
        };
        Some(Setting {
            key: self.key.clone(),
            value,
            lists: BTreeMap::new(),
            files: self.files.clone(),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.values {
            Values::Nodes(nodes, _) => nodes.size_hint(),
            Values::Values(values) => values.size_hint(),
        }
    }
}

impl ExactSizeIterator for Elements {}

/// A step down from a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// An element of a list, counted without those that are [`ValueKind::Nil`].
    Element(usize),
    Key(String),
}

impl Setting {
    /// Creates the root of a configuration.
    pub(super) fn root(layer: Layer, files: Files) -> Self {
        Self {
            key: String::new(),
            value: layer.table.into(),
            lists: layer.lists,
            files,
        }
    }

    /// Returns the whole value, with all lists.
    pub(super) fn into_value(self) -> Value {
        let mut value = self.value;
        if let ValueKind::Table(table) = &mut value.kind {
            let lists = self.lists.into_iter();
            table.extend(lists.map(|(name, list)| (name, list.into_value())));
        }
        value
    }

    /// Returns a copy, which reading leaves as it is.
    pub(super) fn copy(&self) -> Self {
        Self {
            key: self.key.clone(),
            value: self.value.clone(),
            lists: BTreeMap::new(),
            files: self.files.clone(),
        }
    }

    /// Returns the files of the configuration.
    pub(super) fn files(&self) -> Files {
        self.files.clone()
    }

    /// Returns the full key of a child called `name`.
    pub(super) fn key_of(&self, name: &str) -> String {
        join(&self.key, name)
    }

    /// Returns the value of the child called `name`, if this is a table that has one.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        child(&self.value, name).filter(|value| value.kind != ValueKind::Nil)
    }

    /// Returns whether this is a table that has a child called `name`, valid or not.
    pub(super) fn mentions(&self, name: &str) -> bool {
        child(&self.value, name).is_some()
    }

    /// Returns whether this is the root of a configuration that has a child called `name`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.lists.contains_key(name) || self.get(name).is_some()
    }

    /// Takes the child called `name` out of this table.
    pub(super) fn take(&mut self, name: &str) -> Option<Self> {
        let key = self.key_of(name);
        let value = match (self.lists.remove(name), &mut self.value.kind) {
            (Some(list), _) => list.into_value(),
            (None, ValueKind::Table(table)) => table.swap_remove(name)?,
            (None, _) => return None,
        };
        Some(Self {
            key,
            value,
            lists: BTreeMap::new(),
            files: self.files.clone(),
        })
    }

    /// Takes the elements of the list called `name` out of the root of a configuration.
    pub(super) fn take_elements(&mut self, name: &str) -> Option<Elements> {
        let list = self.lists.remove(name)?;
        Some(Elements {
            key: self.key_of(name),
            values: Values::Nodes(list.elements.into_iter(), Origins::default()),
            files: self.files.clone(),
        })
    }

    /// Takes all children out of this table.
    pub(super) fn take_all(&mut self) -> Vec<Self> {
        let names = self.children().map(|(name, _)| name);
        let names = names.chain(self.lists.keys().map(String::as_str));
        let names: Vec<String> = names.map(ToOwned::to_owned).collect();
        names.iter().filter_map(|name| self.take(name)).collect()
    }

    /// Returns an empty table in place of an absent child called `name`.
    pub(super) fn absent(&self, name: &str) -> Self {
        let origin = self.value.origin().map(ToOwned::to_owned);
        Self {
            key: self.key_of(name),
            value: Value::new(origin.as_ref(), Map::<String, Value>::new()),
            lists: BTreeMap::new(),
            files: self.files.clone(),
        }
    }

    /// Returns the elements of this list; `None` if it is not a list.
    pub(super) fn into_elements(self) -> Option<Elements> {
        let ValueKind::Array(elements) = self.value.kind else {
            return None;
        };
        Some(Elements {
            key: self.key,
            values: Values::Values(elements.into_iter()),
            files: self.files,
        })
    }

    /// Returns the names and values of the children, if this is a table.
    pub(super) fn children(&self) -> impl Iterator<Item = (&str, &Value)> {
        let table = match &self.value.kind {
            ValueKind::Table(table) => Some(table),
            _ => None,
        };
        table
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value))
    }

    pub(super) fn is_table(&self) -> bool {
        matches!(self.value.kind, ValueKind::Table(_))
    }

    /// Returns whether nothing in this value was reported as wrong.
    pub(super) fn is_intact(&self) -> bool {
        is_intact(&self.value)
    }

    /// Returns where this value was set.
    pub(super) fn location(&self) -> Location {
        origin::locate(&self.value, &self.files)
    }

    /// Returns where the child called `name` was set; the location of this table, if it is absent.
    pub(super) fn location_of(&self, name: &str) -> Location {
        origin::locate(self.get(name).unwrap_or(&self.value), &self.files)
    }

    /// Returns whether the table at the end of `path` has a child called `name`, valid or not.
    pub(super) fn mentions_at(&self, path: &[Step], name: &str) -> bool {
        child(self.follow(path).0, name).is_some()
    }

    /// Follows `path` as far as it leads; returns the value there and its key.
    fn follow(&self, path: &[Step]) -> (&Value, String) {
        let (mut value, mut key) = (&self.value, self.key.clone());
        for step in path {
            let Some(next) = step_into(value, step) else {
                break;
            };
            value = next;
            if let Step::Key(name) = step {
                key = join(&key, name);
            }
        }
        (value, key)
    }

    /// Marks the value at the end of `path`, or the last one on the way to it, as wrong; returns
    /// whether it was not yet.
    pub(super) fn discard(&mut self, path: &[Step]) -> bool {
        discard(&mut self.value, path)
    }

    /// Returns a diagnostic of this value.
    pub(super) fn diagnostic(&self, text: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.location(), self.key.clone(), text)
    }

    /// Returns a diagnostic of the child called `name`, located at this table if it is absent.
    pub(super) fn diagnostic_of(&self, name: &str, text: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.location_of(name), self.key_of(name), text)
    }

    /// Returns a diagnostic of the absent child called `name` of the table at the end of `path`.
    pub(super) fn diagnostic_below(&self, path: &[Step], name: &str, text: &str) -> Diagnostic {
        let (table, key) = self.follow(path);
        Diagnostic::new(origin::locate(table, &self.files), join(&key, name), text)
    }

    /// Returns where the value at the end of `path` was set.
    pub(super) fn location_at(&self, path: &[Step]) -> Location {
        origin::locate(self.follow(path).0, &self.files)
    }

    /// Returns a diagnostic of the value at the end of `path`.
    pub(super) fn diagnostic_at(&self, path: &[Step], text: impl Into<String>) -> Diagnostic {
        let (value, key) = self.follow(path);
        Diagnostic::new(origin::locate(value, &self.files), key, text)
    }
}

/// Returns the noun for the kind of `value`; the value itself may be secret.
pub(super) fn kind(value: &Value) -> &'static str {
    match value.kind {
        ValueKind::Array(_) => "a list",
        ValueKind::Boolean(_) => "a boolean",
        ValueKind::Nil => "nothing",
        ValueKind::String(_) => "a string",
        ValueKind::Table(_) => "a table",
        _ => "a number",
    }
}

fn join(key: &str, name: &str) -> String {
    if key.is_empty() {
        name.to_owned()
    } else {
        format!("{key}.{name}")
    }
}

fn child<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match &value.kind {
        ValueKind::Table(table) => table.get(name),
        _ => None,
    }
}

fn step_into<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match (&value.kind, step) {
        (ValueKind::Table(table), Step::Key(name)) => table.get(name),
        (ValueKind::Array(elements), Step::Element(index)) => elements
            .iter()
            .filter(|element| element.kind != ValueKind::Nil)
            .nth(*index),
        _ => None,
    }
}

fn discard(value: &mut Value, path: &[Step]) -> bool {
    let next = match (&mut value.kind, path.first()) {
        (ValueKind::Table(table), Some(Step::Key(name))) => table.get_mut(name),
        (ValueKind::Array(elements), Some(Step::Element(index))) => elements
            .iter_mut()
            .filter(|element| element.kind != ValueKind::Nil)
            .nth(*index),
        _ => None,
    };
    if let Some(next) = next {
        return discard(next, path.get(1..).unwrap_or_default());
    }
    let was_present = value.kind != ValueKind::Nil;
    value.kind = ValueKind::Nil;
    was_present
}

fn is_intact(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Array(elements) => elements.iter().all(is_intact),
        ValueKind::Nil => false,
        ValueKind::Table(table) => table.values().all(is_intact),
        _ => true,
    }
}
