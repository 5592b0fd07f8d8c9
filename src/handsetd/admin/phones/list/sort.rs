//! The order of phones in a list.

use std::fmt::Write as _;

use crate::admin::phones::row::PhoneRow;
use crate::resolver::PhoneSummary;

/// Sorts by a column, the name if it is none; phones without a value come last.
pub(super) fn sort<T>(found: &mut [T], column: &str, row: impl Fn(&T) -> &PhoneRow) {
    let text = |phone: &PhoneSummary| match column {
        "model" => format!("{} {}", phone.vendor, phone.model)
            .trim()
            .to_owned(),
        "firmware" => phone.firmware.clone(),
        "address" => phone.address.clone(),
        "endpoint" => phone.endpoint.clone(),
        _ => phone.name.clone(),
    };
    if column == "state" {
        found.sort_by_key(|phone| row(phone).shown);
    } else {
        found.sort_by_cached_key(|phone| {
            let text = text(&row(phone).phone);
            (text.is_empty(), natural(&text))
        });
    }
}

/// Returns a key by which `9` comes before `10`: the text in lower case, with its numbers filled up.
fn natural(text: &str) -> String {
    let mut key = String::new();
    let mut digits = String::new();
    for letter in text.to_lowercase().chars().chain(['\0']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if !digits.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(key, "{digits:0>12}");
            digits.clear();
        }
        key.push(letter);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_sorted_by_value() {
        let mut names = ["desk 10", "Desk 9", "101", "99", "desk"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["99", "101", "desk", "Desk 9", "desk 10"]);
    }
}
