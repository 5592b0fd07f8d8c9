//! Settings from environment variables: `HANDSETD__AGI__LISTEN` is `listen` of `[agi]`.
//!
//! Two underscores separate, because names of keys hold single ones. Lists of tables such as
//! `[[phone]]` cannot be written as variables.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use super::fault::{Fault, Notice, Origin};
use super::tree::{Content, Node};

/// The variables of a process, as [`std::env::vars_os`] gives them.
pub(super) type Variables = [(OsString, OsString)];

/// Puts the variables that concern the configuration into a tree.
pub(super) fn tree(
    variables: &Variables,
    faults: &mut Vec<Fault>,
    notices: &mut Vec<Notice>,
) -> Node {
    let named = variables
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?, value)));
    let mut ours: Vec<(&str, &OsString)> = named
        .filter(|(name, _)| name.starts_with("HANDSETD_"))
        .collect();
    ours.sort_unstable();
    let mut root = Node::table(Origin::Variable(Arc::from("environment")), "");
    for (name, value) in ours {
        let origin = Origin::Variable(Arc::from(name));
        let Some(path) = name.strip_prefix(PREFIX) else {
            misspelt(name, origin, faults, notices);
            continue;
        };
        let Some(value) = value.to_str() else {
            faults.push(Fault::new(origin, "", "is not UTF-8"));
            continue;
        };
        let keys: Vec<String> = path.split(SEPARATOR).map(str::to_ascii_lowercase).collect();
        if let Err(reason) = insert(&mut root, &keys, &origin, value) {
            faults.push(Fault::new(origin, keys.join("."), reason));
        }
    }
    root
}

/// Returns the value of one variable.
pub(super) fn value<'a>(variables: &'a Variables, name: &str) -> Option<&'a OsStr> {
    let found = variables.iter().find(|(own, _)| own == name);
    found.map(|(_, value)| value.as_os_str())
}

/// Complains of a variable that looks like a setting and is none.
///
/// Others may share the prefix, as those do that Kubernetes makes of a service called `handsetd`.
fn misspelt(name: &str, origin: Origin, faults: &mut Vec<Fault>, notices: &mut Vec<Notice>) {
    let rest = name.strip_prefix("HANDSETD_").unwrap_or(name);
    if rest.contains(SEPARATOR) {
        let text = format!("is not read; two underscores follow HANDSETD: write {PREFIX}{rest}");
        faults.push(Fault::new(origin, "", text));
    } else if let Some((section, key)) = rest.split_once('_')
        && super::SECTIONS.contains(&section.to_ascii_lowercase().as_str())
    {
        notices.push(Notice(format!(
            "{name} is not read; if it is meant to be a setting, write {PREFIX}{section}{SEPARATOR}{key}"
        )));
    }
}

fn insert(node: &mut Node, keys: &[String], origin: &Origin, value: &str) -> Result<(), String> {
    let Some((name, rest)) = keys.split_first() else {
        return Ok(());
    };
    if name.is_empty() {
        return Err("has an empty key; two underscores separate, never more".to_owned());
    }
    let key = node.key_of(name);
    let Content::Table(children) = &mut node.content else {
        return Err(format!("{} is already set as a whole", node.origin));
    };
    if !rest.is_empty() {
        let child = children
            .entry(name.clone())
            .or_insert_with(|| Node::table(origin.clone(), key));
        return insert(child, rest, origin, value);
    }
    let child = Node {
        origin: origin.clone(),
        key,
        content: Content::Text(value.to_owned()),
    };
    children.insert(name.clone(), child);
    Ok(())
}

const PREFIX: &str = "HANDSETD__";

const SEPARATOR: &str = "__";
