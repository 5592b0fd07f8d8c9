//! One source of settings, and how it overrides those below it.

use std::fmt;

use ::config::{ConfigError, Map, Source, Value, ValueKind};

/// The settings of one file, or of the environment. The origin of each value is its place there.
#[derive(Clone)]
pub(super) struct Layer(pub(super) Map<String, Value>);

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be passwords.
        f.debug_struct("Layer").finish_non_exhaustive()
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }

    fn collect_to(&self, lower: &mut Value) -> Result<(), ConfigError> {
        overlay(lower, self.0.clone().into());
        Ok(())
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
                below.remove(&sibling_key(name));
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
