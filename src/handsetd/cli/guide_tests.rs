//! What readers of the guides are to type exists: commands, requests of the dialplan, configurations, links.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Parser;
use handset_agi as agi;
use handset_phones::verb::{Request, Verb};

use super::Cli;
use crate::config::{Config, Sources};
use crate::dialplan;

/// A fenced block of a guide.
#[derive(Debug)]
struct Block {
    /// File and line.
    place: String,
    /// What follows the opening fence: `toml`, `ini` or nothing.
    language: String,
    text: String,
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns the README, the changelog and the guides: their paths and texts.
fn guides() -> BTreeMap<PathBuf, String> {
    let mut paths = vec![project("README.md"), project("CHANGELOG.md")];
    let folder = fs::read_dir(project("packaging/doc")).unwrap();
    paths.extend(folder.map(|entry| entry.unwrap().path()));
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect()
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for (path, text) in guides() {
        let name = path
            .strip_prefix(project(""))
            .unwrap()
            .display()
            .to_string();
        let mut open: Option<Block> = None;
        for (number, line) in (1..).zip(text.lines()) {
            let fence = line.trim_start().strip_prefix("```");
            match (fence, &mut open) {
                (Some(language), None) => {
                    open = Some(Block {
                        place: format!("{name}:{number}"),
                        language: language.trim().to_owned(),
                        text: String::new(),
                    });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some(block)) => {
                    block.text += line.trim_start();
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
    }
    blocks
}

#[test]
fn commands_in_the_guides_are_accepted() {
    let mut seen = 0;
    for block in blocks() {
        for line in block.text.replace("\\\n", " ").lines() {
            for command in line.split(" && ") {
                let command = command.strip_prefix("sudo ").unwrap_or(command);
                if !command.starts_with("handsetd ") || command.contains('…') {
                    continue;
                }
                seen += 1;
                if let Err(error) = Cli::try_parse_from(words(command))
                    && error.use_stderr()
                {
                    panic!("{}: {command}: {error}", block.place);
                }
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

/// Splits a command line as a shell does, up to a redirection or a pipe.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut quote) = (vec![String::new()], None);
    for character in command.chars() {
        match (character, quote) {
            ('\'' | '"', None) => quote = Some(character),
            (_, Some(open)) if open == character => quote = None,
            ('<' | '>' | '|' | '#', None) => break,
            (' ', None) => words.push(String::new()),
            _ => words.last_mut().unwrap().push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn requests_in_the_guides_are_valid() {
    let mut verbs = BTreeSet::new();
    for block in blocks() {
        for line in block.text.lines().filter(|line| is_dialplan(line)) {
            let Some((_, call)) = line.split_once("AGI(agi://") else {
                continue;
            };
            if call.contains('…') {
                continue;
            }
            let call = substituted(call.trim_end().strip_suffix(')').unwrap());
            let (_, request) = call.split_once('/').unwrap();
            let mut parts = request.split(',').map(|part| part.replace('\\', ""));
            let script = parts.next().unwrap();
            let mut environment = format!("agi_network: yes\nagi_network_script: {script}\n");
            for (number, argument) in (1..).zip(parts) {
                writeln!(environment, "agi_arg_{number}: {argument}").unwrap();
            }
            environment.push('\n');
            let call = agi::Request::parse(environment.as_bytes()).unwrap();
            let place = &block.place;
            let (verb, pairs) =
                dialplan::read(&call).unwrap_or_else(|error| panic!("{place}: {line}: {error}"));
            let keys = pairs.iter().map(|(key, value)| (key, value));
            Request::parse(verb.name(), keys)
                .unwrap_or_else(|error| panic!("{place}: {line}: {error}"));
            if place.starts_with("packaging/doc/dialplan.md") {
                verbs.insert(verb.name());
            }
        }
    }
    let missing: Vec<_> = Verb::ALL
        .iter()
        .copied()
        .map(Verb::name)
        .filter(|name| !verbs.contains(name))
        .collect();
    assert!(missing.is_empty(), "not in dialplan.md: {missing:?}");
}

fn is_dialplan(line: &str) -> bool {
    line.starts_with("exten =>") || line.starts_with("same =>")
}

/// Replaces each variable and function by a value that any key takes.
fn substituted(text: &str) -> String {
    let (mut result, mut depth) = (String::new(), 0_u32);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '$' if characters.peek() == Some(&'{') => {
                if depth == 0 {
                    result += "1001";
                }
                depth += 1;
                characters.next();
            }
            '}' if depth > 0 => depth -= 1,
            _ if depth == 0 => result.push(character),
            _ => {}
        }
    }
    result
}

#[test]
fn configurations_in_the_guides_load() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handsetd.toml");
    fs::create_dir(folder.path().join("conf.d")).unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "a secret of the reader\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let mut seen = 0;
    // Those with rules are tested with the events that they wait for.
    let is_plain = |block: &Block| block.language == "toml" && !block.text.contains("[[rule]]");
    for block in blocks().into_iter().filter(is_plain) {
        seen += 1;
        // Readers write their own secrets, and files with them.
        let text = block.text.replace("\"…\"", "\"a secret of the reader\"");
        let lines = text.lines().filter_map(|line| {
            if line.starts_with("password_file = ") {
                return Some(format!("password_file = '{}'", secret.display()));
            }
            (!line.contains("_file = ")).then(|| line.to_owned())
        });
        fs::write(&path, lines.collect::<Vec<_>>().join("\n")).unwrap();
        if let Err(diagnostics) = Config::load(&Sources::of_process(Some(&path))) {
            panic!("{}: {diagnostics}\n{}", block.place, block.text);
        }
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn links_in_the_guides_lead_somewhere() {
    let guides = guides();
    for (path, text) in &guides {
        for link in links(text).filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let place = path.display();
            let Ok(target) = target.canonicalize() else {
                panic!("{place}: {link}: no such file");
            };
            if anchor.is_empty() {
                continue;
            }
            let text = &guides[&target];
            let headings = text.lines().filter(|line| line.starts_with('#'));
            let mut anchors = headings.map(anchor_of);
            assert!(
                anchors.any(|name| name == anchor),
                "{place}: {link}: no such heading"
            );
        }
    }
}

/// Returns the targets of `[text](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// Returns the anchor that Markdown viewers give a heading.
fn anchor_of(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'))
        .map(|character| match character {
            ' ' => '-',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}
