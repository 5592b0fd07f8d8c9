//! `handsetd.toml(5)`, from `etc/handsetd.toml`, which describes every key.
//!
//! In that file two blank lines separate the sections. A section is described before its header. Its
//! keys are described in a list before the header, or each before its line, which has its default
//! after a `#`, or an example after `# `. The keys of a table are a further list below its key, in
//! which the names are indented.

use std::fmt::Write;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::document::{Document, Term};
use crate::config::{Config, Sources};

/// Returns the page of the manual without its name.
pub(super) fn document() -> Document {
    let text = example();
    let (introduction, _) = text.split_once("\n\n\n").unwrap();
    let mut document = Document::default();
    document.heading(1, "Description");
    let introduction = paragraphs(introduction.lines()).join("\n");
    // What comes before is about the file itself.
    let (_, introduction) = introduction.split_once("No key is required").unwrap();
    for paragraph in format!("No key is required{introduction}").lines() {
        document.paragraph(paragraph);
    }
    document.terms(
        ["file", "content"],
        FILES.map(|(name, text)| Term::new(name, text)),
    );
    document.heading(1, "Sections");
    for section in sections(&text) {
        document.heading(2, &section.header);
        for paragraph in &section.description {
            document.paragraph(paragraph);
        }
        let keys = section.keys.iter();
        document.terms(
            ["key", "meaning"],
            keys.map(|key| key.term(&section.header)),
        );
        if !section.example.is_empty() {
            document.code(section.example);
        }
    }
    document.heading(1, "See also");
    document.paragraph("`handsetd`(8), `handsetd-check`(8), `handsetd-verbs`(7)");
    document
}

const FILES: [(&str, &str); 3] = [
    ("/etc/handsetd/handsetd.toml", "The configuration."),
    (
        "/etc/handsetd/conf.d/*.toml",
        "Further files, read in the order of their names.",
    ),
    (
        "HANDSETD__SECTION__KEY",
        "The environment variable of a key. Lists are separated by commas.",
    ),
];

/// A section of the file.
#[derive(Debug)]
struct Section {
    /// The header with its brackets.
    header: String,
    description: Vec<String>,
    keys: Vec<Key>,
    /// Lines that show the section, if all of it is an example.
    example: Vec<String>,
}

/// A key of a section, or of a table in it.
#[derive(Debug, Default)]
struct Key {
    /// Its name; `tls.pin` is a key of a table.
    name: String,
    text: String,
    default: Option<String>,
    example: Option<String>,
}

impl Key {
    fn term(&self, header: &str) -> Term {
        let mut text = self.text.clone();
        if !text.ends_with('.') {
            text.push('.');
        }
        let value = self.default.as_ref().or(self.example.as_ref());
        if let Some(value) = value {
            let words = words(header, &self.name, value);
            let kind = words.unwrap_or_else(|| kind(value).to_owned());
            let _ = write!(text, " Value: {kind}.");
        }
        if let Some(default) = &self.default {
            let _ = write!(text, " Default: `{default}`.");
        } else if let Some(example) = self.example.as_ref().filter(|value| *value != SECRET) {
            let _ = write!(text, " Example: `{example}`.");
        }
        let file = if self.is_secret() {
            format!(", {}_file", self.name)
        } else {
            String::new()
        };
        Term::new(format!("{}{file}", self.name), text)
    }

    /// Returns the names of the table and of its key, if it is a key of a table.
    fn nested(&self) -> Option<(&str, &str)> {
        self.name.split_once('.')
    }

    /// Whether the value may be in a file of its own.
    fn is_secret(&self) -> bool {
        self.example.as_deref() == Some(SECRET)
    }
}

/// The example of a value that is secret.
const SECRET: &str = "\"...\"";

