//! The fields of the form: the keys of a verb, from the table.

use axum::extract::RawQuery;
use axum::response::Response;
use minijinja::{Value, context};

use super::{log, render};
use handset_phones::verb::{COMMON, Key, Kind, Verb};

/// Answers `/page/fields?verb=VERB`.
pub(super) async fn serve(RawQuery(query): RawQuery) -> Response {
    let name = log::value(query.as_deref(), "verb");
    let row = Verb::find(&name).map(Verb::row);
    let own: Vec<&Key> = row.map_or(&[][..], |row| row.keys).iter().collect();
    let main = row.and_then(|row| row.main_key);
    let is_first = |key: &&Key| key.required || Some(key.name) == main || FIRST.contains(&key.name);
    let (mut first, rest): (Vec<&Key>, Vec<&Key>) = own.into_iter().partition(is_first);
    // Payload matters most comes first, and titles before what stands below them.
    first.sort_by_key(|key| (key.name != "title", Some(key.name) != main));
    let common = COMMON.iter().filter(|key| key.name != "phone");
    let fields = |keys: &[&Key]| keys.iter().map(|key| field(key)).collect::<Vec<_>>();
    let rest: Vec<&Key> = rest.into_iter().chain(common).collect();
    let does = row.map_or("", |row| row.summary);
    render::html(
        "fields.html",
        context! { verb => name, does, first => fields(&first), rest => fields(&rest) },
    )
}

fn field(key: &Key) -> Value {
    let (form, words): (&str, &[&str]) = match key.kind {
        Kind::Word(words) => ("choice", words),
        Kind::Text if key.name == "text" || key.name == "body" || key.name == "xml" => {
            ("lines", &[])
        }
        _ if key.repeatable => ("lines", &[]),
        _ => ("line", &[]),
    };
    let hint = match key.kind {
        Kind::Duration => "30s",
        Kind::Entry => "Name|Number",
        Kind::Image => "file or URL",
        Kind::Input => "Label|param|kind",
        Kind::Item => "Label|dial:NUMBER",
        Kind::Tone => "name, number, file or URL",
        Kind::Url => "http…",
        _ => "",
    };
    let hint = if key.repeatable {
        format!("{hint} (one a line)")
    } else {
        hint.to_owned()
    };
    context! { name => key.name, form, words => words.to_vec(), hint, required => key.required }
}

/// Keys that belong to the first ones although nothing requires them.
const FIRST: [&str; 3] = ["title", "fit", "stop"];

/// Reads the fields of the form back: verb, phones, and keys with values; empty fields are none.
pub(super) fn read(fields: Vec<(String, String)>) -> (String, Vec<(String, String)>) {
    let mut name = String::new();
    let mut pairs = Vec::new();
    for (key, value) in fields {
        let value = value.replace("\r\n", "\n");
        if key == "verb" {
            name = value;
        } else if !value.trim().is_empty() {
            pairs.push((key, value));
        }
    }
    let verb = Verb::find(&name);
    let repeats = |key: &str| {
        let key = verb.and_then(|verb| verb.row().key(key));
        key.is_some_and(|key| key.repeatable)
    };
    let pairs = pairs.into_iter().flat_map(|(key, value)| {
        if repeats(&key) {
            let lines = value.lines().filter(|line| !line.trim().is_empty());
            lines.map(|line| (key.clone(), line.to_owned())).collect()
        } else {
            vec![(key, value)]
        }
    });
    (name, pairs.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_fields_are_none_and_lines_are_repeated_keys() {
        let fields = [
            ("verb", "push"),
            ("title", ""),
            ("text", "a\r\nb"),
            ("item", "A|exit\r\n\r\nB|exit"),
        ];
        let own = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let (verb, pairs) = read(fields.map(own).to_vec());
        assert_eq!(verb, "push");
        let told = [("text", "a\nb"), ("item", "A|exit"), ("item", "B|exit")];
        assert_eq!(pairs, told.map(own));
    }
}
