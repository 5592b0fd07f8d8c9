//! Text from peers that do not declare its encoding.
//!
//! Asterisk passes on the bytes it was given: UTF-8 today, and ISO-8859-1 where a dialplan, a database
//! or a trunk is old. A text that is not valid UTF-8 is read as Windows-1252, which has every
//! character of ISO-8859-1. Practically no text in ISO-8859-1 is valid UTF-8 by chance: an accented
//! letter would need one or more particular symbols after it.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use percent_encoding::percent_decode;

/// Reads bytes as text.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// Reads lines as text, each on its own, since they may come from different sources.
pub fn decode_lines(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => bytes
            .split_inclusive(|&byte| byte == b'\n')
            .map(decode)
            .collect::<String>()
            .into(),
    }
}

/// Reads the query of a URL: its names and values in order, decoded. `+` is a blank; a `%` without two
/// digits stays; a name without `=` has an empty value.
pub fn query(query: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (component(name), component(value))
    })
}

fn component(text: &str) -> String {
    let text = text.replace('+', " ");
    let bytes: Vec<u8> = percent_decode(text.as_bytes()).collect();
    decode(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn utf8_stays_and_anything_else_is_windows_1252() {
        assert_eq!(decode("Grüße €".as_bytes()), "Grüße €");
        assert_eq!(decode(b"T\xfcr"), "Tür");
        assert_eq!(decode(b"\x80 5 \x96 \x84x\x93"), "€ 5 – „x“");
        assert_eq!(decode(b""), "");
    }

    #[test]
    fn each_line_has_its_own_encoding() {
        let bytes = b"a: T\xfcr\r\nb: T\xc3\xbcr\r\nc: \xe9";
        assert_eq!(decode_lines(bytes), "a: Tür\r\nb: Tür\r\nc: é");
    }

    #[test]
    fn query_is_decoded_in_either_encoding() {
        let pairs: Vec<_> = query("a=T%FCr&b=T%C3%BCr+x&&c&d=100%&e=%zz=1&=x").collect();
        let expected = [
            ("a", "Tür"),
            ("b", "Tür x"),
            ("c", ""),
            ("d", "100%"),
            ("e", "%zz=1"),
            ("", "x"),
        ];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    proptest! {
        #[test]
        fn any_bytes_become_text(bytes: Vec<u8>) {
            let text = decode(&bytes);
            let was_there = bytes.windows(3).any(|part| part == b"\xef\xbf\xbd");
            prop_assert!(was_there || !text.contains(char::REPLACEMENT_CHARACTER));
        }
    }
}
