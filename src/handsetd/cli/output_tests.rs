//! What commands print to a pipe: one table, which the command line and the guide agree with.
//! `tests/it/piped.rs` runs the commands.

use std::collections::BTreeMap;

use clap::CommandFactory;

use super::Cli;

/// What a command prints to a pipe.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Piped {
    /// JSON, as with `--json`.
    Json,
    /// The same text as to a terminal; JSON with `--json`.
    Text,
    /// JSON to a terminal, too.
    OnlyJson,
    /// Text for people or for the journal.
    OnlyText,
}

const COMMANDS: &[(&str, Piped)] = &[
    ("ami decode", Piped::OnlyJson),
    ("ami send", Piped::Json),
    ("ami tail", Piped::OnlyJson),
    ("check", Piped::Text),
    ("conf", Piped::Text),
    #[cfg(feature = "simulator")]
    ("demo", Piped::OnlyText),
    ("events", Piped::Json),
    ("help", Piped::OnlyText),
    ("history", Piped::Json),
    ("media background", Piped::Text),
    ("media ringtone", Piped::Text),
    ("phones", Piped::Json),
    ("phones import", Piped::Text),
    ("prove", Piped::OnlyText),
    ("reload", Piped::Json),
    ("rules list", Piped::Json),
    ("rules test", Piped::Json),
    ("rules trace", Piped::Json),
    ("rules watch", Piped::Json),
    ("run", Piped::OnlyText),
    ("send", Piped::Json),
    #[cfg(feature = "simulator")]
    ("simulate", Piped::OnlyText),
    ("status", Piped::Json),
];

/// Returns the help of `--json` of each command that can be run; `None` if it has no such option.
fn options() -> BTreeMap<String, Option<String>> {
    fn collect(command: &clap::Command, name: &str, found: &mut BTreeMap<String, Option<String>>) {
        let mut arguments = command.get_arguments();
        let json = arguments.find(|argument| argument.get_id() == "json");
        if json.is_some() || command.get_subcommands().next().is_none() {
            let help = json.map(|json| json.get_help().unwrap().to_string());
            found.insert(name.to_owned(), help);
        }
        for inner in command
            .get_subcommands()
            .filter(|inner| !inner.is_hide_set())
        {
            let name = format!("{name} {}", inner.get_name());
            collect(inner, name.trim_start(), found);
        }
    }
    let mut found = BTreeMap::new();
    collect(&Cli::command(), "", &mut found);
    found
}

#[test]
fn options_are_those_of_the_table() {
    let options = options();
    let names: Vec<&str> = options.keys().map(String::as_str).collect();
    let expected: Vec<&str> = COMMANDS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, expected);
    for (name, piped) in COMMANDS {
        let help = options[*name].as_deref();
        let is_default = help.map(|help| help.contains("which is the default on a pipe"));
        let expected = match piped {
            Piped::Json => Some(true),
            Piped::Text => Some(false),
            Piped::OnlyJson | Piped::OnlyText => None,
        };
        assert_eq!(is_default, expected, "{name}: {help:?}");
    }
}

#[test]
#[cfg(feature = "simulator")]
fn guide_lists_the_commands_as_the_table_does() {
    let guide = include_str!("../../../packaging/doc/operations.md");
    for (wanted, row) in [
        (Piped::Json, "| JSON, as with `--json` |"),
        (Piped::Text, "| the same text; JSON with `--json` |"),
        (Piped::OnlyJson, "| JSON, as to a terminal |"),
        (Piped::OnlyText, "| text |"),
    ] {
        let line = guide.lines().find(|line| line.starts_with(row));
        let line = line.unwrap_or_else(|| panic!("{row} is missing"));
        let listed: Vec<&str> = line[row.len()..].split('`').skip(1).step_by(2).collect();
        let of_it = COMMANDS.iter().filter(|(_, piped)| *piped == wanted);
        let expected: Vec<&str> = of_it.map(|(name, _)| *name).collect();
        assert_eq!(listed, expected, "{row}");
    }
}
