//! Where a form comes back to handsetd.

use handset_phones::documents::{form_url, page_form_url, with_state};
use handset_phones::screen::PageName;
use url::Url;

/// The address of a form that a phone has fetched by itself, and what it is to remember, encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FormAddress<'a> {
    /// That of a page.
    Page(&'a PageName, &'a str),
    /// That of a pushed form, by its token.
    Token(&'a str, &'a str),
}

impl FormAddress<'_> {
    /// Returns the URL below `base`.
    pub(super) fn url(self, base: &Url) -> Url {
        match self {
            Self::Page(page, state) => page_form_url(base, page, state),
            Self::Token(token, state) => with_state(form_url(base, token), state),
        }
    }
}
