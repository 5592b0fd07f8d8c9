//! Examples as they are written in the dialplan and on the command line.

use std::borrow::Cow;

/// Returns the line of a dialplan that makes a request.
pub(super) fn dialplan(verb: &str, pairs: &[(&str, &str)]) -> String {
    let arguments = pairs.iter().map(|(key, value)| {
        // In extensions.conf a semicolon begins a comment, and a comma ends an argument.
        let value = value.replace(';', "\\;");
        if value.contains(',') {
            format!(",{key}=\"{value}\"")
        } else {
            format!(",{key}={value}")
        }
    });
    let arguments: String = arguments.collect();
    format!("AGI(agi://127.0.0.1/{verb}{arguments})")
}

/// Returns the command of a shell that makes a request. It has no caller, so it names a phone.
pub(super) fn command(verb: &str, pairs: &[(&str, &str)]) -> String {
    let names_phone = verb == "ping" || pairs.iter().any(|(key, _)| *key == "phone");
    let phone: &[(&str, &str)] = if names_phone {
        &[]
    } else {
        &[("phone", "1001")]
    };
    let words = phone.iter().chain(pairs).map(|(key, value)| {
        let word = format!("{key}={value}");
        format!(" {}", quoted(&word))
    });
    let words: String = words.collect();
    format!("handsetd send {verb}{words}")
}

/// Quotes a word for the shell if necessary.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "=_-.,:/@%+".contains(c);
    if word.chars().all(is_plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', "'\\''")))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use handset_phones::verb::{Request, TABLE, Verb};

    use super::*;
    use crate::dialplan::pairs;

    /// Parses the arguments of a verb as dialplan and command line do.
    fn parsed(verb: Verb, arguments: &[String]) -> Request {
        let arguments = arguments.iter().map(String::as_str);
        let pairs = pairs(verb, arguments, |_| false).unwrap();
        Request::parse(verb.name(), pairs).unwrap()
    }

    /// Returns the arguments of `AGI()` as Asterisk passes them on: it removes quotes, and the
    /// backslash before a semicolon.
    fn agi_arguments(line: &str) -> Vec<String> {
        let line = line.strip_prefix("AGI(agi://127.0.0.1/").unwrap();
        let line = line.strip_suffix(')').unwrap().replace("\\;", ";");
        let (mut arguments, mut is_quoted) = (vec![String::new()], false);
        for c in line.chars() {
            match c {
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => arguments.push(String::new()),
                c => arguments.last_mut().unwrap().push(c),
            }
        }
        arguments
    }

    #[test]
    fn examples_mean_the_same_in_the_dialplan_and_in_the_shell() {
        for row in TABLE {
            for pairs in row.examples {
                let expected = Request::parse(row.name(), pairs.iter().copied()).unwrap();
                let line = dialplan(row.name(), pairs);
                let arguments = agi_arguments(&line);
                assert_eq!(arguments[0], row.name());
                assert_eq!(parsed(row.verb, &arguments[1..]), expected, "{line}");

                let line = command(row.name(), pairs);
                let words = line.strip_prefix("handsetd ").unwrap();
                let script = format!("printf '%s\\n' {words}");
                let output = Command::new("sh").args(["-c", &script]).output().unwrap();
                let words = String::from_utf8(output.stdout).unwrap();
                let words: Vec<String> = words.lines().map(str::to_owned).collect();
                assert_eq!(words[..2], ["send", row.name()]);
                let mut request = parsed(row.verb, &words[2..]);
                if expected.phone.is_none() {
                    request.phone = None;
                }
                assert_eq!(request, expected, "{line}");
            }
        }
    }
}
