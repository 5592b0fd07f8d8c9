//! Documents sent by NOTIFY.

use super::document;
use crate::documents::{Documents, StoredContent};
use crate::vendor::Plan;
use crate::vendor::plan::fits_notify;

/// Plans to push a document, inline if it is small enough, otherwise by URL.
pub(super) fn push_or_fetch(document: String, documents: &Documents) -> Plan {
    if fits_notify(&document) {
        return pushed(&document);
    }
    let url = documents.publish_first(StoredContent::new(document::CONTENT_TYPE, document));
    pushed(&document::fetching(url.as_str()))
}

/// Plans to push a document inline.
pub(super) fn pushed(document: &str) -> Plan {
    Plan::notify("xml", Some(("application/snomxml", document)))
}
