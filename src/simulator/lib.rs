//! Simulated desk phones, as strict as real ones: they serve HTTP, fetch what they are told to
//! fetch, and keep what they show, play and change where it can be watched and drawn.
//!
//! `handsetd simulate`, `handsetd demo` and the tests use these same phones. They share no code
//! with the vendor backends, so that a mistake is not made twice in the same way. Where the
//! vendors' documents leave open what a phone answers, the phone here refuses with a status of
//! the 4xx class, and the module says so. Calls have no sound: [`sip`] is signalling only.

mod accept;
mod calls;
mod cisco;
pub mod cucm;
mod device;
mod digest;
mod document;
pub mod draw;
mod error;
mod fetch;
mod form;
#[cfg(test)]
mod harness;
mod login_guard;
mod options;
mod phone;
mod picture;
mod request;
mod schema;
mod server;
pub mod sip;
mod snom;
mod state;
mod vendor;
mod vendor_phone;
mod wave;
mod yealink;

pub use calls::{Call, CallState, Calls, Transfer};
pub use error::Error;
pub use options::{AuthenticationMethod, Faults, Options, RemoteControl, Scheme};
pub use phone::{SimulatedPhone, start};
pub use picture::Picture;
pub use state::{
    Content, Direction, DirectoryEntry, Exchange, FormField, MenuItem, Ringtone, Screen, SoftKey,
    State, Tone,
};
pub use vendor::{UnknownVendor, Vendor};
