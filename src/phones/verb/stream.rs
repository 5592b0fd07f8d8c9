//! RTP audio that a phone receives or sends.

use std::net::SocketAddr;

use crate::invalid_value::InvalidValue;

/// An RTP stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stream {
    /// The source or destination; may be a multicast group.
    pub address: SocketAddr,
    /// The direction.
    pub mode: Mode,
    /// The codec; `None` leaves the choice to the phone.
    pub codec: Option<Codec>,
    /// The volume in percent; `None` leaves it unchanged.
    pub volume: Option<u8>,
}

/// The direction as seen by the phone.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mode {
    /// Receives and sends.
    Both,
    /// Receives.
    #[default]
    Receive,
    /// Sends.
    Send,
}

/// An audio codec.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Codec {
    /// G.711, µ-law.
    G711,
    /// G.722.
    G722,
    /// G.729.
    G729,
}

impl Codec {
    /// All codecs with their names.
    pub(super) const ALL: [(&'static str, Self); 3] = [
        ("g711", Self::G711),
        ("g722", Self::G722),
        ("g729", Self::G729),
    ];
    pub(super) const WORDS: &[&str] = &["g711", "g722", "g729"];
}

/// Parses `IP:PORT`.
pub(super) fn address(text: &str) -> Result<SocketAddr, InvalidValue> {
    let address: Option<SocketAddr> = text.parse().ok();
    address
        .filter(|address| address.port() != 0)
        .ok_or_else(|| InvalidValue::malformed("address", text, "use IP:PORT"))
}
