//! Patterns in which `*` stands for any characters.

/// Returns whether `text` is one of those that `pattern` stands for, in time proportional to both lengths.
/// Upper and lower case differ.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    // The earliest place of each part leaves the most for the others.
    for part in middle.split('*').filter(|part| !part.is_empty()) {
        let Some((_, after)) = text.split_once(part) else {
            return false;
        };
        text = after;
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_stands_for_any_characters() {
        for (pattern, matching, others) in [
            ("2*", &["2", "21", "2*"][..], &["12", ""][..]),
            ("*", &["", "1001"], &[]),
            ("**", &["", "1001"], &[]),
            ("*-desk", &["a-desk", "-desk"], &["a-desk-2", "desk"]),
            ("a*b*c", &["abc", "aXbbYc"], &["acb", "ab", "abcd"]),
            ("a*a", &["aa", "aba"], &["a", "ab"]),
            ("*ab*ab*", &["abab", "xabyabz"], &["ab", "aab"]),
            ("ä*ü", &["äöü", "äü"], &["a\u{308}ü"]),
            ("1001", &["1001"], &["10011", "1", "A"]),
        ] {
            for text in matching {
                assert!(matches(pattern, text), "{pattern} {text}");
            }
            for text in others {
                assert!(!matches(pattern, text), "{pattern} {text}");
            }
        }
    }
}
