//! The shape of a `[[page]]` section.

use handset_phones::screen::PageName;

use crate::rules::config::Values;

/// A `[[page]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct PageConfig {
    /// The last segment of its URL.
    pub name: PageName,
    /// The page that the phone is shown when it has sent the form of this one.
    pub then: Option<PageName>,
    /// The keys of `push`, as templates.
    pub keys: Values,
}
