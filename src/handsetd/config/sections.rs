//! The sections that components define completely, and the names of all.

use handset_net::allow_list::AllowList;

use super::setting::Setting;
use super::validator::Validator;
use crate::{history, phone_http};

/// Reads `[http]`; also returns `allow` if it is written.
pub(super) fn http(
    root: &mut Setting,
    validator: &mut Validator,
) -> (phone_http::Config, Option<AllowList>) {
    let (http, section) = validator.section::<phone_http::Config>(root, "http");
    validator.check_duration(&section, "screen_lifetime", http.screen_lifetime);
    validator.check_duration(&section, "media_lifetime", http.media_lifetime);
    validator.check_count(&section, "max_connections", http.max_connections);
    validator.check_count(&section, "max_connections_each", http.max_connections_each);
    validator.check_listen(&section, http.listen);
    let allow = section.get("allow").map(|_| http.allow.clone());
    (http, allow)
}

/// Reads `[history]`.
pub(super) fn history(root: &mut Setting, validator: &mut Validator) -> history::Config {
    let (history, section) = validator.section::<history::Config>(root, "history");
    validator.check_duration(&section, "time", history.time);
    validator.check_count(&section, "count", history.count);
    if history.count > MAX_HISTORY {
        let text = format!("{} is too many; at most {MAX_HISTORY}", history.count);
        validator.reject(&section, "count", text);
    }
    history
}

/// The most deliveries kept in memory: a few hundred megabytes in the worst case.
const MAX_HISTORY: usize = 100_000;

/// The names of all sections.
pub(super) const SECTIONS: [&str; 14] = [
    "asterisk", "agi", "http", "admin", "history", "state", "vendor", "phones", "phone", "group",
    "media", "cucm", "rule", "log",
];
