//! Suggestions for misspelt names.

/// Returns the one of `known` that is spelt most like `name`, if any is close.
pub(super) fn similar<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let is_close = |distance: usize| distance <= (name.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|known| (strsim::osa_distance(&lower, known), known))
        .filter(|(distance, _)| is_close(*distance))
        .min()
        .map(|(_, known)| known)
}

/// Returns `; did you mean NAME?`, or nothing.
pub(super) fn suggestion(similar: Option<&str>) -> String {
    similar.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}
