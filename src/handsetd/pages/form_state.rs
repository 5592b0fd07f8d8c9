//! What a form remembers until it comes back: the query of its page, and answers to earlier fields.
//!
//! It is a part of the form's URL, so that an open form outlives a restart, and the forms of one phone do not push out
//! those of others. The phone could change it, but then it could as well send other values.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use form_urlencoded::Serializer;

/// Encodes names and values in letters, digits, `-` and `_`; nothing is the empty text.
pub(super) fn encode(values: &[(String, String)]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let query = Serializer::new(String::new()).extend_pairs(values).finish();
    BASE64_URL_SAFE_NO_PAD.encode(query)
}

/// Decodes names and values; `None` if they were not encoded by [`encode`].
pub(super) fn decode(state: &str) -> Option<Vec<(String, String)>> {
    let query = BASE64_URL_SAFE_NO_PAD.decode(state).ok()?;
    Some(form_urlencoded::parse(&query).into_owned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_returns_unchanged() {
        let values = [("meal", "soup & ä/?#"), ("n", ""), ("n", "2")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let state = encode(&values);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        assert!(state.chars().all(is_plain), "{state}");
        assert_eq!(decode(&state).unwrap(), values);
        assert_eq!(decode(&encode(&[])).unwrap(), []);
    }

    #[test]
    fn foreign_state_is_refused() {
        for state in ["..", "a b", "====", "%2e", "a"] {
            assert_eq!(decode(state), None, "{state}");
        }
    }
}
