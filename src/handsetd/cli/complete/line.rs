//! A command line that is not complete: which command it is for, and what its last word belongs to.

use std::path::Path;

use clap::{Arg, Command};

/// A command line.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// The names of the command and its subcommands, such as `rules list`.
    pub(super) command: String,
    /// The complete words that are neither options nor values of these.
    pub(super) arguments: Vec<&'a str>,
    /// What the last word is.
    pub(super) last: Last<'a>,
    /// The values of `--config`.
    config: Option<&'a str>,
    /// Whether another daemon than that of this machine is meant.
    is_remote: bool,
}

/// The last word of a line, of which the user has typed a part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Last<'a> {
    Argument(&'a str),
    /// A value of this option.
    Value {
        option: &'a str,
        /// The part of the word that is not the value: `--phone=`, or nothing if the value is a word of its
        /// own.
        before: &'a str,
        value: &'a str,
    },
}

impl<'a> Line<'a> {
    /// Reads the words that follow the name of the program. Returns `None` if the last one is the name of a
    /// command or an option.
    pub(super) fn parse(program: &Command, words: &[&'a str]) -> Option<Self> {
        let (last, complete) = words.split_last()?;
        let mut command = program;
        let mut line = Self {
            command: String::new(),
            arguments: Vec::new(),
            last: Last::Argument(last),
            config: None,
            is_remote: false,
        };
        let mut awaited = None;
        for word in complete.iter().copied() {
            if let Some(option) = awaited.take() {
                line.note(option, word);
            } else if let Some(name) = word.strip_prefix("--") {
                match name.split_once('=') {
                    Some((option, value)) => line.note(option, value),
                    None => awaited = takes_value(command, name).then_some(name),
                }
            } else if word.starts_with('-') && word.len() > 1 {
                // No short option takes a value.
            } else if let Some(inner) = command.find_subcommand(word)
                && line.arguments.is_empty()
            {
                command = inner;
                if !line.command.is_empty() {
                    line.command.push(' ');
                }
                line.command.push_str(inner.get_name());
            } else {
                line.arguments.push(word);
            }
        }
        if let Some(option) = awaited {
            line.last = Last::Value {
                option,
                before: "",
                value: last,
            };
        } else if last.starts_with('-') {
            let (option, value) = last.strip_prefix("--")?.split_once('=')?;
            let before = last.get(..last.len().saturating_sub(value.len()))?;
            line.last = Last::Value {
                option,
                before,
                value,
            };
        }
        Some(line)
    }

    /// Returns the configuration that the line names.
    pub(super) fn config(&self) -> Option<&'a Path> {
        self.config.map(Path::new)
    }

    /// Returns whether another daemon than that of this machine is meant.
    pub(super) fn is_remote(&self) -> bool {
        self.is_remote
    }

    fn note(&mut self, option: &str, value: &'a str) {
        match option {
            "config" => self.config = Some(value),
            "url" => self.is_remote = true,
            _ => {}
        }
    }
}

fn takes_value(command: &Command, option: &str) -> bool {
    let is_it = |argument: &&Arg| argument.get_long() == Some(option);
    let found = command.get_arguments().find(is_it);
    found.is_some_and(|argument| argument.get_action().takes_values())
}
