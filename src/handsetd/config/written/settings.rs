//! The merged settings, and how they are walked through.

use std::collections::BTreeSet;

use ::config::{Value, ValueKind};
use handset_ami::wire::is_secret;

use crate::config::diagnostic::Location;
use crate::config::origin::{self, Files};

/// The settings of all sources, with secrets.
pub(super) struct Settings<'a> {
    pub(super) root: Value,
    pub(super) files: Files,
    /// The keys of the secrets that were read, such as `phone.password`.
    pub(super) secret_keys: &'a BTreeSet<String>,
}

impl Settings<'_> {
    pub(super) fn location(&self, value: &Value) -> Location {
        origin::locate(value, &self.files)
    }

    /// Returns whether the value of `name` below the key `parent` must not be shown.
    pub(super) fn is_secret(&self, parent: &str, name: &str) -> bool {
        let is_named_so = is_secret(name) || name.contains("token") || name.contains("action_key");
        let key = format!("{parent}.{name}");
        self.secret_keys.contains(&key) || is_named_so && !name.ends_with("_file")
    }
}

/// Returns the children of a table, in order of name; none of another value.
pub(super) fn children(value: &Value) -> Vec<(&str, &Value)> {
    let ValueKind::Table(table) = &value.kind else {
        return Vec::new();
    };
    let mut children: Vec<_> = table
        .iter()
        .filter(|(_, child)| child.kind != ValueKind::Nil)
        .map(|(name, child)| (name.as_str(), child))
        .collect();
    children.sort_by_key(|(name, _)| *name);
    children
}

/// Returns the elements of a list that holds nothing but tables.
pub(super) fn tables(value: &Value) -> Option<&[Value]> {
    let ValueKind::Array(elements) = &value.kind else {
        return None;
    };
    let is_table = |element: &Value| matches!(element.kind, ValueKind::Table(_));
    (!elements.is_empty() && elements.iter().all(is_table)).then_some(elements)
}
