//! One source of settings, and how it overrides those below it.

use std::collections::BTreeMap;

use ::config::{Map, Value, ValueKind};

use super::node::{List, Node, Origins};

/// The settings of one file, or of the environment, or of several. The origin of each value is its place there.
#[derive(Default)]
pub(super) struct Layer {
    /// All settings but the lists.
    pub(super) table: Map<String, Value>,
    /// The lists of tables that are written in files, which are long. No name is also one of the table.
    pub(super) lists: BTreeMap<String, List>,
}

impl Layer {
    /// Creates a layer of the settings of a file.
    pub(super) fn new(settings: impl IntoIterator<Item = (String, Node)>) -> Self {
        let (mut layer, mut origins) = (Self::default(), Origins::default());
        for (name, node) in settings {
            match node.into_list() {
                Ok(list) => drop(layer.lists.insert(name, list)),
                Err(node) => drop(layer.table.insert(name, node.into_value(&mut origins))),
            }
        }
        layer
    }

    /// Appends what follows in the same file; `None` if something is there twice, unless it is a list.
    pub(super) fn append(&mut self, more: Self) -> Option<()> {
        for (name, list) in more.lists {
            match self.lists.get_mut(&name) {
                Some(known) => known.elements.extend(list.elements),
                None if self.table.contains_key(&name) => return None,
                None => drop(self.lists.insert(name, list)),
            }
        }
        for (name, value) in more.table {
            if self.lists.contains_key(&name) || self.table.insert(name, value).is_some() {
                return None;
            }
        }
        Some(())
    }

    /// Adds other settings of the same file; `None` if something is there twice.
    pub(super) fn add(&mut self, more: Self) -> Option<()> {
        let mut names = more.lists.keys().chain(more.table.keys());
        if names.any(|name| self.lists.contains_key(name) || self.table.contains_key(name)) {
            return None;
        }
        self.append(more)
    }

    /// Lays `upper` over this layer, as [`overlay`] does with tables.
    fn overlay(&mut self, upper: Self) {
        for name in upper.table.keys().chain(upper.lists.keys()) {
            let sibling = sibling_key(name);
            self.table.swap_remove(&sibling);
            self.lists.remove(&sibling);
        }
        for (name, value) in upper.table {
            self.lists.remove(&name);
            match self.table.get_mut(&name) {
                Some(own) => overlay(own, value),
                None => drop(self.table.insert(name, value)),
            }
        }
        for (name, list) in upper.lists {
            self.table.swap_remove(&name);
            match self.lists.get_mut(&name) {
                Some(below) => below.elements.extend(list.elements),
                None => drop(self.lists.insert(name, list)),
            }
        }
    }
}

/// Lays the layers over each other, in order.
///
/// The builder of `config` would do so twice, which loses the origins of tables and takes the dots of quoted
/// keys for paths.
pub(super) fn merge(layers: Vec<Layer>) -> Layer {
    let mut layers = layers.into_iter();
    let mut merged = layers.next().unwrap_or_default();
    for upper in layers {
        merged.overlay(upper);
    }
    merged
}

/// Lays `upper` over `lower`.
///
/// Tables are merged key by key, and lists of tables are concatenated, so that phones and groups
/// can be spread over files. Any other value replaces the one below.
fn overlay(lower: &mut Value, upper: Value) {
    let is_list_of_tables = all_tables(lower) && all_tables(&upper);
    match (&mut lower.kind, upper) {
        (
            ValueKind::Table(below),
            Value {
                kind: ValueKind::Table(above),
                ..
            },
        ) => {
            for name in above.keys() {
                below.swap_remove(&sibling_key(name));
            }
            for (name, value) in above {
                match below.get_mut(&name) {
                    Some(own) => overlay(own, value),
                    None => drop(below.insert(name, value)),
                }
            }
        }
        (
            ValueKind::Array(below),
            Value {
                kind: ValueKind::Array(above),
                ..
            },
        ) if is_list_of_tables => below.extend(above),
        (_, upper) => *lower = upper,
    }
}

/// Returns the key that sets the same in another way: a secret, or the file that holds it.
///
/// A later file may set a password where an earlier one named a file; that is not a contradiction.
fn sibling_key(name: &str) -> String {
    name.strip_suffix("_file")
        .map_or_else(|| format!("{name}_file"), ToOwned::to_owned)
}

fn all_tables(value: &Value) -> bool {
    let ValueKind::Array(elements) = &value.kind else {
        return false;
    };
    let is_table = |element: &Value| matches!(element.kind, ValueKind::Table(_));
    !elements.is_empty() && elements.iter().all(is_table)
}
