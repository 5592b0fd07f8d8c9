//! The fields of the request form: the keys of a verb, from the table of verbs.

use axum::extract::RawQuery;
use axum::response::Response;
use handset_phones::verb::{COMMON, Key, Kind, Verb};
use minijinja::{Value, context};

use super::listing::Filters;
use super::render;
use crate::reference;

/// Handles `GET /page/fields?verb=VERB`; the values of other keys are filled in.
pub(super) async fn serve(RawQuery(query): RawQuery) -> Response {
    let filters = Filters::parse(query.as_deref());
    render::html("fields.html", context(filters.get("verb"), filters.pairs()))
}

/// Renders the fields of a verb with values.
pub(super) fn render(verb: &str, pairs: &[(String, String)]) -> Value {
    render::safe("fields.html", context(verb, pairs))
}

fn context(verb: &str, pairs: &[(String, String)]) -> Value {
    let row = Verb::find(verb).map(Verb::row);
    let keys: Vec<&Key> = row.map_or(&[][..], |row| row.keys).iter().collect();
    let main = row.and_then(|row| row.main_key);
    let is_primary =
        |key: &&Key| key.required || Some(key.name) == main || PRIMARY.contains(&key.name);
    let (mut primary, mut other): (Vec<&Key>, Vec<&Key>) = keys.into_iter().partition(is_primary);
    // The title precedes the text, as it does on a display.
    primary.sort_by_key(|key| (key.name != "title", Some(key.name) != main));
    other.extend(COMMON.iter().filter(|key| key.name != "phone"));
    let groups = [(primary, false), (other, true)].map(|(keys, is_folded)| {
        let has_value = |key: &&Key| pairs.iter().any(|(name, _)| name == key.name);
        let is_open = keys.iter().any(has_value);
        let fields: Vec<Value> = keys.into_iter().map(|key| field(key, pairs)).collect();
        context! { fields, is_folded, is_open }
    });
    let description = row.map_or("", |row| row.summary);
    let details = marked(row.map_or("", |row| row.details));
    context! { verb, description, details, groups }
}

fn field(key: &Key, pairs: &[(String, String)]) -> Value {
    let (control, words): (&str, &[&str]) = match key.kind {
        Kind::Word(words) => ("select", words),
        Kind::String | Kind::Text if matches!(key.name, "text" | "body" | "xml") => {
            ("textarea", &[])
        }
        _ if key.is_repeatable() => ("textarea", &[]),
        _ => ("input", &[]),
    };
    let own = pairs.iter().filter(|(name, _)| name == key.name);
    let own: Vec<&str> = own.map(|(_, value)| value.as_str()).collect();
    // The lines of an empty field show how several values are given.
    let placeholder = if key.is_repeatable() {
        format!("{}\n…", key.example)
    } else {
        key.example.to_owned()
    };
    let per_line = if key.is_repeatable() {
        " One per line."
    } else {
        ""
    };
    let help = marked(&format!("{}{per_line}", reference::describe(key)));
    context! {
        name => key.name,
        control,
        words => words.to_vec(),
        placeholder,
        help,
        required => key.required,
        value => own.join("\n"),
    }
}

/// Splits a text of the reference into parts, of which some are words to write.
fn marked(text: &str) -> Vec<Value> {
    let parts = reference::parts(text);
    parts
        .map(|(is_code, text)| context! { is_code, text })
        .collect()
}

/// Optional keys that are shown with the required ones.
const PRIMARY: [&str; 3] = ["title", "fit", "stop"];

/// Parses a submitted form into the verb and its keys; empty fields are omitted.
pub(super) fn parse(fields: Vec<(String, String)>) -> (String, Vec<(String, String)>) {
    let mut verb = String::new();
    let mut pairs = Vec::new();
    for (key, value) in fields {
        let value = value.replace("\r\n", "\n");
        if key == "verb" {
            verb = value;
        } else if !value.trim().is_empty() {
            pairs.push((key, value));
        }
    }
    let row = Verb::find(&verb).map(Verb::row);
    let may_repeat = |key: &str| {
        row.and_then(|row| row.key(key))
            .is_some_and(Key::is_repeatable)
    };
    let pairs = pairs.into_iter().flat_map(|(key, value)| {
        if may_repeat(&key) {
            let lines = value.lines().filter(|line| !line.trim().is_empty());
            lines.map(|line| (key.clone(), line.to_owned())).collect()
        } else {
            vec![(key, value)]
        }
    });
    let pairs = pairs.collect();
    (verb, pairs)
}

/// Returns the value of a field; empty if the field is missing.
pub(super) fn value<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use handset_phones::verb::TABLE;

    use super::*;

    #[test]
    fn empty_fields_are_omitted_and_lines_become_repeated_keys() {
        let fields = [
            ("verb", "push"),
            ("title", ""),
            ("text", "a\r\nb"),
            ("item", "A|exit\r\n\r\nB|exit"),
        ];
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let (verb, pairs) = parse(fields.map(owned).to_vec());
        assert_eq!(verb, "push");
        let expected = [("text", "a\nb"), ("item", "A|exit"), ("item", "B|exit")];
        assert_eq!(pairs, expected.map(owned));
    }

    /// Returns the text of HTML, without markup.
    fn text_of(html: &str) -> String {
        let mut text = String::new();
        for piece in html.split('<') {
            text.push_str(piece.split_once('>').map_or(piece, |(_, after)| after));
        }
        for (entity, character) in [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#x27;", "'"),
            ("&#x2f;", "/"),
            ("&amp;", "&"),
        ] {
            text = text.replace(entity, character);
        }
        text
    }

    #[test]
    fn each_field_is_explained_as_in_the_table_of_verbs() {
        for row in TABLE {
            let html = render(row.name(), &[]).to_string();
            let fields = html.split("<label for=\"key-").skip(1);
            let mut shown = Vec::new();
            let (introduction, _) = html.split_once("<label").unwrap_or((&html, ""));
            let introduction = text_of(introduction);
            let summary = format!("{} {}", row.name(), row.summary);
            assert!(introduction.starts_with(&summary), "{introduction}");
            assert!(
                introduction.contains(&row.details.replace('`', "")),
                "{introduction}"
            );
            for field in fields {
                let (name, rest) = field.split_once('"').unwrap();
                let key = row.key(name).unwrap();
                let (_, help) = rest.split_once(&format!("id=\"help-{name}\"")).unwrap();
                let (help, _) = help.split_once("</small>").unwrap();
                let help = text_of(help);
                let help = help.trim_start_matches('>');
                for part in [key.meaning, key.default.unwrap_or_default()] {
                    let part = part.replace('`', "");
                    assert!(
                        help.contains(&part),
                        "{} {name}: {part:?} is not in {help:?}",
                        row.name()
                    );
                }
                assert_eq!(
                    help.contains("One per line."),
                    key.is_repeatable(),
                    "{help}"
                );
                assert_eq!(help.contains("Required."), key.required, "{help}");
                shown.push(name);
            }
            let mut expected: Vec<&str> = row.keys.iter().map(|key| key.name).collect();
            expected.extend(
                COMMON
                    .iter()
                    .map(|key| key.name)
                    .filter(|name| *name != "phone"),
            );
            shown.sort_unstable();
            expected.sort_unstable();
            assert_eq!(shown, expected, "{}", row.name());
        }
    }
}
