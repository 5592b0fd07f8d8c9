//! CSTA: call control in the XML of ECMA-323, as phones speak it over HTTP (Snom) and in sessions over SIP
//! (uaCSTA, ECMA TR/87). Documents in both directions, no I/O.
//!
//! Phones differ in the edition of the schema, in whether the id of a call is an element of its own, and
//! in what they call their line. Elements are compared without namespaces: phones answer in another
//! edition than they are asked in.

mod answer;
mod call_table;
mod edition;
mod error_code;
mod event;
mod message;
mod request;
mod selection;
pub(crate) mod services;
mod session_dialect;
mod snapshot;

pub use answer::Answer;
pub use call_table::{CallTable, PhoneEvent};
pub use edition::Edition;
pub use error_code::ErrorCode;
pub use event::{Event, EventKind, Incoming};
pub use message::{Message, Refused, Reply};
pub use session_dialect::SessionDialect;
pub use snapshot::Call;

pub(crate) use request::{Part, Request, Style};
pub(crate) use selection::{Selection, no_call, several_calls};
