//! Wording of diagnostics: why a value was rejected, and how to write it.

/// Explains why `text` is invalid, given the reason that its parser returned.
pub(super) fn invalid(text: &str, reason: &str) -> String {
    let advice = ADVICE.iter().find(|advice| reason == advice.reason);
    match advice {
        Some(advice) => format!("invalid {} {text:?}; use {}", advice.what, advice.example),
        None if reason.ends_with("expected a duration") => format!(
            "invalid duration {text:?}; use a number with a unit: 500ms, 5s, 10m, 1h or 30d"
        ),
        None if reason.contains(text) => reason.to_owned(),
        None => format!("invalid value {text:?}: {reason}"),
    }
}

/// Reports the unknown key `name`, and suggests one of `known` that is spelt alike.
pub(super) fn unknown_key(name: &str, known: &[&str]) -> String {
    match similar(name, known) {
        Some(candidate) => format!("unknown key; did you mean {candidate}?"),
        None => format!("unknown key; expected one of {}", known.join(", ")),
    }
}

/// Reports that `text` is not one of the words `known`.
pub(super) fn unknown_variant(text: &str, known: &[&str]) -> String {
    format!("unknown value {text:?}; expected {}", choice(known))
}

/// Returns the one of `known` that is spelt most like `name`, if any is close.
pub(super) fn similar<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::levenshtein(name, candidate), *candidate))
        .min()
        .filter(|(distance, _)| *distance <= MAX_DISTANCE)
        .map(|(_, candidate)| candidate)
}

/// Joins the words of a choice: `a, b or c`.
fn choice(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => (*last).to_owned(),
        None => String::new(),
    }
}

struct Advice {
    reason: &'static str,
    what: &'static str,
    example: &'static str,
}

/// What the parsers of the standard library and of `ipnet` report, and the wording for it.
const ADVICE: [Advice; 3] = [
    Advice {
        reason: "invalid socket address syntax",
        what: "socket address",
        example: "an IP address and a port, such as 127.0.0.1:4573 or [::1]:4573",
    },
    Advice {
        reason: "invalid IP address syntax",
        what: "network",
        example: "192.0.2.0/24, or 192.0.2.7/32 for a single address",
    },
    Advice {
        reason: "path contains a NUL",
        what: "path",
        example: "one without a NUL",
    },
];

/// How many letters may be wrong for a key to be recognised.
const MAX_DISTANCE: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_key_suggests_a_similar_one() {
        let known = ["listen", "allow", "budget"];
        assert_eq!(
            unknown_key("budgte", &known),
            "unknown key; did you mean budget?"
        );
        assert_eq!(
            unknown_key("colour", &known),
            "unknown key; expected one of listen, allow, budget"
        );
    }
}
