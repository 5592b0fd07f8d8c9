//! `handsetd help`: explains commands, and what requests consist of.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::terminal::columns;
use crate::reference::Topic;

/// Explain a command, a verb, or what keys, targets and statuses mean
///
/// The topics are all commands and verbs, and: keys (those that every verb has), targets (what menu
/// items and soft keys do), statuses, and verbs (all of them)
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Help {
    /// A command and its subcommands, a verb, keys, statuses, targets or verbs
    #[arg(value_name = "TOPIC")]
    topics: Vec<String>,
}

/// A topic that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("unknown topic {name:?}; {}", suggestion(name, known))]
pub(super) struct UnknownTopic {
    name: String,
    known: Vec<String>,
}

impl Help {
    /// Prints the help of `command`, or of the topic.
    pub(super) fn run(
        &self,
        command: &mut clap::Command,
        out: &mut impl Write,
    ) -> anyhow::Result<ExitCode> {
        let is_terminal = io::stdout().is_terminal();
        let text = self.text(command, width(), is_terminal)?;
        write!(out, "{text}").context("cannot write the help")?;
        Ok(ExitCode::SUCCESS)
    }

    fn text(
        &self,
        command: &mut clap::Command,
        width: usize,
        is_styled: bool,
    ) -> Result<String, UnknownTopic> {
        // Gives the subcommands their full names.
        command.build();
        let mut current = command.clone();
        for (index, name) in self.topics.iter().enumerate() {
            if let Some(inner) = current.find_subcommand(name) {
                current = inner.clone();
                continue;
            }
            let topic = Topic::find(name).filter(|_| index == 0);
            return match topic {
                Some(topic) if self.topics.len() == 1 => Ok(topic.text(width, is_styled)),
                // The topic is known, and has none of its own.
                Some(_) => Err(UnknownTopic {
                    name: self.topics.join(" "),
                    known: Vec::new(),
                }),
                None => {
                    let mut known = names(&current);
                    if index == 0 {
                        known.extend(Topic::names().map(str::to_owned));
                    }
                    let name = name.clone();
                    Err(UnknownTopic { name, known })
                }
            };
        }
        // What clap prints for --help, in its choice of a short or a long form.
        let topics = self.topics.iter().map(String::as_str);
        let arguments = ["handsetd"].into_iter().chain(topics).chain(["--help"]);
        let help = match command.clone().try_get_matches_from(arguments) {
            Err(help) => help.render(),
            Ok(_) => current.render_long_help(),
        };
        Ok(if is_styled {
            help.ansi().to_string()
        } else {
            help.to_string()
        })
    }
}

/// Returns the names of the subcommands.
fn names(command: &clap::Command) -> Vec<String> {
    let names = command.get_subcommands().map(clap::Command::get_name);
    names.map(str::to_owned).collect()
}

fn suggestion(name: &str, known: &[String]) -> String {
    let near = known
        .iter()
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .min()
        .filter(|(distance, _)| *distance <= MAX_DISTANCE);
    match near {
        Some((_, candidate)) => format!("did you mean {candidate}?"),
        None => "handsetd help lists the commands, and handsetd help verbs the verbs".to_owned(),
    }
}

/// Returns the width of the lines, in columns.
fn width() -> usize {
    usize::from(columns()).min(MAX_WIDTH)
}

/// The widest lines; longer ones are hard to read.
const MAX_WIDTH: usize = 100;

/// How many letters of a topic may be wrong.
const MAX_DISTANCE: usize = 2;

const EXAMPLES: &str = "Examples:
  handsetd help push
  handsetd help statuses
  handsetd help rules test";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn text(topics: &[&str], width: usize) -> Result<String, String> {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        let help = Help { topics };
        let text = help.text(&mut Cli::command(), width, false);
        text.map_err(|error| error.to_string())
    }

    #[test]
    fn every_topic_is_explained_within_the_width() {
        for topic in Topic::names() {
            for width in [80, 120] {
                let text = text(&[topic], width).unwrap();
                assert!(text.lines().count() > 3, "{text}");
                for line in text.lines() {
                    assert!(line.chars().count() <= width, "{topic}: {line}");
                }
                assert!(!text.contains('`'), "{text}");
            }
        }
    }

    #[test]
    fn verb_is_explained_with_its_keys_and_phones() {
        let text = text(&["push"], 80).unwrap();
        let (keys, phones) = text.split_once("\nPhones\n").unwrap();
        assert!(text.starts_with("push: shows a screen\n"), "{text}");
        assert!(keys.contains("\n  item=LABEL|TARGET\n"), "{text}");
        assert!(keys.contains("Default: now"), "{text}");
        assert!(phones.contains("http, notify, csta"), "{text}");
    }

    #[test]
    fn commands_are_explained_by_their_own_help() {
        let help = |arguments: &[&str]| {
            let mut command = Cli::command();
            let error = command.try_get_matches_from_mut(arguments).unwrap_err();
            error.to_string()
        };
        let own = |text: &str| {
            let lines: Vec<_> = text.trim().lines().map(str::trim_end).collect();
            lines.join("\n")
        };
        let expected = help(&["handsetd", "rules", "test", "--help"]);
        assert_eq!(own(&text(&["rules", "test"], 80).unwrap()), own(&expected));
        let expected = help(&["handsetd", "--help"]);
        assert_eq!(own(&text(&[], 80).unwrap()), own(&expected));
    }

    #[test]
    fn unknown_topic_suggests_a_near_one() {
        let refusal = |topics: &[&str]| text(topics, 80).unwrap_err();
        assert_eq!(
            refusal(&["psuh"]),
            "unknown topic \"psuh\"; did you mean push?"
        );
        assert_eq!(
            refusal(&["rules", "tets"]),
            "unknown topic \"tets\"; did you mean test?"
        );
        assert_eq!(
            refusal(&["teleportation"]),
            "unknown topic \"teleportation\"; handsetd help lists the commands, and handsetd help \
             verbs the verbs"
        );
        assert_eq!(
            refusal(&["push", "text"]),
            "unknown topic \"push text\"; handsetd help lists the commands, and handsetd help verbs the verbs"
        );
    }
}
