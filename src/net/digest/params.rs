//! Lists of parameters, and of challenges with parameters.

/// Splits a `WWW-Authenticate` field into challenges, each a scheme and its parameters with commas between
/// them (RFC 9110, section 11.6.1).
pub fn challenges(field: &str) -> Vec<(&str, String)> {
    let mut challenges: Vec<(&str, String)> = Vec::new();
    for element in elements(field) {
        // A parameter is a name and an equals sign; everything else starts with a scheme.
        let end = element.find(|c: char| c.is_whitespace() || c == '=');
        let (word, rest) = element.split_at(end.unwrap_or(element.len()));
        if !rest.trim_start().starts_with('=') {
            challenges.push((word, rest.trim_start().to_owned()));
        } else if let Some((_, params)) = challenges.last_mut() {
            params.push(',');
            params.push_str(element);
        }
    }
    challenges
}

/// Splits a list at the commas outside of quotes; empty elements are left out.
fn elements(list: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    let separator = move |c: char| {
        let is_escaped = std::mem::take(&mut escaped);
        match c {
            '"' if !is_escaped => quoted = !quoted,
            '\\' if quoted && !is_escaped => escaped = true,
            _ => {}
        }
        c == ',' && !quoted
    };
    let elements = list.split(separator).map(str::trim);
    elements.filter(|element| !element.is_empty())
}

/// Writes a quoted string.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Reads `name=value` and `name="value"`, with commas between them.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name
            .trim_matches(|c: char| c == ',' || c.is_whitespace())
            .to_owned();
        let after = after.trim_start();
        let (value, next) = if let Some(inside) = after.strip_prefix('"') {
            unquote(inside)
        } else {
            let (value, next) = after.split_once(',').unwrap_or((after, ""));
            (value.trim().to_owned(), next)
        };
        pairs.push((name, value));
        rest = next;
    }
    pairs
}

/// Reads up to the closing quote; returns the text and what follows.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, text.get(at.saturating_add(1)..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}
