//! The verbs and their keys.

use std::fmt::Write;

use handset_phones::support;
use handset_phones::verb::{COMMON, Key, Kind, Row, TABLE};

use super::document::{Document, Term, capitalized};
use super::example;

/// A verb as `handsetd help VERB` shows it.
pub(super) fn with_phones(row: &Row) -> Document {
    let mut document = Document::default();
    document.heading(1, format!("{}: {}", row.name(), row.summary));
    document.append(body(row));
    let common: Vec<_> = COMMON.iter().map(|key| format!("`{}`", key.name)).collect();
    document.paragraph(format!(
        "Every verb has the keys {} as well: `handsetd help keys` explains them.",
        common.join(", ")
    ));
    let phones = phones(row);
    if !phones.is_empty() {
        document.heading(1, "Phones");
        document.terms(["phones", "transports"], phones);
    }
    document
}

/// A verb as a section of a page with all verbs.
#[cfg(test)]
pub(super) fn section(row: &Row) -> Document {
    let mut document = Document::default();
    document.heading(2, row.name());
    document.paragraph(format!("{}.", capitalized(row.summary)));
    document.append(body(row));
    document
}

/// The list of verbs, and how to write a request.
pub(super) fn list() -> Document {
    let mut document = introduction();
    document.heading(1, "Verbs");
    let terms = TABLE
        .iter()
        .map(|row| Term::new(row.name(), format!("{}.", capitalized(row.summary))));
    document.terms(["verb", "action"], terms);
    document.paragraph(
        "`handsetd help VERB` explains a verb; `handsetd help keys` the keys that all verbs have, \
         `handsetd help targets` what menu items and soft keys do, and `handsetd help statuses` what \
         comes of a request.",
    );
    document
}

/// How to write a request.
pub(super) fn introduction() -> Document {
    let mut document = Document::default();
    document.paragraph(
        "A request is a verb with keys. The same verbs and keys work in the dialplan, in user events \
         and rules, in the API and on the command line:",
    );
    let pairs = &[("title", "Parking"), ("text", "You are number 3")];
    document.code([
        example::dialplan("push", pairs),
        example::command("push", pairs),
    ]);
    document.paragraph(
        "A value without a key is that of the verb's main key: `push,Hello` is `push,text=Hello`. \
         Unknown keys and malformed values are refused before anything is sent.",
    );
    document
}

/// The keys of every verb.
pub(super) fn common_keys() -> Document {
    let mut document = Document::default();
    document.paragraph("Every verb has these keys.");
    document.terms(KEY_COLUMNS, COMMON.iter().map(|key| term(key, None)));
    document
}

/// Details, keys, result and examples of a verb.
fn body(row: &Row) -> Document {
    let mut document = Document::default();
    document.paragraph(row.details);
    document.terms(
        KEY_COLUMNS,
        row.keys.iter().map(|key| term(key, row.main_key)),
    );
    if row.takes_elements {
        document.paragraph(
            "Every other key is a child element of the request; dots nest \
             (`callToBeAnswered.callID=-18`).",
        );
    }
    if let Some(result) = row.result {
        document.paragraph(format!("Result: {result}."));
    }
    for (key, remarks) in row
        .keys
        .iter()
        .map(|key| (key, support::remarks_on_key(row, key)))
    {
        for (remark, families) in remarks {
            let families = families.join(", ");
            document.paragraph(format!("`{}`: {remark} ({families}).", key.name));
        }
    }
    document.code(examples(row));
    document
}

/// The examples for the dialplan, then the first of them as a command.
fn examples(row: &Row) -> impl Iterator<Item = String> {
    let lines = row.examples.iter();
    let lines = lines.map(|pairs| example::dialplan(row.name(), pairs));
    let first = row.examples.iter().take(1);
    lines.chain(first.map(|pairs| example::command(row.name(), pairs)))
}

/// Describes a key: its meaning, the limits of its value and its default.
pub(crate) fn describe(key: &Key) -> String {
    let mut text = format!("{}.", key.meaning);
    if !matches!(key.kind, Kind::Word(_)) {
        let _ = write!(text, " Value: {}.", key.kind.syntax());
    }
    if let Some(default) = key.default {
        let _ = write!(text, " Default: `{default}`.");
    }
    if key.required {
        text.push_str(" Required.");
    }
    if key.is_repeatable() {
        let _ = write!(text, " Can be repeated, up to {} times.", key.max_values);
    }
    text
}

fn term(key: &Key, main_key: Option<&str>) -> Term {
    let mut text = describe(key);
    if main_key == Some(key.name) {
        text.push_str(" The main key.");
    }
    let name = format!("{}={}", key.name, key.kind.placeholder());
    Term::new(name, text)
}

/// The transports of each family of phones, or why there are none; families with the same are
/// listed together.
fn phones(row: &Row) -> Vec<Term> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for support in support::of_verb(row.verb).unwrap_or_default() {
        let text = match support.transports {
            Ok(transports) => {
                let names: Vec<_> = transports
                    .iter()
                    .map(|via| format!("`{}`", via.name()))
                    .collect();
                format!("{}.", names.join(", "))
            }
            Err(reason) => format!("Not supported: {reason}."),
        };
        match groups.iter_mut().find(|(known, _)| *known == text) {
            Some((_, families)) => families.push(support.family),
            None => groups.push((text, vec![support.family])),
        }
    }
    if let [(text, _)] = groups.as_slice() {
        return vec![Term::new("all phones".to_owned(), text.clone())];
    }
    let groups = groups.into_iter();
    groups
        .map(|(text, families)| Term::new(families.join(", "), text))
        .collect()
}

const KEY_COLUMNS: [&str; 2] = ["key", "meaning"];
