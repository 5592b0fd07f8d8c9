//! Pages (`[[page]]`): screens that phones fetch by themselves, and forms that come back to handsetd.
//!
//! A page is filled in for each request: it can name the phone that asks and the query of the request. A
//! form answers a page or a push; its values become the event `phone.form`, and the phone is shown the
//! page that `then` names, or goes back to where it was.
//!
//! Only phones are served: addresses in `phones.networks`, and those of a `[[phone]]`. Which phone asks is
//! decided by its address; what its request says of itself only adds the model and the vendor of phones
//! that nothing else shows.

mod catalogue;
mod client;
pub(crate) mod config;
mod form;
mod form_state;
mod open_form;
mod page;
mod rate;
mod refusal;
mod server;

pub(crate) use catalogue::Catalogue;
pub(crate) use client::PageClient;
pub(crate) use page::{Page, links};
pub(crate) use refusal::Refusal;
pub(crate) use server::{Answer, Pages, Submission};
