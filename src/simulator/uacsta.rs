//! CSTA over SIP (uaCSTA, ECMA TR/87): sessions that a server opens with the phone, in which it sends
//! requests and the phone sends events.
//!
//! A phone registers an identity of its own with the server ([`SimulatedPhone::connect_csta`]), or is
//! called at the contact that it registered elsewhere ([`SimulatedPhone::serve_csta`]). Snom phones perform
//! the same requests as over HTTP, with SIP addresses and signed call ids; others are plain phones of TR/87
//! in edition 3, with bare numbers.
//!
//! # Strictness
//!
//! - Tags, `CSeq` and branches must be right; a second `INFO` while one is in progress gets 500.
//! - The type must be `application/csta+xml`, the disposition `signal;handling=required`, the body one
//!   well-formed document in an edition that the phone supports.
//! - The first message is `RequestSystemStatus`; other sessions, and calls, are rejected.
//! - Settings decide as on a real phone: `csta_control`, `csta_challenge`, `csta_legacy_control`,
//!   `filter_registrar` and `sip_ip_dialin_content_types` (Snom), `features.csta_control.enable`
//!   (Yealink).
//!
//! No source describes the bodies of Snom's events, nor what a phone does with most of what it refuses here.

mod admission;
mod body;
mod events;
mod identity;
mod line;
mod options;
mod outbox;
mod plain;
mod profile;
mod registration;
mod reply;
mod session;
#[cfg(test)]
mod tests;

pub use identity::CstaLine;
pub use options::{Answers, CstaIdentity, Quirks};
