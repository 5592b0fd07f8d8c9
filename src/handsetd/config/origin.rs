//! Locations as the `config` crate carries them: a text at each value.

use std::path::Path;
use std::sync::Arc;

use ::config::Value;

use super::diagnostic::Location;

/// The files of a configuration, in the order in which they are read.
pub(super) type Files = Arc<[Arc<Path>]>;

/// Appends the origin of a value in a line of the file with index `order`.
pub(super) fn write_line(order: u32, line: u32, text: &mut String) {
    text.push_str(itoa::Buffer::new().format(order));
    text.push(':');
    text.push_str(itoa::Buffer::new().format(line));
}

/// Returns the origin of the value of an environment variable.
pub(super) fn of_variable(name: &str) -> String {
    format!("{VARIABLE}{name}")
}

/// Returns the name of the environment variable that `value` comes from, if it does.
pub(super) fn variable(value: &Value) -> Option<&str> {
    value.origin()?.strip_prefix(VARIABLE)
}

/// Returns where `value` was set; a value that nothing has set belongs to the main file as a whole.
pub(super) fn locate(value: &Value, files: &Files) -> Location {
    if let Some(name) = variable(value) {
        return Location::Variable(Arc::from(name));
    }
    let origin = value.origin().unwrap_or_default();
    let (order, line) = origin.split_once(':').unwrap_or_default();
    let [order, line] = [order, line].map(|number| number.parse().unwrap_or_default());
    let path = files.get(order).or_else(|| files.first());
    Location::File {
        order,
        line,
        path: path.map_or_else(|| Arc::from(Path::new("")), Arc::clone),
    }
}

/// What precedes the name of an environment variable.
const VARIABLE: char = '$';
