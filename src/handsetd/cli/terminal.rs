//! Colours and the width of the terminal.

use std::io::{self, IsTerminal};

use anstyle::{AnsiColor, Effects, Style};
use rustix::termios::tcgetwinsize;

/// Whether output is coloured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Colors {
    Off,
    On,
}

impl Colors {
    /// Colours are for terminals, unless `NO_COLOR` is set (<https://no-color.org>).
    pub(super) fn of_stdout() -> Self {
        let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if io::stdout().is_terminal() && !is_unwanted {
            Self::On
        } else {
            Self::Off
        }
    }

    pub(super) fn good(self) -> Style {
        self.if_on(AnsiColor::Green.on_default())
    }

    pub(super) fn doubtful(self) -> Style {
        self.if_on(AnsiColor::Yellow.on_default())
    }

    pub(super) fn bad(self) -> Style {
        self.if_on(AnsiColor::Red.on_default() | Effects::BOLD)
    }

    pub(super) fn minor(self) -> Style {
        self.if_on(Style::new() | Effects::DIMMED)
    }

    /// Returns the colour of the status of a request.
    pub(super) fn of_status(self, status: &str) -> Style {
        match status {
            "OK" => self.good(),
            "QUEUED" | "PARTIAL" => self.doubtful(),
            _ => self.bad(),
        }
    }

    fn if_on(self, style: Style) -> Style {
        match self {
            Self::Off => Style::new(),
            Self::On => style,
        }
    }
}

/// Returns the number of columns of the terminal; [`COLUMNS`] if it is unknown.
pub(super) fn columns() -> u16 {
    let size = tcgetwinsize(io::stdout()).ok();
    let columns = size.map(|size| size.ws_col).filter(|columns| *columns > 0);
    columns.unwrap_or(COLUMNS).max(MIN_COLUMNS)
}

/// What terminals have had since punched cards.
const COLUMNS: u16 = 80;

/// Below this, tables are wider than the terminal: a column of two letters would be useless.
const MIN_COLUMNS: u16 = 40;
