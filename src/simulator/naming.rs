//! How a phone names itself, others and calls: as SIP addresses with signed call ids (Snom), or as bare
//! numbers.

use crate::calls::Call;

/// The names that a phone uses.
#[derive(Clone, Debug)]
pub(crate) struct Naming {
    /// The phone itself.
    pub(crate) own: String,
    /// The host of SIP addresses; `None` names devices by bare numbers.
    pub(crate) host: Option<String>,
}

impl Naming {
    /// Returns `callID` and `deviceID` of the phone's end of a call.
    pub(crate) fn connection(&self, call: &Call) -> String {
        format!(
            "<callID>{}</callID><deviceID>{}</deviceID>",
            self.call_id(call),
            escape(&self.own)
        )
    }

    /// Returns the id of a call: on Snom phones negative if the call came in.
    pub(crate) fn call_id(&self, call: &Call) -> i64 {
        let id = i64::from(call.id);
        if self.host.is_some() && call.is_incoming {
            -id
        } else {
            id
        }
    }

    /// Returns an element that names another party.
    pub(crate) fn remote(&self, name: &str, number: &str) -> String {
        match &self.host {
            _ if number.is_empty() => format!("<{name}><notKnown/></{name}>"),
            Some(host) if !number.contains('@') => device(name, &format!("sip:{number}@{host}")),
            _ => device(name, number),
        }
    }
}

/// Returns an element that names a device.
pub(crate) fn device(name: &str, device: &str) -> String {
    let device = escape(device);
    format!("<{name}><deviceIdentifier>{device}</deviceIdentifier></{name}>")
}

/// Escapes a text for XML.
pub(crate) fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}
