//! The pages that items and soft keys lead to.

use super::config::{Value, Values};

/// Returns the names of the pages that `keys` lead to, each with its key, as far as the names are written
/// out and not filled in.
pub(crate) fn linked_pages(keys: &Values) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for key in ["item", "softkey"] {
        let list = match keys.get(key) {
            Some(Value::List(list)) => list.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        for value in list {
            if let Value::Text(text) = value {
                found.extend(linked_page(text).map(|name| (key, name.to_owned())));
            }
        }
    }
    found
}

/// Returns the name in `Label|page:NAME?…`. Filters of the label contain the separator as well.
fn linked_page(text: &str) -> Option<&str> {
    let mut targets = text.split('|').skip(1);
    let link = targets.find_map(|target| target.trim_start().strip_prefix("page:"))?;
    let name = link.split('?').next().unwrap_or_default().trim_end();
    (!name.contains("{{") && !name.contains("{%")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_names_are_found() {
        for (text, expected) in [
            ("Soup|page:order?meal=soup", Some("order")),
            ("{{ query.a|upper }}| page:order ", Some("order")),
            ("Soup|page:{{ query.a }}", None),
            ("Soup|dial:1", None),
            ("page:order", None),
        ] {
            assert_eq!(linked_page(text), expected, "{text}");
        }
        let keys: Values = toml::from_str(
            "item = ['A|page:a', 'B|exit']\nsoftkey = 'C|page:c'\ntext = 'D|page:d'",
        )
        .unwrap();
        let expected = [("item", "a".to_owned()), ("softkey", "c".to_owned())];
        assert_eq!(linked_pages(&keys), expected);
    }
}
