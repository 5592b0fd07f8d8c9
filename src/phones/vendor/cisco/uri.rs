//! Internal URIs: how each is written, and which families support it.
//!
//! Source: "Internal URI Features" in Cisco's development notes.

mod kinds;
mod parse;

use std::net::SocketAddrV4;

use super::family::{Family, Scheme, Support};
use crate::screen::Number;
use crate::vendor::PlanError;
pub(super) use parse::parse;

/// A well-formed internal URI.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Uri {
    scheme: Scheme,
    text: String,
}

impl Uri {
    /// Presses a key, given by Cisco's name.
    pub(super) fn key(name: &str) -> Self {
        Self::new(Scheme::Key, format!("Key:{name}"))
    }

    /// Calls a number.
    pub(super) fn dial(number: &Number) -> Result<Self, PlanError> {
        if !is_dial_string(number.as_str()) {
            return Err(PlanError::Unsupported(format!(
                "number: Cisco phones dial only digits, letters and * # + . @ -, not {number}"
            )));
        }
        Ok(Self::new(Scheme::Dial, format!("Dial:{number}")))
    }

    /// Sends digits in the call, audibly.
    pub(super) fn send_digits(digits: &str) -> Self {
        Self::new(
            Scheme::SendDigits,
            format!("SendDigits:{digits}:1:{DIALER}"),
        )
    }

    /// Plays a file of the TFTP server, or stops playing (`Stop`).
    pub(super) fn play(file: &str) -> Self {
        Self::new(Scheme::Play, format!("Play:{file}"))
    }

    /// Switches the backlight.
    pub(super) fn display(state: &str, minutes: Option<u64>) -> Self {
        let minutes = minutes.map(|minutes| format!(":{minutes}"));
        let text = format!("Display:{state}{}", minutes.unwrap_or_default());
        Self::new(Scheme::Display, text)
    }

    /// Plays the RTP sent to an address, which may be a multicast group.
    pub(super) fn receive(address: SocketAddrV4, volume: Option<u8>) -> Self {
        let kind = if address.ip().is_multicast() {
            "RTPMRx"
        } else {
            "RTPRx"
        };
        let volume = volume.map(|volume| format!(":{volume}"));
        let text = format!("{kind}:{address}{}", volume.unwrap_or_default());
        Self::new(Scheme::Rtp, text)
    }

    /// Sends RTP to an address, which may be a multicast group.
    pub(super) fn send(address: SocketAddrV4) -> Self {
        let kind = if address.ip().is_multicast() {
            "RTPMTx"
        } else {
            "RTPTx"
        };
        Self::new(Scheme::Rtp, format!("{kind}:{address}"))
    }

    /// Stops all received and sent streams.
    pub(super) fn stop_streams() -> [Self; 2] {
        ["RTPRx:Stop", "RTPTx:Stop"].map(|text| Self::new(Scheme::Rtp, text.to_owned()))
    }

    /// Closes the application that shows pushed screens.
    pub(super) fn close(family: &Family) -> Option<Self> {
        let text = family.close_uri()?;
        Some(Self::new(Scheme::Init, text.to_owned()))
    }

    fn new(scheme: Scheme, text: String) -> Self {
        Self { scheme, text }
    }

    /// Returns the URI as written.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Refuses the URI if `family` does not support it; returns a caveat if that is not documented.
    pub(super) fn check(&self, family: &Family) -> Result<Option<String>, PlanError> {
        let (title, name) = (family.title, self.scheme.name());
        match family.supports(self.scheme) {
            Support::Yes => Ok(None),
            Support::Unverified => Ok(Some(format!(
                "unverified on real phones: {name} URIs on {title}"
            ))),
            Support::No => Err(PlanError::Unsupported(format!(
                "{title} does not support {name} URIs"
            ))),
        }
    }
}

/// Returns whether `text` can be the name of a file on the phone's TFTP server.
pub(super) fn is_file(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !text.is_empty() && text.chars().all(is_allowed)
}

/// Returns whether `text` can be dialed. A comma is a pause of one second.
fn is_dial_string(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "*#,+@.-".contains(c);
    !text.is_empty() && text.chars().all(is_allowed)
}

/// Returns whether phones can stream RTP on a port.
pub(super) fn is_port(port: u16) -> bool {
    (20_480..=32_768).contains(&port) && port.is_multiple_of(2)
}

/// The application that sends digits in Cisco's example.
const DIALER: &str = "Cisco/Dialer";
