//! Vendor backends: they turn a [`Task`] into a [`Plan`] of HTTP requests, NOTIFYs and calls. No I/O.
//!
//! A vendor is one directory with a `Backend`, and one line in `planner::backend`.

mod backend;
mod cisco;
mod generic;
mod http;
mod lenient_xml;
pub mod mobility;
mod page;
mod pagination;
mod pbx;
mod plan;
mod plan_context;
mod plan_error;
mod planner;
mod snom;
mod task;
mod uacsta;
mod yealink;

#[cfg(test)]
mod testing;

pub use crate::xml::document_fault;
pub use cisco::is_multiplatform;
pub use http::{Auth, Method, Reply, Request};
pub use page::{asks_one_field_at_a_time, closing_document, document, test_document};
pub use plan::{
    Call, ChannelAction, CstaExchange, Exchange, InCall, Notify, Plan, Purpose, ReplyData,
    ReplyOutcome, ReplyParser, Step,
};
pub use plan_context::{CstaSession, PlanContext};
pub use plan_error::PlanError;
pub use planner::{plan, pushes_alike};
pub use task::{AudioFile, BackgroundImage, Image, PreparedContent, PreparedTone, Task};

use backend::Backend;

/// Why a page cannot be a document of another server.
const NO_URL: &str = "url: a page is written by handsetd; link to the URL instead";

/// Why a phone without a CSTA session does nothing by CSTA.
const NO_CSTA: &str = "only Snom phones speak CSTA over HTTP; others need a session over SIP: [uacsta], and csta in \
                       the [[phone]]";
