//! Desk phones: what can be asked of them, and how each vendor's phones are asked.
//!
//! Everything here is pure: values, parsing, planning and conversion. A [`vendor`] backend turns a task
//! into a [`vendor::Plan`] of requests; sending them is somebody else's work.

pub mod documents;
pub mod media;
pub mod phone;
pub mod screen;
pub mod vendor;
pub mod verb;

#[cfg(test)]
mod verbs_page;
