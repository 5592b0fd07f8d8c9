//! The result of a template, and which parts of it came from a placeholder.
//!
//! What stands in the template itself was written by the author of the rule; what a `{{ … }}` outputs
//! may come from the sender of the event. Both are kept apart up to the parser of the request, where
//! an inserted `&`, `|` or `,` separates nothing: see [`Given`].

use std::cell::Cell;
use std::io;
use std::ops::Range;

use handset_phones::Given;
use minijinja::value::Value;
use minijinja::{Error, Output, State, escape_formatter};

use super::limits::MAX_TEXT;
use super::size::check;

/// The result of a template.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Filled {
    text: String,
    /// Bytes that came from a placeholder: in ascending order, neither empty nor adjacent.
    inserted: Vec<Range<usize>>,
}

impl Filled {
    /// A text that the author of the rule wrote.
    pub(super) fn written(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            inserted: Vec::new(),
        }
    }

    /// A value of an event.
    pub(super) fn inserted(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            inserted: std::iter::once(0..text.len()).collect(),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text with what was inserted replaced by `escape`.
    pub(super) fn with_inserted(&self, escape: impl Fn(&str) -> String) -> String {
        let mut text = String::with_capacity(self.text.len());
        let mut end = 0;
        for range in &self.inserted {
            text.push_str(self.text.get(end..range.start).unwrap_or_default());
            text.push_str(&escape(self.text.get(range.clone()).unwrap_or_default()));
            end = range.end;
        }
        text.push_str(self.text.get(end..).unwrap_or_default());
        text
    }

    /// Returns what was inserted.
    pub(super) fn inserted_texts(&self) -> impl Iterator<Item = &str> {
        let ranges = self.inserted.iter().cloned();
        ranges.map(|range| self.text.get(range).unwrap_or_default())
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn as_given(&self) -> Given<'_> {
        Given::with_inserted(&self.text, &self.inserted)
    }
}

/// Receives the output of a template.
#[derive(Debug, Default)]
pub(super) struct FilledWriter {
    bytes: Vec<u8>,
    inserted: Vec<Range<usize>>,
    /// Whether more was to be written than fits.
    is_full: bool,
}

impl FilledWriter {
    /// Returns whether the text exceeds [`MAX_TEXT`].
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Returns what was written.
    pub(super) fn finish(self) -> Filled {
        Filled {
            // minijinja writes whole texts.
            text: String::from_utf8_lossy(&self.bytes).into_owned(),
            inserted: self.inserted,
        }
    }
}

impl io::Write for FilledWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let start = self.bytes.len();
        if start.saturating_add(bytes.len()) > MAX_TEXT {
            self.is_full = true;
            return Err(io::Error::other("the text is too long"));
        }
        self.bytes.extend_from_slice(bytes);
        if IS_INSERTING.get() && !bytes.is_empty() {
            match self.inserted.last_mut() {
                Some(last) if last.end == start => last.end = self.bytes.len(),
                _ => self.inserted.push(start..self.bytes.len()),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

thread_local! {
    /// Whether the output of a placeholder is being written. minijinja calls the formatter, and the
    /// formatter the writer, on the thread that renders the template.
    static IS_INSERTING: Cell<bool> = const { Cell::new(false) };
}

/// Writes the value of a placeholder.
pub(super) fn format_inserted(
    output: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    check([value])?;
    let outer = IS_INSERTING.replace(true);
    let written = escape_formatter(output, state, value);
    IS_INSERTING.set(outer);
    written
}

#[cfg(test)]
mod tests {
    use crate::rules::Fact;
    use crate::rules::context::testing::of;
    use crate::rules::template::Template;

    /// Fills a template; returns its result with inserted parts in brackets.
    fn filled(template: &str) -> String {
        let values = [("A", "x&y"), ("B", "z"), ("Empty", "")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let fact = Fact::new("Test", values);
        let filled = Template::parse(template).unwrap().fill(&of(&fact)).unwrap();
        let mut marked = filled.text.clone();
        for range in filled.inserted.iter().rev() {
            marked.insert(range.end, ']');
            marked.insert(range.start, '[');
        }
        marked
    }

    #[test]
    fn output_of_placeholders_is_inserted() {
        for (template, expected) in [
            ("a&b", "a&b"),
            ("1&{{ event.A }}&2", "1&[x&y]&2"),
            ("{{ event.A }}{{ event.B }}", "[x&yz]"),
            ("{{ event.Empty }}a{{ event.Empty }}", "a"),
            (
                "{% if event.B == 'z' %}a&b{% else %}{{ event.A }}{% endif %}",
                "a&b",
            ),
            (
                "{% for p in event.A|split('&') %}{{ p }}&{% endfor %}",
                "[x]&[y]&",
            ),
            ("{{ 'a&b' }}", "[a&b]"),
            ("{{ event.A|safe }}", "[x&y]"),
            (
                "{% set c %}q{{ event.A }}{% endset %}{% if c == 'qx&y' %}{{ c }}{% endif %}",
                "[qx&y]",
            ),
            (
                "{% filter upper %}q{{ event.A }}{% endfilter %}-",
                "[QX&Y]-",
            ),
        ] {
            assert_eq!(filled(template), expected, "{template}");
        }
    }
}
