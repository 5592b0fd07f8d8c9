//! Pins, and how they are written.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The SHA-256 of a certificate in DER.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(try_from = "String")]
pub struct Pin([u8; 32]);

impl Pin {
    /// Returns the pin of a certificate, given in DER.
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex::encode(self.0))
    }
}

impl FromStr for Pin {
    type Err = InvalidPin;

    /// Parses `sha256:` and 64 hexadecimal digits, optionally separated by colons.
    fn from_str(text: &str) -> Result<Self, InvalidPin> {
        let mut pin = [0; 32];
        let digits = text
            .strip_prefix("sha256:")
            .map(|digits| digits.replace(':', ""));
        match digits.map(|digits| hex::decode_to_slice(digits, &mut pin)) {
            Some(Ok(())) => Ok(Self(pin)),
            _ => Err(InvalidPin(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Pin {
    type Error = InvalidPin;

    fn try_from(text: String) -> Result<Self, InvalidPin> {
        text.parse()
    }
}

/// A text that is not a pin.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("invalid pin {0:?}; expected sha256: and 64 hexadecimal digits")]
pub struct InvalidPin(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatted_pin_parses_equal() {
        let pin = Pin::of(b"a certificate");
        assert_eq!(pin.to_string().parse(), Ok(pin));
        let colons = format!("sha256:{}", ["AB"; 32].join(":"));
        assert!(colons.parse::<Pin>().is_ok());
        for text in ["", "sha256:", "sha256:ab", "sha1:00", &colons[7..]] {
            assert!(text.parse::<Pin>().is_err(), "{text}");
        }
    }
}
