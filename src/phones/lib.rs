//! Desk phones: the verbs they understand, and how to control each vendor's phones.
//!
//! Everything here is pure: values, parsing, planning and media conversion. A [`vendor`] backend turns
//! a task into a [`vendor::Plan`] of requests; sending them is up to the caller.

pub mod csta;
pub mod documents;
mod given;
mod invalid_value;
pub mod media;
pub mod phone;
pub mod screen;
pub mod support;
pub mod vendor;
pub mod verb;
mod xml;

pub use given::Given;
pub use invalid_value::InvalidValue;
