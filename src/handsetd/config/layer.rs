//! One source of settings, and how it overrides those below it.

use ::config::{Map, Value, ValueKind};

/// The settings of one file, or of the environment. The origin of each value is its place there.
pub(super) struct Layer(pub(super) Map<String, Value>);

/// Lays the layers over each other, in order.
///
/// The builder of `config` would do so twice, which loses the origins of tables and takes the dots of quoted
/// keys for paths.
pub(super) fn merge(layers: Vec<Layer>) -> Map<String, Value> {
    let mut merged = Value::from(Map::<String, Value>::new());
    for Layer(upper) in layers {
        overlay(&mut merged, upper.into());
    }
    match merged.kind {
        ValueKind::Table(table) => table,
        _ => Map::new(),
    }
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
