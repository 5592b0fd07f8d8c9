//! The candidates for the last word of a line.

use handset_phones::verb::{COMMON, Key, Kind, Row, TABLE, Verb};

use super::line::{Last, Line};

/// What can stand at the end of a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Candidates {
    /// These words, each as a whole. Those that end with `=` want a value.
    Words(Vec<String>),
    /// The name of a file.
    Files,
    /// Whatever the script of the shell knows.
    Unknown,
}

/// Returns the candidates for the last word. `names` returns those of phones and groups, if they are wanted.
pub(super) fn at(line: &Line<'_>, names: impl FnOnce() -> Vec<String>) -> Candidates {
    match (&*line.command, line.last) {
        ("send", Last::Argument(word)) => match line.arguments.split_first() {
            None => beginning(word, TABLE.iter().map(|row| row.name().to_owned())),
            Some((verb, given)) => match Verb::find(verb) {
                Some(verb) => key_or_value(verb.row(), given, word, names),
                None => Candidates::Words(Vec::new()),
            },
        },
        ("prove", Last::Argument(word)) if line.arguments.is_empty() => beginning(word, names()),
        (
            "phones",
            Last::Value {
                option: "why",
                before,
                value,
            },
        ) => phones(before, value, names()),
        (
            "history" | "events",
            Last::Value {
                option: "phone",
                before,
                value,
            },
        ) => beginning(
            &format!("{before}{value}"),
            names().into_iter().map(|name| format!("{before}{name}")),
        ),
        _ => Candidates::Unknown,
    }
}

/// Returns the words that begin with `typed`.
fn beginning(typed: &str, words: impl IntoIterator<Item = String>) -> Candidates {
    let words = words.into_iter().filter(|word| word.starts_with(typed));
    Candidates::Words(words.collect())
}

fn key_or_value(
    row: &Row,
    given: &[&str],
    word: &str,
    names: impl FnOnce() -> Vec<String>,
) -> Candidates {
    let Some((name, value)) = word.split_once('=') else {
        return keys(row, given, word);
    };
    let before = format!("{name}=");
    match row.key(name).map(|key| key.kind) {
        Some(Kind::Word(words)) => {
            beginning(word, words.iter().map(|word| format!("{before}{word}")))
        }
        Some(Kind::Phones) => phones(&before, value, names()),
        Some(Kind::Image | Kind::Tone) => Candidates::Files,
        _ => Candidates::Words(Vec::new()),
    }
}

/// Returns the keys of a verb that can still be given, and the words of its main key, which needs no name.
fn keys(row: &Row, given: &[&str], word: &str) -> Candidates {
    let is_given = |key: &Key| {
        let given = given.iter().filter_map(|pair| pair.split_once('='));
        given.into_iter().any(|(name, _)| name == key.name)
    };
    let all = row.keys.iter().chain(COMMON);
    let left = all.filter(|key| key.is_repeatable() || !is_given(key));
    let mut names: Vec<_> = left.map(|key| format!("{}=", key.name)).collect();
    names.sort_unstable();
    let main = row.main_key.and_then(|main| row.key(main));
    if let Some(Kind::Word(words)) = main.filter(|key| !is_given(key)).map(|key| key.kind) {
        names.extend(words.iter().map(ToString::to_string));
    }
    beginning(word, names)
}

/// Returns the phones that the last of several names, separated by `&`, can become.
fn phones(before: &str, typed: &str, names: Vec<String>) -> Candidates {
    let (given, last) = match typed.rfind('&') {
        Some(at) => typed.split_at(at.saturating_add(1)),
        None => ("", typed),
    };
    let is_given = |name: &String| given.split('&').any(|other| other == name);
    let names = names
        .into_iter()
        .filter(|name| name.starts_with(last) && !is_given(name));
    Candidates::Words(names.map(|name| format!("{before}{given}{name}")).collect())
}
