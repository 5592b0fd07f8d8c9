//! A strict parser of HTML form encoding.
//!
//! The usual crates never fail. Here a stray `%` is an error.

use percent_encoding::percent_decode_str;

/// Decodes `name=value&…`; the error is human-readable.
pub(crate) fn fields(text: &str) -> Result<Vec<(String, String)>, String> {
    text.split('&')
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            Ok((decoded(name)?, decoded(value)?))
        })
        .collect()
}

/// Decodes a name or value.
pub(crate) fn decoded(text: &str) -> Result<String, String> {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let digits = rest.get(at + 1..at + 3).unwrap_or_default();
        if digits.len() < 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err("% without two hexadecimal digits".to_owned());
        }
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| "invalid UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_in_order() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            fields("a=1+2&b=%26%3D&c&a=%C3%A9").unwrap(),
            [
                pair("a", "1 2"),
                pair("b", "&="),
                pair("c", ""),
                pair("a", "é")
            ]
        );
        assert_eq!(fields("").unwrap(), []);
    }

    #[test]
    fn invalid_encoding_is_refused() {
        for text in ["%", "a=%4", "a=%zz", "a=%FF", "%+1"] {
            assert!(fields(text).is_err(), "{text}");
        }
    }
}
