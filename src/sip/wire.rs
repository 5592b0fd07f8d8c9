//! The wire format of SIP (RFC 3261): messages, their parser and their writer, without I/O.
//!
//! Messages are built from types that cannot hold a line break, so nothing that is written can add a
//! header field or a second message. Bodies are bytes, of any encoding.

mod address;
mod body;
pub(crate) mod envelope;
mod grammar;
mod header;
mod message;
mod method;
mod params;
mod parser;
mod status;
mod text;
mod uri;
mod via;
mod writer;

pub use address::NameAddr;
pub use body::Body;
pub use envelope::read_seconds;
pub use header::{Headers, Name};
pub use message::{Message, Request, Response};
pub use method::Method;
pub use parser::{Frame, Framer, MAX_BODY, MAX_HEAD, MAX_LINES, MAX_MESSAGE, Malformed};
pub use status::Status;
pub use text::{InvalidText, Token, Value};
pub use uri::{InvalidUri, Uri};
pub use via::Via;

#[cfg(test)]
mod tests;
