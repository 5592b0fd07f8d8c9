//! Reading from sockets.

pub(crate) mod datagrams;
pub(crate) mod streams;
