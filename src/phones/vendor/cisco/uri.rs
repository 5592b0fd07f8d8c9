//! Internal URIs: how each is written, and which family takes it.
//!
//! From "Internal URI Features" in Cisco's development notes.

mod kinds;
mod read;

use std::net::SocketAddrV4;

use super::family::{Family, Scheme, Support};
use crate::screen::Number;
use crate::vendor::PlanError;
pub(super) use read::read;

/// An internal URI that is written as it should be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Uri {
    scheme: Scheme,
    text: String,
}

impl Uri {
    /// Presses a key of Cisco's name.
    pub(super) fn key(name: &str) -> Self {
        Self::new(Scheme::Key, format!("Key:{name}"))
    }

    /// Calls a number.
    pub(super) fn dial(number: &Number) -> Result<Self, PlanError> {
        if !is_sequence(number.as_str()) {
            return Err(PlanError::Unsupported(format!(
                "number: a Cisco phone dials digits, letters and * # + . @ - only, not {number}"
            )));
        }
        Ok(Self::new(Scheme::Dial, format!("Dial:{number}")))
    }

    /// Sends digits in the call, which are heard.
    pub(super) fn send_digits(digits: &str) -> Self {
        Self::new(
            Scheme::SendDigits,
            format!("SendDigits:{digits}:1:{DIALER}"),
        )
    }

    /// Plays a file of the TFTP server, or ends that (`Stop`).
    pub(super) fn play(file: &str) -> Self {
        Self::new(Scheme::Play, format!("Play:{file}"))
    }

    /// Switches the backlight.
    pub(super) fn display(state: &str, minutes: Option<u64>) -> Self {
        let minutes = minutes.map(|minutes| format!(":{minutes}"));
        let text = format!("Display:{state}{}", minutes.unwrap_or_default());
        Self::new(Scheme::Display, text)
    }

    /// Plays what comes to an address, which may be a multicast group.
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

    /// Sends to an address, which may be a multicast group.
    pub(super) fn send(address: SocketAddrV4) -> Self {
        let kind = if address.ip().is_multicast() {
            "RTPMTx"
        } else {
            "RTPTx"
        };
        Self::new(Scheme::Rtp, format!("{kind}:{address}"))
    }

    /// Ends what is played, and what is sent.
    pub(super) fn stop_streams() -> [Self; 2] {
        ["RTPRx:Stop", "RTPTx:Stop"].map(|text| Self::new(Scheme::Rtp, text.to_owned()))
    }

    /// Closes the application that shows pushed screens.
    pub(super) fn close(family: &Family) -> Option<Self> {
        let text = family.close()?;
        Some(Self::new(Scheme::Init, text.to_owned()))
    }

    fn new(scheme: Scheme, text: String) -> Self {
        Self { scheme, text }
    }

    /// Returns how it is written.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Says whether phones of `family` take it, and what is to be said of it then.
    pub(super) fn check(&self, family: &Family) -> Result<Option<String>, PlanError> {
        let (title, name) = (family.title, self.scheme.name());
        match family.runs(self.scheme) {
            Support::Yes => Ok(None),
            Support::Unproven => Ok(Some(format!("that {title} takes {name} URIs is unproven"))),
            Support::No => Err(PlanError::Unsupported(format!(
                "{title} takes no {name} URIs"
            ))),
        }
    }
}

/// Returns whether a name is that of a file on the phone's TFTP server.
pub(super) fn is_file(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !text.is_empty() && text.chars().all(fits)
}

/// What can be dialed; a comma is a second without a digit.
fn is_sequence(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "*#,+@.-".contains(c);
    !text.is_empty() && text.chars().all(fits)
}

/// The ports that phones have for RTP.
pub(super) fn is_port(port: u16) -> bool {
    (20_480..=32_768).contains(&port) && port.is_multiple_of(2)
}

/// The application that digits are sent by in Cisco's example.
const DIALER: &str = "Cisco/Dialer";
