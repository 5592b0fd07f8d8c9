//! Excerpts of texts that are too long to be kept or shown whole.

use std::borrow::Cow;

/// Returns `text`, or its first `limit` bytes and its length, such as `Hello… (31,000 bytes)`.
///
/// A character is never cut in two, so the excerpt may be up to three bytes shorter.
pub fn excerpt(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let (start, _) = text.split_at(text.floor_char_boundary(limit));
    Cow::Owned(format!("{start}{}", mark(text.len())))
}

/// Returns what ends an excerpt of a text of `length` bytes: `… (31,000 bytes)`.
pub fn mark(length: usize) -> String {
    format!("… ({} bytes)", grouped(length))
}

/// Formats a number with a comma between groups of three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_a_character_and_tell_their_length() {
        assert_eq!(excerpt("Hello", 5), "Hello");
        assert_eq!(excerpt("Hello!", 5), "Hello… (6 bytes)");
        assert_eq!(excerpt(&"ä".repeat(15_500), 3), "ä… (31,000 bytes)");
        assert_eq!(excerpt("ä", 0), "… (2 bytes)");
    }

    #[test]
    fn digits_are_grouped_in_threes() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }
}
