//! Simulated Cisco, Snom and Yealink desk phones, as strict as real ones.
//!
//! A [`SimulatedPhone`] serves HTTP like the phone's own web server, fetches what it is asked to
//! fetch, and keeps what it shows, plays, dials and changes in a [`State`] that can be watched and
//! drawn ([`draw`]). [`cucm`] is a call manager that offers Extension Mobility, and [`sip`] lets a
//! phone register with Asterisk and dial; there is no sound.
//!
//! # Strictness
//!
//! - XML must be well-formed and match the vendor's schema: names, order, counts and lengths.
//! - Pictures and tones must have a format, size and length that the model supports.
//! - Media types, form encoding and authentication, including digest nonces, are checked to the byte.
//! - Keys, commands and URIs must exist on the model and its firmware.
//! - Requests must have a length; connections, headers and bodies are limited.
//!
//! A phone that refuses something records the reason ([`State::refusals`]). Where the vendors'
//! documents leave a response open, the phone refuses with a 4xx status and its module says so.
//!
//! The simulator shares no code with what it tests, so that no mistake is made twice in the same way.
//!
//! # Example
//!
//! ```
//! use handset_net::tasks::Tasks;
//! use handset_simulator::{CallState, Options, Vendor, start};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tasks = Tasks::new();
//! let phone = start(Options::new(Vendor::Snom), &tasks).await?;
//!
//! // Dial, as a browser would.
//! let url = format!("http://{}/command.htm?number=700", phone.address());
//! reqwest::get(url).await?.error_for_status()?;
//! assert_eq!(phone.state().dialed, ["700"]);
//! assert_eq!(phone.state().calls.all()[0].state, CallState::Dialing);
//!
//! // A Yealink command is refused, with the reason.
//! let url = format!("http://{}/servlet?key=OK", phone.address());
//! reqwest::get(url).await?;
//! let state = phone.state();
//! let (exchange, reason) = state.refusals().next().ok_or("nothing refused")?;
//! assert_eq!((exchange.status, reason), (Some(404), "no such page"));
//! # Ok(())
//! # }
//! ```

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
mod naming;
mod options;
mod phone;
mod picture;
mod request;
mod schema;
mod server;
pub mod sip;
mod snom;
mod state;
mod telephony;
mod uacsta;
mod user;
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
    Content, CstaState, Direction, DirectoryEntry, Exchange, FormField, MenuItem, Ringtone, Screen,
    SoftKey, State, Tone,
};
pub use uacsta::{Answers, CstaIdentity, CstaLine, Quirks};
pub use vendor::{UnknownVendor, Vendor};
