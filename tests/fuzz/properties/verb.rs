//! Verbs, keys and values: one vocabulary for dialplans, events, the API and the command line.
//!
//! An input is a verb and its keys as `key=value`, one per line; values have `\n` for line breaks.

use handset_phones::verb::Request;

/// Parses a request, or checks that the error has a message of limited length.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let verb = lines.next().unwrap_or_default();
    let pairs: Vec<(&str, String)> = lines
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key, value.replace("\\n", "\n")))
        .collect();
    let read = || Request::parse(verb, pairs.iter().map(|(key, value)| (*key, value)));
    match read() {
        Ok(request) => {
            assert_eq!(request.verb.name(), verb);
            assert_eq!(
                read().as_ref(),
                Ok(&request),
                "parsing is not deterministic"
            );
        }
        Err(error) => {
            let message = error.to_string();
            assert!(!message.is_empty(), "an error has no message");
            assert!(
                message.len() <= MAX_TEXT + 16 * bytes.len(),
                "{} bytes",
                message.len()
            );
        }
    }
}

/// Maximum length of the own text of a message, in bytes; it quotes the input with escapes.
const MAX_TEXT: usize = 4096;