/// Returns the words that a key can have, if the parser lists them for an unknown one.
fn words(header: &str, name: &str, value: &str) -> Option<String> {
    if !matches!(parsed(value), Some(toml::Value::String(_))) {
        return None;
    }
    let faults = faults(&format!("{header}\n{name} = \"{UNKNOWN}\"\n"));
    let fault = faults.lines().find(|line| line.contains(UNKNOWN))?;
    let (_, words) = fault.split_once("; expected ")?;
    Some(words.to_owned())
}

/// Returns what is wrong with a configuration.
fn faults(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handsetd.toml");
    fs::write(&file, text).unwrap();
    let sources = Sources {
        file,
        is_required: true,
        variables: Vec::new(),
    };
    Config::load(&sources).map_or_else(|error| error.to_string(), |_| String::new())
}

/// A name that no key and no value has.
const UNKNOWN: &str = "xxxxxxxxxxxxxxxx";

/// Describes the kind of a value.
fn kind(value: &str) -> &'static str {
    use toml::Value;

    let text = |text: &str| {
        if humantime::parse_duration(text).is_ok() {
            "a duration"
        } else if text.parse::<SocketAddr>().is_ok() {
            "`IP:PORT`"
        } else if text.starts_with("http://") {
            "a URL"
        } else {
            "a text"
        }
    };
    match parsed(value).unwrap() {
        Value::String(value) => text(&value),
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "`true` or `false`",
        Value::Array(list) => match list.first() {
            Some(Value::String(first)) if is_network(first) => "a list of networks",
            Some(Value::Table(_)) => "a list of tables",
            _ => "a list of texts",
        },
        Value::Table(_) => "a table",
        Value::Float(_) | Value::Datetime(_) => panic!("{value}"),
    }
}

fn is_network(text: &str) -> bool {
    let address = text.split_once('/').map(|(address, _)| address);
    address.is_some_and(|address| address.parse::<IpAddr>().is_ok())
}

fn parsed(value: &str) -> Option<toml::Value> {
    let table: toml::Table = format!("value = {value}").parse().ok()?;
    table.get("value").cloned()
}

fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("etc/handsetd.toml");
    fs::read_to_string(path).unwrap()
}

fn sections(text: &str) -> Vec<Section> {
    text.split("\n\n\n").skip(1).map(section).collect()
}

fn section(chunk: &str) -> Section {
    let is_header = |line: &&str| {
        let line = line.strip_prefix("# ").unwrap_or(line);
        line.starts_with('[') && line.ends_with(']') && !line.contains(' ')
    };
    let lines: Vec<&str> = chunk.trim_matches('\n').lines().collect();
    let at = lines.iter().position(is_header);
    let at = at.unwrap_or_else(|| panic!("no header in:\n{chunk}"));
    let is_example = lines[at].starts_with('#');
    let (before, after) = (&lines[..at], &lines[at..]);
    let header = lines[at].trim_start_matches("# ").to_owned();
    let (description, mut keys) = description(before, "");
    let mut example = Vec::new();
    if is_example {
        let bare = after
            .iter()
            .map(|line| line.strip_prefix("# ").unwrap_or(""));
        example = bare.map(str::to_owned).collect();
        while example.last().is_some_and(String::is_empty) {
            example.pop();
        }
        for line in &example {
            let Some((name, value)) = assignment(line) else {
                continue;
            };
            if let Some(key) = keys.iter_mut().find(|key| key.name == name) {
                key.example.get_or_insert(value);
            }
        }
        let whole: toml::Value = example.join("\n").parse::<toml::Table>().unwrap().into();
        for key in &mut keys {
            if let Some((table, name)) = key.nested() {
                key.example = nested_example(&whole, table, name);
            }
        }
    } else {
        keys.extend(described_keys(&after[1..]));
    }
    Section {
        header,
        description,
        keys,
        example,
    }
}

