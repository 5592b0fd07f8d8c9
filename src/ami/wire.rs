//! The AMI wire format: bytes to packets and back.
//!
//! Two steps, kept apart on purpose: [`Framer`] cuts the stream and never looks at what a header
//! means, [`Packet`] reads one block and never sees the stream. What is no message is therefore
//! skipped without losing our place, and a block of any length costs bounded memory.
//!
//! Nothing here does I/O, knows an action by name, or waits.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod framer;
mod grammar;
mod packet;
mod shape;

pub use framer::{Frame, Framer};
pub(crate) use grammar::{Line, kind, lines};
pub use packet::is_secret;
pub use packet::{Kind, Packet};
