//! The keys of a URL's query; unknown and repeated ones are refused by name.

use super::reply::Reply;

/// Reads a query; each key of `once` may be there once, each of `often` as often as it likes.
pub(super) fn read(
    query: Option<&str>,
    once: &[&str],
    often: &[&str],
) -> Result<Vec<(String, String)>, Reply> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let given = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    for (key, value) in given.into_owned() {
        let known = [once, often].concat();
        if !known.contains(&key.as_str()) {
            let keys = match known.as_slice() {
                [] => "there are none here".to_owned(),
                known => format!("keys are {}", known.join(", ")),
            };
            return Err(Reply::invalid(format!(
                "{key:?} is no key of this query; {keys}"
            )));
        }
        if once.contains(&key.as_str()) && pairs.iter().any(|(known, _)| *known == key) {
            return Err(Reply::invalid(format!("{key} is given twice")));
        }
        if pairs.len() >= MAX_PAIRS {
            return Err(Reply::invalid(format!(
                "more than {MAX_PAIRS} keys are too many"
            )));
        }
        pairs.push((key, value));
    }
    Ok(pairs)
}

const MAX_PAIRS: usize = 100;
