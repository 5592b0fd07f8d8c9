//! What differs between two configurations, by key; values are omitted, since they may be secrets.

use std::collections::{BTreeMap, BTreeSet};

use ::config::{Value, ValueKind};

use super::settings::{children, tables};

/// Returns the differences, in order of section: `[agi] budget`, `[[phone]] 1003 added`,
/// `[[phone]] 1001: address, model`.
pub(super) fn changes(old: &Value, new: &Value) -> Vec<String> {
    let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = (
        children(old).into_iter().collect(),
        children(new).into_iter().collect(),
    );
    let sections: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let mut changes = Vec::new();
    for section in sections {
        section_changes(
            section,
            old.get(section).copied(),
            new.get(section).copied(),
            &mut changes,
        );
    }
    changes
}

fn section_changes(
    section: &str,
    old: Option<&Value>,
    new: Option<&Value>,
    changes: &mut Vec<String>,
) {
    let is_list = [old, new]
        .into_iter()
        .flatten()
        .any(|value| tables(value).is_some());
    if is_list {
        list_changes(section, old, new, changes);
        return;
    }
    let empty = Value::new(None, ValueKind::Table(::config::Map::new()));
    let (old, new) = (old.unwrap_or(&empty), new.unwrap_or(&empty));
    // Sections of sections, such as [vendor.cisco].
    let has_sections = [old, new].into_iter().any(|value| {
        let children = children(value);
        let is_table = |(_, child): &(&str, &Value)| matches!(child.kind, ValueKind::Table(_));
        !children.is_empty() && children.iter().all(is_table)
    });
    if has_sections {
        let names: BTreeSet<&str> = [old, new]
            .into_iter()
            .flat_map(children)
            .map(|(name, _)| name)
            .collect();
        for name in names {
            let key = format!("{section}.{name}");
            section_changes(&key, child(old, name), child(new, name), changes);
        }
        return;
    }
    let keys = changed_keys(old, new);
    if !keys.is_empty() {
        changes.push(format!("[{section}] {}", keys.join(", ")));
    }
}

fn list_changes(
    section: &str,
    old: Option<&Value>,
    new: Option<&Value>,
    changes: &mut Vec<String>,
) {
    let (old, new) = (by_name(old), by_name(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        match (old.get(name), new.get(name)) {
            (None, Some(_)) => changes.push(format!("[[{section}]] {name} added")),
            (Some(_), None) => changes.push(format!("[[{section}]] {name} removed")),
            (Some(old), Some(new)) => {
                let keys = changed_keys(old, new);
                if !keys.is_empty() {
                    changes.push(format!("[[{section}]] {name}: {}", keys.join(", ")));
                }
            }
            (None, None) => {}
        }
    }
}

/// Returns the tables of a list by their names; one without is called by its number, from 1.
fn by_name(list: Option<&Value>) -> BTreeMap<String, &Value> {
    let elements = list.and_then(tables).unwrap_or_default();
    let named = elements.iter().zip(1_usize..).map(|(element, number)| {
        let name = match child(element, "name").map(|name| &name.kind) {
            Some(ValueKind::String(name)) => name.clone(),
            _ => format!("no. {number}"),
        };
        (name, element)
    });
    named.collect()
}

/// Returns the names of the children of two tables that differ.
fn changed_keys<'a>(old: &'a Value, new: &'a Value) -> Vec<&'a str> {
    let names: BTreeSet<&str> = [old, new]
        .into_iter()
        .flat_map(children)
        .map(|(name, _)| name)
        .collect();
    let differs = |name: &&str| !is_same(child(old, name), child(new, name));
    names.into_iter().filter(differs).collect()
}

/// Returns whether two values are the same, wherever they were set.
fn is_same(old: Option<&Value>, new: Option<&Value>) -> bool {
    let (Some(old), Some(new)) = (old, new) else {
        return old.is_none() && new.is_none();
    };
    match (&old.kind, &new.kind) {
        (ValueKind::Table(_), ValueKind::Table(_)) => changed_keys(old, new).is_empty(),
        (ValueKind::Array(old), ValueKind::Array(new)) => {
            let mut pairs = old.iter().zip(new);
            old.len() == new.len() && pairs.all(|(old, new)| is_same(Some(old), Some(new)))
        }
        (old, new) => old == new,
    }
}

fn child<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match &value.kind {
        ValueKind::Table(table) => table.get(name).filter(|child| child.kind != ValueKind::Nil),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(toml: &str) -> Value {
        let table: toml::Table = toml::from_str(toml).unwrap();
        let json = serde_json::to_value(table).unwrap();
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn changes_name_sections_and_keys() {
        let old = value(
            "[agi]\nbudget = '5s'\n[vendor.snom]\npassword = 'a'\n\
             [[phone]]\nname = '1'\n[[phone]]\nname = '2'\nmodel = 'D785'\n",
        );
        let new = value(
            "[vendor.snom]\npassword = 'b'\n[vendor.cisco]\nport = 80\n\
             [[phone]]\nname = '2'\n[[phone]]\nname = '3'\n[[rule]]\non = 'Hangup'\n",
        );
        let expected = [
            "[agi] budget",
            "[[phone]] 1 removed",
            "[[phone]] 2: model",
            "[[phone]] 3 added",
            "[[rule]] no. 1 added",
            "[vendor.cisco] port",
            "[vendor.snom] password",
        ];
        assert_eq!(changes(&old, &new), expected);
        assert!(changes(&old, &old).is_empty());
    }
}
