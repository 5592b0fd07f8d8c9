//! The wire format of SIP (RFC 3261): messages, their parser and their writer, without I/O.
//!
//! Messages are built from types that cannot hold a line break, so nothing that is written can add a
//! header field or a second message. Bodies are bytes, of any encoding.

mod address;
mod body;
mod header;
mod message;
mod method;
mod status;
mod text;
mod uri;

pub use address::NameAddr;
pub use body::Body;
pub use header::{Headers, Name};
pub use message::{Request, Response};
pub use method::Method;
pub use status::Status;
pub use text::{InvalidText, Token, Value};
pub use uri::{InvalidUri, Uri};
