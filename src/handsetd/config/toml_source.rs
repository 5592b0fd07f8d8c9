//! Parses the text of a file into values that know their lines.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use memchr::memchr_iter;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Location};
use super::layer::Layer;
use super::node::{Keys, Node, NodeKind, Place};
use super::secret_line::may_be_secret;
use super::syntax_advice;
use super::toml_pieces::pieces;

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
    if let Some((layer, found)) = parse_pieces(order, path, text) {
        diagnostics.extend(found);
        return Some(layer);
    }
    let mut file = File::new(order, path, text);
    file.lines.enter(text);
    match DeTable::parse(text) {
        Ok(table) => {
            let layer = file.layer(table.into_inner());
            diagnostics.extend(file.diagnostics);
            Some(layer)
        }
        Err(error) => {
            diagnostics.push(file.syntax_error(&error));
            None
        }
    }
}

/// Parses a text piece by piece, one half of a long one in another thread; also returns what is wrong with values.
/// `None` if that is not the same as parsing it at once: a piece is not a document of its own, or continues
/// something other than a list of tables.
fn parse_pieces(order: usize, path: &Arc<Path>, text: &str) -> Option<(Layer, Vec<Diagnostic>)> {
    let pieces: Vec<&str> = pieces(text).collect();
    let (first, others) = pieces.split_first().unwrap_or((&"", &[]));
    let mut file = File::new(order, path, text);
    // Its lists may be written in brackets, which no header continues.
    let mut layer = file.piece(first)?;
    let middle = middle(others);
    let (near, far) = others.split_at_checked(middle)?;
    let start = near.iter().map(|piece| piece.len()).sum::<usize>() + first.len();
    let mut rest = File::new(order, path, text);
    rest.lines.before = count_lines(text.get(..start)?);
    let sections = if far.is_empty() {
        file.pieces(near)?
    } else {
        let (near, far) = thread::scope(|scope| {
            let far = thread::Builder::new().spawn_scoped(scope, || rest.pieces(far));
            (file.pieces(near), far.ok().and_then(|far| far.join().ok()?))
        });
        let mut sections = near?;
        sections.append(far?)?;
        sections
    };
    layer.add(sections)?;
    let mut diagnostics = file.diagnostics;
    diagnostics.append(&mut rest.diagnostics);
    Some((layer, diagnostics))
}

/// Returns how many pieces are about half of the text; all, if they are few.
fn middle(pieces: &[&str]) -> usize {
    if pieces.len() < MANY_PIECES {
        return pieces.len();
    }
    let whole: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut before = 0_usize;
    let ends = pieces.iter().map(|piece| {
        before = before.saturating_add(piece.len());
        before
    });
    ends.take_while(|end| *end <= whole / 2).count()
}

/// A file while it is parsed.
struct File<'a> {
    order: usize,
    path: &'a Arc<Path>,
    text: &'a str,
    lines: Lines,
    /// Those of the table that was parsed last.
    keys: Keys,
    diagnostics: Vec<Diagnostic>,
}

/// The lines of the piece of a file that is being parsed.
#[derive(Default)]
struct Lines {
    /// How many precede the piece.
    before: usize,
    /// The byte offsets of the line feeds in the piece.
    ends: Vec<usize>,
}

impl Lines {
    /// Goes on to the next piece.
    fn enter(&mut self, piece: &str) {
        self.before = self.before.saturating_add(self.ends.len());
        self.ends.clear();
        self.ends.extend(memchr_iter(b'\n', piece.as_bytes()));
    }

    /// Returns the line that holds the byte at `offset` of the piece, counted from 1.
    fn at(&self, offset: usize) -> usize {
        let before = self.ends.partition_point(|at| *at < offset);
        self.before.saturating_add(before).saturating_add(1)
    }
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

impl<'a> File<'a> {
    fn new(order: usize, path: &'a Arc<Path>, text: &'a str) -> Self {
        Self {
            order,
            path,
            text,
            lines: Lines::default(),
            keys: Keys::default(),
            diagnostics: Vec::new(),
        }
    }

    fn location(&self, line: usize) -> Location {
        Location::File {
            order: self.order,
            line,
            path: Arc::clone(self.path),
        }
    }

    /// Parses pieces that begin with headers of lists of tables.
    fn pieces(&mut self, pieces: &[&str]) -> Option<Layer> {
        let mut layer = Layer::default();
        for piece in pieces {
            layer.append(self.piece(piece)?)?;
        }
        Some(layer)
    }

    fn piece(&mut self, piece: &str) -> Option<Layer> {
        self.lines.enter(piece);
        let table = DeTable::parse(piece).ok()?;
        Some(self.layer(table.into_inner()))
    }

    fn line(&self, offset: usize) -> usize {
        self.lines.at(offset)
    }

    fn layer(&mut self, table: DeTable<'_>) -> Layer {
        let root = Key(None, "");
        let children = table.into_iter().map(|(name, value)| {
            let line = self.line(name.span().start);
            let name = name.into_inner().into_owned();
            let node = self.node(Key(Some(&root), &name), line, value);
            (name, node)
        });
        Layer::new(children)
    }

    fn table(&mut self, key: Key<'_>, table: DeTable<'_>) -> NodeKind {
        let names = || table.keys().map(|name| &**name.get_ref());
        let is_same = names().eq(self.keys.iter().map(|name| &**name));
        let keys = if is_same {
            Arc::clone(&self.keys)
        } else {
            names().map(Box::from).collect()
        };
        let children = table.into_iter().map(|(name, value)| {
            let line = self.line(name.span().start);
            self.node(Key(Some(&key), name.get_ref()), line, value)
        });
        let children = children.collect();
        self.keys = Arc::clone(&keys);
        NodeKind::Table(keys, children)
    }

    fn node(&mut self, key: Key<'_>, line: usize, value: Spanned<DeValue<'_>>) -> Node {
        let kind = match value.into_inner() {
            DeValue::Array(elements) => {
                let elements = elements.into_iter().map(|element| {
                    let line = self.line(element.span().start);
                    self.node(key, line, element)
                });
                NodeKind::Array(elements.collect())
            }
            DeValue::Boolean(value) => NodeKind::Boolean(value),
            DeValue::Datetime(_) => {
                self.invalid(key, line, "no setting is a date; put the value in quotes")
            }
            DeValue::Float(float) => match float.as_str().parse() {
                Ok(number) => NodeKind::Float(number),
                Err(_) => self.invalid(key, line, "not a number"),
            },
            DeValue::Integer(integer) => {
                match i64::from_str_radix(integer.as_str(), integer.radix()) {
                    Ok(number) => NodeKind::Integer(number),
                    Err(_) => self.invalid(key, line, "number out of range"),
                }
            }
            DeValue::String(text) => NodeKind::String(text.into_owned().into_boxed_str()),
            DeValue::Table(table) => self.table(key, table),
        };
        Node::new(Place::new(self.order, line), kind)
    }

    /// Reports a value that no setting can have; it counts as absent.
    fn invalid(&mut self, key: Key<'_>, line: usize, text: &str) -> NodeKind {
        let diagnostic = Diagnostic::new(self.location(line), key.to_string(), text);
        self.diagnostics.push(diagnostic);
        NodeKind::Nil
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

fn count_lines(text: &str) -> usize {
    memchr_iter(b'\n', text.as_bytes()).count()
}

/// How many pieces a text has at least of which one half is parsed in another thread.
const MANY_PIECES: usize = 8;

/// The longest line, in bytes, of which an excerpt is shown.
const MAX_EXCERPT: usize = 200;
