//! Texts that look like numbers.

use minijinja::Value;

/// Returns the number that `text` looks like: a whole one without leading zeros, or a decimal.
pub(super) fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_whole = is_digits(whole) && (whole == "0" || !whole.starts_with('0'));
    match fraction {
        None if is_whole && text != "-0" => text.parse::<i128>().ok().map(Value::from),
        Some(fraction) if is_whole && is_digits(fraction) => {
            text.parse::<f64>().ok().map(Value::from)
        }
        _ => None,
    }
}

/// Returns whether `text` consists of digits of which the first is a needless zero.
pub(super) fn has_leading_zeros(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    text == "-0"
        || digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}
