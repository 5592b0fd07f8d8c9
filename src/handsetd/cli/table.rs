//! Tables for people: as wide as the terminal at most, with long cells on several lines.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, presets};

use super::terminal::columns;
use crate::telemetry::TerminalSafe;

/// A table without lines.
pub(super) struct Table(comfy_table::Table);

impl Table {
    pub(super) fn new<'a>(header: impl IntoIterator<Item = &'a str>) -> Self {
        Self::with_width(header, columns())
    }

    /// Creates a table that is `width` columns wide at most.
    pub(super) fn with_width<'a>(header: impl IntoIterator<Item = &'a str>, width: u16) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width);
        table.set_header(header.into_iter().collect::<Vec<_>>());
        Self(table)
    }

    /// Adds a row. Cells may come from phones and events, so their control characters are escaped.
    pub(super) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        let cells = cells.into_iter();
        let cells: Vec<String> = cells.map(|cell| TerminalSafe(cell).to_string()).collect();
        self.0.add_row(cells);
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for line in self.0.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_longer_than_the_terminal_is_wide() {
        let mut table = Table::with_width(["NAME", "REASON", "ADDRESS"], 80);
        let reason = "the phone refused the user name and password; ".repeat(4);
        table.row([
            "1001",
            &reason,
            "[2001:db8:1234:5678:9abc:def0:1234:5678]:8080",
        ]);
        table.row(["\u{1b}[2J", "a", "b"]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().count() > 3, "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
