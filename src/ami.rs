//! The Asterisk Manager Interface: a client, and the wire format on its own.

pub mod decode;
pub mod wire;
