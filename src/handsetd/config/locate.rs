//! Turns the text of a file into a tree whose values know their lines.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Origin};
use super::tree::{Content, Node};

/// Reads the content of the file `path`, which is the `order`-th one.
///
/// A file that is no TOML gives a fault with the line in question.
pub(super) fn tree(order: usize, path: &Arc<Path>, content: &[u8]) -> Result<Node, Fault> {
    let text = str::from_utf8(content).map_err(|error| {
        let before = content.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        let path = Arc::clone(path);
        let origin = Origin::File { order, line, path };
        Fault::new(origin, "", "is not UTF-8; save the file in that encoding")
    })?;
    let lines = Lines {
        order,
        path,
        text,
        breaks: text.match_indices('\n').map(|(at, _)| at).collect(),
    };
    let table = DeTable::parse(text).map_err(|error| lines.syntax(&error))?;
    let mut root = Node::table(lines.whole(), "");
    lines.fill(&mut root, table.into_inner())?;
    Ok(root)
}

/// A file, and where the lines in it end.
struct Lines<'a> {
    order: usize,
    path: &'a Arc<Path>,
    text: &'a str,
    breaks: Vec<usize>,
}

impl Lines<'_> {
    fn whole(&self) -> Origin {
        self.origin(0)
    }

    fn origin(&self, line: usize) -> Origin {
        Origin::File {
            order: self.order,
            line,
            path: Arc::clone(self.path),
        }
    }

    /// Returns the line that holds the byte at `offset`.
    fn line(&self, offset: usize) -> usize {
        self.breaks
            .partition_point(|at| *at < offset)
            .saturating_add(1)
    }

    fn fill(&self, parent: &mut Node, table: DeTable<'_>) -> Result<(), Fault> {
        for (name, value) in table {
            let line = self.line(name.span().start);
            let name = name.into_inner().into_owned();
            let node = self.node(parent.key_of(&name), line, value)?;
            if let Content::Table(children) = &mut parent.content {
                children.insert(name, node);
            }
        }
        Ok(())
    }

    fn node(&self, key: String, line: usize, value: Spanned<DeValue<'_>>) -> Result<Node, Fault> {
        let mut node = Node {
            origin: self.origin(line),
            key,
            content: Content::Time,
        };
        node.content = match value.into_inner() {
            DeValue::Array(array) => {
                let elements = array.into_iter().map(|element| {
                    let line = self.line(element.span().start);
                    self.node(node.key.clone(), line, element)
                });
                Content::List(elements.collect::<Result<_, _>>()?)
            }
            DeValue::Boolean(value) => Content::Boolean(value),
            DeValue::Datetime(_) => Content::Time,
            DeValue::Float(float) => {
                let float = float.as_str().parse();
                Content::Float(float.map_err(|_| node.fault("is no number"))?)
            }
            DeValue::Integer(integer) => {
                let value = i64::from_str_radix(integer.as_str(), integer.radix());
                Content::Integer(value.map_err(|_| node.fault("is too large a number"))?)
            }
            DeValue::String(text) => Content::Text(text.into_owned()),
            DeValue::Table(table) => {
                let mut inner = Node::table(node.origin.clone(), node.key.clone());
                self.fill(&mut inner, table)?;
                inner.content
            }
        };
        Ok(node)
    }

    fn syntax(&self, error: &toml::de::Error) -> Fault {
        let line = error.span().map_or(0, |span| self.line(span.start));
        let mut text = format!("is not TOML: {}", error.message().replace('\n', "; "));
        if let Some(excerpt) = error.span().and_then(|span| self.excerpt(span.start)) {
            text.push('\n');
            text.push_str(&excerpt);
        }
        Fault::new(self.origin(line), "", text)
    }

    /// Shows the line with a mark below `offset`; not if it may hold a secret or is very long.
    fn excerpt(&self, offset: usize) -> Option<String> {
        let number = self.line(offset);
        let line = self.text.lines().nth(number.checked_sub(1)?)?;
        let start = self.text.get(..offset)?.rfind('\n').map_or(0, |at| at + 1);
        let column = self.text.get(start..offset)?.chars().count();
        // Variables of the environment are in capitals, and may have been copied from there.
        let lower = line.to_ascii_lowercase();
        let is_secret = SECRET_WORDS.iter().any(|word| lower.contains(word));
        let gutter = " ".repeat(number.to_string().len());
        let pad = " ".repeat(column);
        let shown = format!("  {number} | {line}\n  {gutter} | {pad}^");
        (!is_secret && line.len() <= MAX_EXCERPT).then_some(shown)
    }
}

/// What the names of keys contain whose values no message may show.
const SECRET_WORDS: [&str; 3] = ["password", "secret", "token"];

/// The longest line, in bytes, that a message shows.
const MAX_EXCERPT: usize = 200;
