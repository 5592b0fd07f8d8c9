//! Certificates pinned by their SHA-256.
//!
//! Desk phones have certificates that are not signed by a known CA and name no host. The fingerprint
//! is stricter than both: it identifies one device.

#[cfg(feature = "testing")]
pub mod testing;

mod fingerprint;
mod rejection;
mod untrusted;
mod verifier;

pub use fingerprint::{InvalidPin, Pin};
pub use rejection::WrongPin;
pub use untrusted::Untrusted;
pub use verifier::Verifier;
