//! RTP audio that a phone plays or sends.

use std::net::SocketAddr;

/// What is played or sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stream {
    /// Where it comes from or goes to; may be a multicast group.
    pub address: SocketAddr,
    /// Which direction.
    pub mode: Mode,
    /// How it is encoded; `None` leaves it to the phone.
    pub codec: Option<Codec>,
    /// How loud, in percent; `None` leaves it to the phone.
    pub volume: Option<u8>,
}

/// The direction, as the phone sees it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mode {
    /// It plays and sends.
    Both,
    /// It plays.
    #[default]
    Receive,
    /// It sends.
    Send,
}

/// How audio is encoded.
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
    /// The words for them.
    pub(super) const WORDS: &[&str] = &["g711", "g722", "g729"];

    pub(super) fn of_word(word: &str) -> Self {
        match word {
            "g722" => Self::G722,
            "g729" => Self::G729,
            _ => Self::G711,
        }
    }
}

/// Reads `IP:PORT`.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let address: Option<SocketAddr> = text.parse().ok();
    address
        .filter(|address| address.port() != 0)
        .ok_or_else(|| format!("{text:?} is not of the form IP:PORT"))
}
