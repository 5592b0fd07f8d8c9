//! All pages of a configuration, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use handset_phones::screen::PageName;

use super::config::PageConfig;
use super::page::Page;

/// The compiled pages.
#[derive(Debug, Default)]
pub(crate) struct Catalogue(BTreeMap<PageName, Arc<Page>>);

impl Catalogue {
    /// Compiles pages, which the configuration has checked; a faulty one is left out.
    pub(crate) fn new(pages: &[PageConfig]) -> Self {
        let compiled = pages.iter().filter_map(|page| Page::parse(page).ok());
        Self(
            compiled
                .map(|page| (page.name.clone(), Arc::new(page)))
                .collect(),
        )
    }

    /// Returns the names of all pages.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.0.keys().map(ToString::to_string)
    }

    /// Returns a page by its name.
    pub(super) fn get(&self, name: &PageName) -> Option<Arc<Page>> {
        self.0.get(name).cloned()
    }

    /// Returns all pages, ordered by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Page> {
        self.0.values().map(AsRef::as_ref)
    }
}