/// Returns the first value of a key of the table `table`, or of the tables in the list of that name; not if it
/// is a table itself.
fn nested_example(value: &toml::Value, table: &str, name: &str) -> Option<String> {
    use toml::Value;

    match value {
        Value::Array(list) => list
            .iter()
            .find_map(|inner| nested_example(inner, table, name)),
        Value::Table(keys) => {
            let direct = keys.get(table).and_then(|inner| match inner {
                Value::Array(list) => list.iter().find_map(|element| element.get(name)),
                inner => inner.get(name),
            });
            let shown = direct.filter(|value| !value.is_table() && !value.is_array());
            let mut further = keys.iter().map(|(_, inner)| inner);
            shown
                .map(ToString::to_string)
                .or_else(|| further.find_map(|inner| nested_example(inner, table, name)))
        }
        _ => None,
    }
}

/// Splits the comment before a header, or before the key `table`, into paragraphs and the list of keys.
fn description(lines: &[&str], table: &str) -> (Vec<String>, Vec<Key>) {
    let mut keys: Vec<Key> = Vec::new();
    let mut table = table.to_owned();
    let mut prose = Vec::new();
    let mut open = 0;
    for line in lines {
        let text = line.strip_prefix('#').unwrap_or_default();
        let column = text.get(1..LIST_COLUMN).unwrap_or_default();
        let names = column.trim();
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        };
        if text.get(LIST_COLUMN - 2..LIST_COLUMN) == Some("  ") {
            let body = text[LIST_COLUMN..].trim();
            if names.is_empty() && open > 0 {
                let from = keys.len() - open;
                for key in &mut keys[from..] {
                    key.text.push(' ');
                    key.text.push_str(body);
                }
                continue;
            }
            if names.split(", ").all(is_name) {
                open = names.split(", ").count();
                let is_nested = column.starts_with(NESTED);
                keys.extend(names.split(", ").map(|name| Key {
                    name: if is_nested {
                        format!("{table}.{name}")
                    } else {
                        name.to_owned()
                    },
                    text: body.to_owned(),
                    ..Key::default()
                }));
                if !is_nested {
                    names.clone_into(&mut table);
                }
                continue;
            }
        }
        open = 0;
        prose.push(*line);
    }
    (paragraphs(prose.into_iter()), keys)
}

/// Where the descriptions of a list of keys start, in characters after the `#`.
const LIST_COLUMN: usize = 22;

/// What the names of keys of a table have before them in a list.
const NESTED: &str = "  ";

/// Reads keys that are described each before its line.
fn described_keys(lines: &[&str]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut comment = Vec::new();
    for line in lines {
        let default = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
        let default = default.and_then(assignment);
        let example = line.strip_prefix("# ").and_then(assignment);
        if line.is_empty() {
            comment.clear();
        } else if let Some((name, value)) = default.clone().or(example) {
            let is_default = default.is_some();
            let (text, mut nested) = description(&comment, &name);
            comment.clear();
            let table: toml::Table = line.trim_start_matches(['#', ' ']).parse().unwrap();
            for key in &mut nested {
                let (table_name, inner) = key.nested().unwrap();
                key.example = nested_example(&table.clone().into(), table_name, inner);
            }
            keys.push(Key {
                name,
                text: text.join(" ").replace(" No default.", ""),
                default: is_default.then(|| value.clone()),
                example: (!is_default).then_some(value),
            });
            keys.append(&mut nested);
        } else {
            comment.push(*line);
        }
    }
    keys
}

/// Reads `name = value`; `None` if the line is nothing of the kind.
fn assignment(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(" = ")?;
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    // A list may continue in the next line.
    let is_open = value.ends_with('[');
    (is_name && (is_open || parsed(value).is_some())).then(|| {
        let value = if is_open { "[{}]" } else { value };
        (name.to_owned(), value.to_owned())
    })
}

/// Joins the lines of comments; a line with nothing but `#` separates paragraphs.
fn paragraphs<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in lines {
        let text = line.trim_start_matches('#').trim();
        let last = paragraphs.last_mut().unwrap();
        if text.is_empty() {
            paragraphs.push(String::new());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(text);
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

mod tests;
