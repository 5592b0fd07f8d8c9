//! Digest authentication (RFC 7616; as a client also RFC 2069, for old phones), for HTTP as well as for SIP
//! (RFC 8760): what a client answers to a challenge, and how a server verifies it.
//!
//! Nonces are up to the server that uses this.

mod algorithm;
mod answer;
mod challenge;
mod params;

pub use algorithm::Algorithm;
pub use answer::Answer;
pub use challenge::Digest;
pub use params::challenges;
