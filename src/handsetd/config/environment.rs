//! Settings from environment variables: `HANDSETD__AGI__LISTEN` sets `listen` of `[agi]`.
//!
//! Two underscores separate, because keys contain single ones. Lists of tables such as `[[phone]]`
//! cannot be set by variables. The environment source of `config` is not used: it would read the
//! password `007` as the number 7, and does not know which variable a value came from.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use ::config::{Map, Value, ValueKind};

use super::diagnostic::{Diagnostic, Location, Warning};
use super::layer::Layer;
use super::origin;
use super::sections::SECTIONS;

/// The variables of a process, as [`std::env::vars_os`] returns them.
pub(super) type Variables = [(OsString, OsString)];

/// Returns the variables of this program.
pub(super) fn own(variables: &Variables) -> Vec<(OsString, OsString)> {
    let is_own = |name: &OsStr| name.as_encoded_bytes().starts_with(b"HANDSETD_");
    let own = variables.iter().filter(|(name, _)| is_own(name));
    own.cloned().collect()
}

/// Reads the variables that set something.
pub(super) fn read(
    variables: &Variables,
    diagnostics: &mut Vec<Diagnostic>,
    warnings: &mut Vec<Warning>,
) -> Layer {
    let named = variables
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?, value)));
    let mut settings: Vec<(&str, &OsString)> = named
        .filter(|(name, _)| name.starts_with("HANDSETD_"))
        .collect();
    settings.sort_unstable();
    let mut root = Map::new();
    for (name, value) in settings {
        let location = Location::Variable(Arc::from(name));
        let Some(path) = name.strip_prefix(PREFIX) else {
            check_spelling(name, location, diagnostics, warnings);
            continue;
        };
        let Some(value) = value.to_str() else {
            diagnostics.push(Diagnostic::new(location, "", "not UTF-8"));
            continue;
        };
        let keys: Vec<String> = path.split(SEPARATOR).map(str::to_ascii_lowercase).collect();
        let value = Value::new(Some(&origin::of_variable(name)), value);
        if let Err(reason) = insert(&mut root, &keys, value) {
            diagnostics.push(Diagnostic::new(location, keys.join("."), reason));
        }
    }
    Layer {
        table: root,
        ..Layer::default()
    }
}

/// Returns the value of one variable.
pub(super) fn value<'a>(variables: &'a Variables, name: &str) -> Option<&'a OsStr> {
    let found = variables.iter().find(|(own, _)| own == name);
    found.map(|(_, value)| value.as_os_str())
}

/// Reports a variable that looks like a setting and is not one.
///
/// Other programs may share the prefix: Kubernetes sets `HANDSETD_SERVICE_HOST` for a service called
/// `handsetd`.
fn check_spelling(
    name: &str,
    location: Location,
    diagnostics: &mut Vec<Diagnostic>,
    warnings: &mut Vec<Warning>,
) {
    let rest = name.strip_prefix("HANDSETD_").unwrap_or(name);
    if rest.contains(SEPARATOR) {
        let text =
            format!("ignored: HANDSETD must be followed by two underscores; use {PREFIX}{rest}");
        diagnostics.push(Diagnostic::new(location, "", text));
    } else if let Some((section, key)) = rest.split_once('_')
        && SECTIONS.contains(&section.to_ascii_lowercase().as_str())
    {
        warnings.push(Warning::new(format!(
            "{name} is ignored; if it is meant to be a setting, use {PREFIX}{section}{SEPARATOR}{key}"
        )));
    }
}

fn insert(table: &mut Map<String, Value>, keys: &[String], value: Value) -> Result<(), String> {
    let Some((name, rest)) = keys.split_first() else {
        return Ok(());
    };
    if name.is_empty() {
        return Err("empty key; separate keys by exactly two underscores".to_owned());
    }
    if rest.is_empty() {
        table.insert(name.clone(), value);
        return Ok(());
    }
    let origin = value.origin().map(ToOwned::to_owned);
    let child = table
        .entry(name.clone())
        .or_insert_with(|| Value::new(origin.as_ref(), Map::<String, Value>::new()));
    if let ValueKind::Table(children) = &mut child.kind {
        return insert(children, rest, value);
    }
    let other = origin::variable(child).unwrap_or_default();
    Err(format!("{other} already sets the whole of {name}"))
}

const PREFIX: &str = "HANDSETD__";

const SEPARATOR: &str = "__";
