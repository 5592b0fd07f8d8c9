//! What came of a request: the statuses.

use super::document::{Document, Term};
use crate::outcome::Status;

pub(super) fn document() -> Document {
    let mut document = Document::default();
    document.paragraph(
        "Every request ends with a status: in `HANDSET_STATUS` in the dialplan, as `steps.ID.status` in \
         rules, as `status` and as the HTTP status code in the API, and in the output of `handsetd \
         send`, which exits with 0 after `OK` and `QUEUED`, otherwise with 1. `HANDSET_REASON` has the \
         reason in one line.",
    );
    let mut statuses = Status::ALL;
    statuses.sort_by_key(|status| status.http_code());
    let terms = statuses.map(|status| {
        let text = format!("{}. HTTP {}.", status.meaning(), status.http_code());
        Term::new(status.word(), text)
    });
    document.terms(["status", "meaning"], terms);
    document
}
