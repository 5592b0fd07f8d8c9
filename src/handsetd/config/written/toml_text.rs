//! The settings as TOML, with origins and defaults, and without secrets.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ::config::{Value, ValueKind};
use url::Url;

use super::settings::{Settings, children, tables};
use crate::history::without_secrets;

/// The reference, which lists every key; a line `#key = value` is a default.
const REFERENCE: &str = include_str!("../../../../etc/handsetd.toml");

pub(super) fn to_toml(written: &Settings<'_>) -> String {
    let mut text = String::new();
    let mut defaults = defaults();
    let sections = children(&written.root);
    // What is written, and then the sections of which nothing is.
    for (name, section) in &sections {
        write_section(written, name, section, &mut defaults, &mut text);
    }
    for (section, keys) in defaults {
        header(&format!("[{section}]"), &mut text);
        write_defaults(&keys, &mut text);
    }
    text
}

fn write_section(
    written: &Settings<'_>,
    key: &str,
    section: &Value,
    defaults: &mut BTreeMap<String, Vec<(String, String)>>,
    text: &mut String,
) {
    if let Some(elements) = tables(section) {
        for element in elements {
            header(&format!("[[{key}]]"), text);
            for (name, value) in children(element) {
                write_value(written, key, name, value, text);
            }
        }
        return;
    }
    let is_section = |value: &Value| {
        matches!(value.kind, ValueKind::Table(_)) && !is_inline(key) || tables(value).is_some()
    };
    let (sections, values): (Vec<_>, Vec<_>) = children(section)
        .into_iter()
        .partition(|(_, value)| is_section(value));
    let mut left = defaults.remove(key).unwrap_or_default();
    left.retain(|(name, _)| !values.iter().any(|(set, _)| set == name));
    if !values.is_empty() || !left.is_empty() {
        header(&format!("[{key}]"), text);
        for (name, value) in values {
            write_value(written, key, name, value, text);
        }
        write_defaults(&left, text);
    }
    for (name, value) in sections {
        write_section(written, &format!("{key}.{name}"), value, defaults, text);
    }
}

/// Returns whether tables in this section are values, such as `tls`, rather than sections of it.
fn is_inline(section: &str) -> bool {
    section != "vendor"
}

fn header(header: &str, text: &mut String) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(header);
    text.push('\n');
}

fn write_value(
    written: &Settings<'_>,
    section: &str,
    name: &str,
    value: &Value,
    text: &mut String,
) {
    let shown = shown(written, section, name, value);
    let location = written.location(value).to_string();
    // A line break in the name of a file would end the comment.
    let location = location.escape_debug();
    let _ = writeln!(text, "{} = {shown}  # {location}", toml_key(name));
}

fn write_defaults(keys: &[(String, String)], text: &mut String) {
    for (name, value) in keys {
        let _ = writeln!(text, "{name} = {value}  # default");
    }
}

fn toml_key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        one_line(name)
    }
}

/// Returns a value on one line, without secrets.
fn shown(written: &Settings<'_>, parent: &str, name: &str, value: &Value) -> String {
    if written.is_secret(parent, name) {
        return LEFT_OUT.to_owned();
    }
    match &value.kind {
        ValueKind::Array(elements) => {
            let elements = elements
                .iter()
                .filter(|element| element.kind != ValueKind::Nil);
            let elements: Vec<_> = elements
                .map(|element| shown(written, parent, name, element))
                .collect();
            format!("[{}]", elements.join(", "))
        }
        ValueKind::Table(_) => {
            let key = format!("{parent}.{name}");
            let is_hidden = name == "headers";
            let pairs = children(value).into_iter().map(|(name, value)| {
                // They authenticate, mostly.
                let shown = if is_hidden {
                    LEFT_OUT.to_owned()
                } else {
                    shown(written, &key, name, value)
                };
                format!("{} = {shown}", toml_key(name))
            });
            let pairs: Vec<_> = pairs.collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        ValueKind::String(text) if name == "webhook" => one_line(&without_path(text)),
        ValueKind::String(text) => one_line(&without_secrets(text)),
        ValueKind::Float(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}

/// Returns a webhook's URL up to its host: what follows is as good as a password with many services.
fn without_path(url: &str) -> String {
    match Url::parse(url) {
        Ok(parsed) if parsed.has_host() => {
            let host = parsed.host_str().unwrap_or_default();
            let port = parsed.port().map(|port| format!(":{port}"));
            format!("{}://{host}{}/…", parsed.scheme(), port.unwrap_or_default())
        }
        _ => "…".to_owned(),
    }
}

/// Returns a basic string of TOML. JSON's escapes are among those of TOML.
fn one_line(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.replace('\u{7f}', "\\u007F")
}

/// Returns the defaults of the reference, by section and in its order.
fn defaults() -> BTreeMap<String, Vec<(String, String)>> {
    let mut defaults: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut section = None;
    for line in REFERENCE.lines() {
        let bare = line.trim_start_matches(['#', ' ']);
        if bare.starts_with('[') && line.trim_end().ends_with(']') {
            let name = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            // Lists of tables, and sections that are off unless they are written, have no defaults.
            section = name.filter(|name| !name.starts_with('['));
        } else if let (Some(section), Some(rest)) = (section, line.strip_prefix('#'))
            && !rest.starts_with([' ', '#'])
            && let Some((name, value)) = rest.split_once(" = ")
        {
            let pair = (name.to_owned(), value.to_owned());
            defaults.entry(section.to_owned()).or_default().push(pair);
        }
    }
    defaults
}

/// Stands for a secret.
const LEFT_OUT: &str = "\"…\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_reference() {
        let written = crate::config::Written::default();
        let text = written.to_toml();
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(table["agi"]["listen"].as_str(), Some("127.0.0.1:4573"));
        assert_eq!(table["state"]["dir"].as_str(), Some("/var/lib/handsetd"));
        // Without a default, and off unless it is written.
        assert!(table["http"].get("url").is_none(), "{text}");
        assert!(table.get("cucm").is_none(), "{text}");
        assert!(
            text.lines().all(|line| line.is_empty()
                || line.starts_with('[')
                || line.ends_with("# default"))
        );
    }

    #[test]
    fn webhooks_and_odd_texts_are_shown_safely() {
        assert_eq!(
            without_path("https://hooks.example.com:8443/services/T0/B0?token=x"),
            "https://hooks.example.com:8443/…"
        );
        assert_eq!(without_path("{{ event.Url }}"), "…");
        let odd = "a\"b\\c\nd\u{7f}\u{1b}[2J";
        let shown = one_line(odd);
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        let table: toml::Table = toml::from_str(&format!("a = {shown}")).unwrap();
        assert_eq!(table["a"].as_str(), Some(odd));
        assert_eq!(toml_key("X Key"), "\"X Key\"");
    }
}
