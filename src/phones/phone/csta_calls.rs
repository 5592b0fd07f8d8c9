//! The syntax of call IDs in CSTA requests to Snom phones.

use serde::Deserialize;

/// The syntax of a call ID in CSTA requests. Firmware before 8.7 expects them flat, later
/// firmware nested.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum CstaCalls {
    /// As the text of the element that names the call: `<callToBeHeld>7</callToBeHeld>`.
    Flat,
    /// In a nested element: `<callToBeHeld><callID>7</callID></callToBeHeld>`.
    Nested,
}
