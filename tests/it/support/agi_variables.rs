//! How Asterisk understands the commands that set channel variables.

/// Returns the variables that a command sets, with the reply; `None` for any other command.
pub(crate) fn set_by(command: &str) -> Option<(Vec<(String, String)>, &'static str)> {
    if let Some(rest) = command.strip_prefix("SET VARIABLE ") {
        let (name, value) = rest.split_once(' ').unwrap();
        return Some((vec![(unquoted(name), unquoted(value))], "200 result=1\n"));
    }
    let argument = command.strip_prefix("EXEC \"MSet\" ")?;
    let pairs = literal_parts(&unquoted(argument));
    let pairs = pairs.iter().map(|pair| pair.split_once('=').unwrap());
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some((pairs.collect(), "200 result=0\n"))
}

/// Removes quotes and backslashes from an argument of a command.
pub(crate) fn unquoted(text: &str) -> String {
    let inside = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    literal(inside.unwrap_or(text))
}

/// Splits at the commas that no backslash precedes, and removes backslashes. A part contains nothing
/// else that Asterisk would interpret.
fn literal_parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            ',' => parts.push(String::new()),
            '"' | '(' | ')' | '[' | ']' => panic!("{c} is interpreted by MSet: {text}"),
            '\\' => parts.last_mut().unwrap().extend(characters.next()),
            other => parts.last_mut().unwrap().push(other),
        }
    }
    parts
}

fn literal(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => out.extend(characters.next()),
            other => out.push(other),
        }
    }
    out
}
