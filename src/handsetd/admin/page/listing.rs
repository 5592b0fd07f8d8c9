//! What the views of lists share: times, and addresses that hold the state of a list.

use std::time::{Duration, SystemTime};

use minijinja::{Value, context};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The query of an address: what a list is narrowed and sorted by. Empty values are left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Filters(Vec<(String, String)>);

impl Filters {
    pub(super) fn parse(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned();
        let pairs = pairs.filter(|(_, value)| !value.trim().is_empty());
        Self(pairs.take(MAX_FILTERS).collect())
    }

    /// Creates filters; empty values are left out.
    pub(super) fn of(pairs: &[(&str, &str)]) -> Self {
        let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Self(pairs.map(owned).collect())
    }

    /// Returns the value of a key without surrounding spaces; empty if the key is missing.
    pub(super) fn get(&self, key: &str) -> &str {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map_or("", |(_, value)| value.trim())
    }

    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Returns the address `path` with these filters, but with `value` for `key`; without `key` if the
    /// value is empty.
    pub(super) fn address(&self, path: &str, key: &str, value: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let others = self.0.iter().filter(|(name, _)| name != key);
        query.extend_pairs(others);
        if !value.is_empty() {
            query.append_pair(key, value);
        }
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    /// Returns a link that sets `key` to `value`, and takes it back if it is set.
    pub(super) fn chip(&self, path: &str, (key, value): (&str, &str), label: &str) -> Value {
        let is_set = self.get(key) == value;
        let address = self.address(path, key, if is_set { "" } else { value });
        context! { address, label, is_set }
    }
}

/// Returns a name as one segment of a path.
pub(super) fn segment(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

/// Returns the address of the view of a phone of that daemon; the name alone may be that of another's.
pub(super) fn phone_address(name: &str, daemon: Option<&str>) -> String {
    of_daemon(&format!("/phones/{}", segment(name)), daemon)
}

/// Returns the address of what a daemon has; `None` is the only one.
pub(super) fn of_daemon(path: &str, daemon: Option<&str>) -> String {
    Filters::default().address(path, "daemon", daemon.unwrap_or_default())
}

/// Formats a time as date and time of day, in UTC.
pub(super) fn time(at: SystemTime) -> String {
    let text = humantime::format_rfc3339_seconds(at).to_string();
    let (day, time) = text.split_once('T').unwrap_or(("", &text));
    format!("{day} {}", time.trim_end_matches('Z'))
}

/// Formats a time in RFC 3339 likewise.
pub(super) fn short_time(at: &str) -> String {
    let at = at.split('.').next().unwrap_or_default();
    at.trim_end_matches('Z').replace('T', " ")
}

/// Formats a duration as milliseconds, or as seconds from ten on.
pub(super) fn took(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 10.0 {
        format!("{:.0} ms", seconds * 1000.0)
    } else {
        format!("{seconds:.0} s")
    }
}

/// How many keys of a query are read.
const MAX_FILTERS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_the_other_filters() {
        let filters = Filters::parse(Some("q=a%26b&state=&sort=model"));
        assert_eq!(filters.get("q"), "a&b");
        assert_eq!(filters.get("state"), "");
        let address = |key, value| filters.address("/phones", key, value);
        assert_eq!(
            address("state", "talking"),
            "/phones?q=a%26b&sort=model&state=talking"
        );
        assert_eq!(address("sort", ""), "/phones?q=a%26b");
        assert_eq!(Filters::default().address("/phones", "q", ""), "/phones");
    }

    #[test]
    fn chip_takes_back_what_it_set() {
        let chip = |query| Filters::parse(Some(query)).chip("/phones", ("state", "dnd"), "DND");
        assert_eq!(
            chip("").get_attr("address").unwrap().as_str(),
            Some("/phones?state=dnd")
        );
        assert_eq!(
            chip("state=dnd").get_attr("address").unwrap().as_str(),
            Some("/phones")
        );
    }
}
