//! Verbs, keys and values: one vocabulary for dialplans, events, the API and the command line.
//!
//! An input is a verb and its keys as `key=value`, one a line; a value may have `\n` for a line break.

use handset_phones::verb::Request;

/// Reads a request, or a refusal that can be told in a line.
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
                "it depends on something else"
            );
        }
        Err(refusal) => {
            let told = refusal.to_string();
            assert!(!told.is_empty(), "a refusal says nothing");
            assert!(
                told.len() <= TOLD + 16 * bytes.len(),
                "{} bytes",
                told.len()
            );
        }
    }
}

/// What our own words of a refusal may have, in bytes; those of the input stand in them escaped.
const TOLD: usize = 4096;
