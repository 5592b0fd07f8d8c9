//! Finds comparisons whose result never changes, because a value never is what it is compared with.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::ast::{BinOpKind, CompareOpKind, Expr, member, text};
use super::kind::Kind;

/// Returns a literal that the value beside it never equals, and why; `kind` knows the kind of a value.
pub(super) fn comparison<'e, 's>(
    expression: &'e Expr<'s>,
    kind: &impl Fn(&Expr<'_>) -> Kind,
) -> Option<(&'e Expr<'s>, String)> {
    let mut pairs: Vec<(&'e Expr<'s>, &'e Expr<'s>)> = Vec::new();
    let both = |left, right| [(left, right), (right, left)];
    match expression {
        Expr::BinOp(operation) => {
            let (left, right) = (&operation.left, &operation.right);
            match operation.op {
                BinOpKind::Eq | BinOpKind::Ne => pairs.extend(both(left, right)),
                BinOpKind::In => pairs.extend(elements(right).iter().map(|item| (left, item))),
                _ => {}
            }
        }
        Expr::Compare(chain) => {
            let mut left = &chain.expr;
            for next in &chain.ops {
                let right = &next.expr;
                match next.op {
                    CompareOpKind::Eq | CompareOpKind::Ne => pairs.extend(both(left, right)),
                    CompareOpKind::In | CompareOpKind::NotIn => {
                        pairs.extend(elements(right).iter().map(|item| (left, item)));
                    }
                    _ => {}
                }
                left = right;
            }
        }
        _ => {}
    }
    pairs
        .into_iter()
        .find_map(|(value, literal)| Some((literal, never_equals(value, literal, kind)?)))
}

/// Returns the elements of a list that is written out.
fn elements<'e, 's>(list: &'e Expr<'s>) -> &'e [Expr<'s>] {
    match list {
        Expr::List(list) => &list.items,
        Expr::Tuple(tuple) => &tuple.items,
        _ => &[],
    }
}

/// Returns why a value never equals a literal, if that is so.
fn never_equals(
    value: &Expr<'_>,
    literal: &Expr<'_>,
    kind: &impl Fn(&Expr<'_>) -> Kind,
) -> Option<String> {
    let Expr::Const(constant) = literal else {
        return None;
    };
    if let Some((name, words)) = words(value, kind) {
        let is_one = text(literal).is_some_and(|text| words.contains(&text));
        let shown = match text(literal) {
            Some(text) => format!("{text:?}"),
            None => written(&constant.value),
        };
        let words = words.join(", ");
        return (!is_one).then(|| format!("{name} is never {shown}; it is one of {words}"));
    }
    let is_text = kind(value) == Kind::Text;
    if !is_text {
        return None;
    }
    match constant.value.kind() {
        ValueKind::Bool => Some(format!(
            "a text is never {}; compare with the text itself, such as 'yes', or with a number",
            written(&constant.value)
        )),
        ValueKind::None => Some(
            "a text is never none; use \"is defined\" to ask whether there is a value".to_owned(),
        ),
        _ => None,
    }
}

/// Returns a constant as rules write it.
fn written(value: &Value) -> String {
    match value.kind() {
        ValueKind::Bool => value.is_true().to_string(),
        _ => value.to_string(),
    }
}

/// Returns what a value is called, and all that it can be, if that is known.
fn words(
    value: &Expr<'_>,
    kind: &impl Fn(&Expr<'_>) -> Kind,
) -> Option<(String, &'static [&'static str])> {
    let (object, name) = member(value)?;
    match (kind(object), name) {
        (Kind::Phone, "activity") => Some(("the activity of a phone".to_owned(), ACTIVITIES)),
        (Kind::Phone, "dnd" | "hook") => Some((format!("{name} of a phone"), SWITCH)),
        (Kind::StepResult, "status") => Some(("the status of a step".to_owned(), STATUSES)),
        _ => None,
    }
}

const ACTIVITIES: &[&str] = &[
    "away", "dialing", "holding", "idle", "ringing", "talking", "unknown",
];

const SWITCH: &[&str] = &["on", "off", "unknown"];

const STATUSES: &[&str] = &[
    "OK",
    "QUEUED",
    "PARTIAL",
    "SKIPPED",
    "DENIED",
    "ERROR",
    "INVALID",
    "NOTFOUND",
    "REJECTED",
    "UNKNOWN",
    "UNREACHABLE",
    "UNSUPPORTED",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Status;

    #[test]
    fn each_status_can_be_compared_with() {
        for status in Status::ALL {
            assert!(STATUSES.contains(&status.word()), "{status}");
        }
        assert_eq!(STATUSES.len(), Status::ALL.len() + 1, "SKIPPED");
    }
}
