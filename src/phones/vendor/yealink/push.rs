//! Pushing a document: `POST /servlet?push=xml`, where the body is `xml=` and then the document as it
//! is, not encoded; or a NOTIFY, for which the phone wants `push_xml.sip_notify = 1`.
//!
//! Over HTTP the phone locks us out after a few wrong passwords, so a 401 to our credentials is final.

use super::answer;
use super::document::{CONTENT_TYPE, Execute, MAX_DOCUMENT};
use super::pages::{self, Pages};
use crate::documents::{Documents, StoredContent};
use crate::vendor::plan::fits_notify;
use crate::vendor::{Plan, PlanError, Request};

/// Pushes documents to a phone by the way that it is reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pusher<'a> {
    /// The pages that take them, of which the phone has one.
    pub(super) pages: Pages,
    pub(super) by_notify: bool,
    pub(super) documents: &'a Documents,
}

impl Pusher<'_> {
    /// Says how a document is pushed.
    pub(super) fn document(self, document: &str) -> Result<Plan, PlanError> {
        if self.by_notify {
            return self.by_notify(document);
        }
        check_length(document)?;
        let body = format!("xml={document}");
        let base = self.documents.base_url().to_string();
        let request = move |page: &str| {
            let mut request = Request::post(page, "text/xml", body.clone());
            // Some firmware wants to know who pushes.
            request.headers.push(("Referer", base.clone()));
            request
        };
        let step = pages::first_of(self.pages, "yealink push", request, answer::pushed);
        Ok(Plan::new([step]))
    }

    /// Documents that are too long for one packet are fetched from handsetd.
    fn by_notify(self, document: &str) -> Result<Plan, PlanError> {
        let plan =
            |document: &str| Plan::notify("Yealink-xml", Some(("application/xml", document)));
        if fits_notify(document) {
            return Ok(plan(document));
        }
        check_length(document)?;
        let content = StoredContent::new(CONTENT_TYPE, document.to_owned());
        let url = self.documents.publish_first(content);
        Ok(plan(&Execute::new().uri(url.as_str()).to_document()))
    }
}

/// Refuses a document that is too long for the phones.
pub(super) fn check_length(document: &str) -> Result<(), PlanError> {
    if document.len() > MAX_DOCUMENT {
        let long = document.len();
        return Err(PlanError::unsupported(format!(
            "Yealink phones accept documents of up to {MAX_DOCUMENT} bytes, and this one has {long}"
        )));
    }
    Ok(())
}
