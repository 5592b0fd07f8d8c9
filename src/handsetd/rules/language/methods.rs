//! The methods of Python's strings, lists and maps.
//!
//! They are our own, since those of `minijinja-contrib` are half as many, and few of them bounded.

mod error;
mod list;
mod map;
mod text;

use minijinja::value::ValueKind;
use minijinja::{Environment, ErrorKind};

/// Adds the methods to an environment.
pub(super) fn extend(environment: &mut Environment<'static>) {
    environment.set_unknown_method_callback(|_, value, name, arguments| match value.kind() {
        ValueKind::String => text::call(value.as_str().unwrap_or_default(), name, arguments),
        ValueKind::Seq | ValueKind::Iterable => list::call(value, name, arguments),
        ValueKind::Map => map::call(value, name, arguments),
        _ => Err(ErrorKind::UnknownMethod.into()),
    });
}
