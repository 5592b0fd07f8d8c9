//! The AMI wire format: bytes to packets and back.
//!
//! There are two separate steps. [`Framer`] splits the stream and never looks at what a header means;
//! [`Packet`] parses one block and never sees the stream. Malformed data is therefore skipped without
//! losing synchronization, and a block of any length costs bounded memory.
//!
//! This module does no I/O, knows no action by name, and never waits.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod blank_line;
mod boundary;
mod framer;
mod grammar;
mod kind;
mod line;
mod packet;
mod secret;

pub use framer::{Frame, Framer, MAX_LINES};
pub(crate) use grammar::{Line, lines};
pub use kind::Kind;
pub(crate) use line::header_at;
pub use packet::Packet;
pub use secret::is_secret;
