//! Says what is wrong with a value, and how it is written, in words for administrators.

/// Explains why `text` was refused, given the reason that its parser gave.
pub(super) fn explain(text: &str, reason: &str) -> String {
    let advice = ADVICE.iter().find(|advice| reason == advice.reason);
    match advice {
        Some(advice) => format!("{text:?} is no {}; write {}", advice.what, advice.example),
        None if reason.ends_with("expected a duration") => {
            format!("{text:?} is no duration; write a number and a unit: 500ms, 5s, 10m, 1h, 30d")
        }
        None if reason.contains(text) => reason.to_owned(),
        None => format!("{text:?} is not valid: {reason}"),
    }
}

/// Says that `name` is unknown among `known`, and what may have been meant.
pub(super) fn unknown_key(name: &str, known: &[&str]) -> String {
    let close = known
        .iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .min()
        .filter(|(distance, _)| *distance <= MAX_DISTANCE);
    match close {
        Some((_, candidate)) => format!("is no known key; did you mean {candidate}?"),
        None => format!("is no known key; known here: {}", known.join(", ")),
    }
}

/// Joins the words of a choice: `a, b or c`.
pub(super) fn choice(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => (*last).to_owned(),
        None => String::new(),
    }
}

/// Returns how many letters must be added, dropped or changed to make `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i.saturating_add(1)];
        for (y, above) in b.iter().zip(row.windows(2)) {
            let [diagonal, up] = above else { continue };
            let left = next.last().copied().unwrap_or_default();
            let change = diagonal.saturating_add(usize::from(x != *y));
            let cost = change.min(up.saturating_add(1)).min(left.saturating_add(1));
            next.push(cost);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

struct Advice {
    reason: &'static str,
    what: &'static str,
    example: &'static str,
}

/// What the parsers of the standard library and of `ipnet` say, in better words.
const ADVICE: [Advice; 3] = [
    Advice {
        reason: "invalid socket address syntax",
        what: "IP address with a port",
        example: "it as 127.0.0.1:4573 or [::1]:4573",
    },
    Advice {
        reason: "invalid IP address syntax",
        what: "network",
        example: "it as 192.0.2.0/24, or 192.0.2.7/32 for one address",
    },
    Advice {
        reason: "path contains a NUL",
        what: "path",
        example: "it without a NUL",
    },
];

/// How many letters may be wrong for a key to be recognised.
const MAX_DISTANCE: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let known = ["listen", "allow", "budget"];
        assert_eq!(
            unknown_key("budgte", &known),
            "is no known key; did you mean budget?"
        );
        assert_eq!(
            unknown_key("colour", &known),
            "is no known key; known here: listen, allow, budget"
        );
    }

    #[test]
    fn distance_counts_changes() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
