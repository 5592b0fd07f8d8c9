//! Parses the text of a file into values that know their lines.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use ::config::{Map, Value, ValueKind};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Location};
use super::layer::Layer;
use super::secret_line::may_be_secret;
use super::{origin, syntax_advice};

/// Parses the content of the file `path`, the one with index `order`.
///
/// A file that is not TOML yields a diagnostic with the line in question and no layer.
pub(super) fn parse(
    order: usize,
    path: &Arc<Path>,
    content: &[u8],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Layer> {
    let text = match str::from_utf8(content) {
        Ok(text) => text,
        Err(error) => {
            let before = content.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.split(|byte| *byte == b'\n').count();
            let path = Arc::clone(path);
            let location = Location::File { order, line, path };
            let text = "not UTF-8; save the file in that encoding";
            diagnostics.push(Diagnostic::new(location, "", text));
            return None;
        }
    };
    let mut file = File {
        order,
        path,
        text,
        line_ends: text.match_indices('\n').map(|(at, _)| at).collect(),
        diagnostics,
    };
    match DeTable::parse(text) {
        Ok(table) => Some(Layer(file.table(Key(None, ""), table.into_inner()))),
        Err(error) => {
            let diagnostic = file.syntax_error(&error);
            file.diagnostics.push(diagnostic);
            None
        }
    }
}

/// A file while it is parsed.
struct File<'a> {
    order: usize,
    path: &'a Arc<Path>,
    text: &'a str,
    /// The byte offsets of the line feeds.
    line_ends: Vec<usize>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// The key of a value: that of its table, and its name in there. Written out only where it is reported,
/// since files may have a hundred thousand values.
#[derive(Clone, Copy)]
struct Key<'a>(Option<&'a Self>, &'a str);

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(Some(table @ Self(Some(_), _)), name) => write!(f, "{table}.{name}"),
            Self(_, name) => f.write_str(name),
        }
    }
}

impl File<'_> {
    fn location(&self, line: usize) -> Location {
        Location::File {
            order: self.order,
            line,
            path: Arc::clone(self.path),
        }
    }

    /// Returns the line that holds the byte at `offset`, counted from 1.
    fn line(&self, offset: usize) -> usize {
        self.line_ends
            .partition_point(|at| *at < offset)
            .saturating_add(1)
    }

    fn table(&mut self, key: Key<'_>, table: DeTable<'_>) -> Map<String, Value> {
        let mut values = Map::with_capacity(table.len());
        for (name, value) in table {
            let line = self.line(name.span().start);
            let name = name.into_inner().into_owned();
            let value = self.value(Key(Some(&key), &name), line, value);
            values.insert(name, value);
        }
        values
    }

    fn value(&mut self, key: Key<'_>, line: usize, value: Spanned<DeValue<'_>>) -> Value {
        let kind = match value.into_inner() {
            DeValue::Array(elements) => {
                let elements = elements.into_iter().map(|element| {
                    let line = self.line(element.span().start);
                    self.value(key, line, element)
                });
                ValueKind::Array(elements.collect())
            }
            DeValue::Boolean(value) => ValueKind::Boolean(value),
            DeValue::Datetime(_) => {
                self.invalid(key, line, "no setting is a date; put the value in quotes")
            }
            DeValue::Float(float) => match float.as_str().parse() {
                Ok(number) => ValueKind::Float(number),
                Err(_) => self.invalid(key, line, "not a number"),
            },
            DeValue::Integer(integer) => {
                match i64::from_str_radix(integer.as_str(), integer.radix()) {
                    Ok(number) => ValueKind::I64(number),
                    Err(_) => self.invalid(key, line, "number out of range"),
                }
            }
            DeValue::String(text) => ValueKind::String(text.into_owned()),
            DeValue::Table(table) => ValueKind::Table(self.table(key, table)),
        };
        Value::new(Some(&origin::of_line(self.order, line)), kind)
    }

    /// Reports a value that no setting can have; it counts as absent.
    fn invalid(&mut self, key: Key<'_>, line: usize, text: &str) -> ValueKind {
        let diagnostic = Diagnostic::new(self.location(line), key.to_string(), text);
        self.diagnostics.push(diagnostic);
        ValueKind::Nil
    }

    fn syntax_error(&self, error: &toml::de::Error) -> Diagnostic {
        let line = error.span().map_or(0, |span| self.line(span.start));
        let message = error.message();
        let mut text = match syntax_advice::advice(self.text, line, message) {
            Some(advice) => format!("invalid TOML: {advice}"),
            None => format!("invalid TOML: {}", message.replace('\n', "; ")),
        };
        if let Some(excerpt) = error.span().and_then(|span| self.excerpt(span.start)) {
            text.push('\n');
            text.push_str(&excerpt);
        }
        Diagnostic::new(self.location(line), "", text)
    }

    /// Returns the line around `offset` with a mark below it, unless it is long or may hold a
    /// secret.
    fn excerpt(&self, offset: usize) -> Option<String> {
        let number = self.line(offset);
        let line = self.text.lines().nth(number.checked_sub(1)?)?;
        let start = self.text.get(..offset)?.rfind('\n').map_or(0, |at| at + 1);
        let column = self.text.get(start..offset)?.chars().count();
        let is_secret = may_be_secret(line);
        let gutter = " ".repeat(number.to_string().len());
        let pad = " ".repeat(column);
        let excerpt = format!("  {number} | {line}\n  {gutter} | {pad}^");
        (!is_secret && line.len() <= MAX_EXCERPT).then_some(excerpt)
    }
}

/// The longest line, in bytes, of which an excerpt is shown.
const MAX_EXCERPT: usize = 200;
