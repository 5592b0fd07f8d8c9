//! How a Snom phone expects the IDs of calls in CSTA requests.

use serde::Deserialize;

/// How the ID of a call is written in CSTA requests. Firmware before 8.7 expects them flat, later
/// firmware nested.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum CstaCalls {
    /// As the text of the element that names the call: `<callToBeHeld>7</callToBeHeld>`.
    Flat,
    /// In an element of its own: `<callToBeHeld><callID>7</callID></callToBeHeld>`.
    Nested,
}
