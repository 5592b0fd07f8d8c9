//! Documents shown by the minibrowser over HTTP.

use url::Url;

use super::{document, web};
use crate::documents::{Documents, StoredContent};
use crate::phone::Phone;
use crate::vendor::{Plan, PlanError};

/// Plans to show a document in the minibrowser.
pub(super) fn show(
    phone: &Phone,
    document: String,
    documents: &Documents,
) -> Result<Plan, PlanError> {
    let url = publish(document, documents);
    Ok(web::get(&web::minibrowser(phone, &url)?))
}

/// Publishes a document for the minibrowser.
pub(super) fn publish(document: String, documents: &Documents) -> Url {
    documents.publish_first(StoredContent::new(document::CONTENT_TYPE, document))
}
