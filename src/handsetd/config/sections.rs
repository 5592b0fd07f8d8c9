//! The sections that components define completely, and the names of all.

use super::setting::Setting;
use super::validator::Validator;
use crate::history;

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
pub(super) const SECTIONS: [&str; 17] = [
    "asterisk", "agi", "http", "admin", "history", "state", "vendor", "phones", "phone", "group",
    "media", "cucm", "uacsta", "cluster", "page", "rule", "log",
];
