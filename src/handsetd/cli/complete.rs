//! `handsetd complete`: what can stand at the end of a command line, where the scripts of shells cannot
//! know it: phones, and keys and values of the verb on the line.
//!
//! The completion scripts run it when the user presses Tab. It prints nothing but candidates, is silent
//! about every error, and never waits long.

mod candidates;
mod line;
mod names;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Args;

use candidates::Candidates;
use line::Line;
use names::Names;

/// Print what can stand at the end of a command line; for the completion scripts of shells
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 if the candidates are all that there are, 1 if the script has to find its own, 3 if it \
                  has to offer files"
)]
pub(super) struct Complete {
    /// The words of the line that follow the name of the program; the last is the one to complete
    #[arg(last = true, value_name = "WORD")]
    words: Vec<OsString>,
}

impl Complete {
    /// Prints the candidates, one per line. Those that end with `=` want a value.
    pub(super) fn run(&self, command: &clap::Command, out: &mut impl Write) -> ExitCode {
        let words: Option<Vec<&str>> = self.words.iter().map(|word| word.to_str()).collect();
        let line = words.and_then(|words| Line::parse(command, &words));
        let Some(line) = line else {
            return ExitCode::from(NOT_MINE);
        };
        match candidates::at(&line, || Names::known(&line).list()) {
            Candidates::Words(words) => {
                for word in words {
                    if writeln!(out, "{word}").is_err() {
                        break;
                    }
                }
                ExitCode::SUCCESS
            }
            Candidates::Files => ExitCode::from(FILES),
            Candidates::Unknown => ExitCode::from(NOT_MINE),
        }
    }
}

/// The exit code if the script has to find its own candidates; also that of a program that fails.
const NOT_MINE: u8 = 1;

/// The exit code if files have to be offered.
const FILES: u8 = 3;

#[cfg(test)]
mod tests;
