//! Cuts long values in lines.

use std::fmt;

use handset_net::excerpt::{excerpt, mark};
use serde_json::Value;

/// Passes on the beginning of the text that is written through it, and says at the end how long it was.
pub(super) struct Cutting<W> {
    to: W,
    length: usize,
}

impl<W: fmt::Write> Cutting<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, length: 0 }
    }

    /// Ends the text.
    pub(super) fn finish(mut self) -> fmt::Result {
        if self.length > MAX_VALUE {
            self.to.write_str(&mark(self.length))?;
        }
        Ok(())
    }
}

impl<W: fmt::Write> fmt::Write for Cutting<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_VALUE.saturating_sub(self.length);
        self.length = self.length.saturating_add(text.len());
        let (start, _) = text.split_at(text.floor_char_boundary(room));
        self.to.write_str(start)
    }
}

/// Cuts the values of a line of JSON if the line is long.
pub(super) fn cut_json(line: String) -> String {
    if line.len() <= MAX_JSON {
        return line;
    }
    match serde_json::from_str(&line) {
        Ok(value) => format!("{}\n", cut(value)),
        // Not reached: lines are JSON.
        Err(_) => format!("{}\n", Value::from(excerpt(&line, MAX_VALUE))),
    }
}

fn cut(value: Value) -> Value {
    match value {
        Value::String(text) => excerpt(&text, MAX_VALUE).into(),
        Value::Array(list) => list.into_iter().map(cut).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, cut(value)))
            .collect(),
        other => other,
    }
}

/// How much of a value a line shows, in bytes: more than any reason of ours has.
pub(super) const MAX_VALUE: usize = 2000;

/// The longest line of JSON whose values are not looked at, in bytes.
const MAX_JSON: usize = 4000;
