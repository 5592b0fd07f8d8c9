//! What must hold whatever bytes come: one module for each target of the fuzzer.
//!
//! The fuzzer calls each `check` with bytes that it makes up, and `tests/fuzz/replay.rs` of the main
//! package with those of the corpus. What does not hold panics.

pub mod agi;
pub mod ami;
pub mod cisco;
pub mod configuration;
pub mod csta;
pub mod digest;
pub mod identity;
pub mod mobility;
pub mod phone_http;
pub mod picture;
pub mod ringtone;
pub mod rules;
pub mod snom;
pub mod verb;
pub mod yealink;

mod conversation;
