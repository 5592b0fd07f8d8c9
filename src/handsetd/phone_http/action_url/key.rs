//! The key with which an action URL speaks for a phone from any address.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A key that is too long to guess, of characters that need no encoding in a URL; `Debug` does not
/// show it.
#[derive(Clone, Debug)]
pub struct ActionKey(SecretString);

/// Why a text is not a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum InvalidKey {
    /// Phones would have to encode it, and do not agree how.
    #[error("may have letters, digits, - and _ only, since it is a part of URLs")]
    Characters,
    /// It could be guessed.
    #[error("has {length} characters; an action key must have at least {MIN_LENGTH}")]
    Short {
        /// Its length in characters.
        length: usize,
    },
    /// URLs would exceed what phones store.
    #[error("has {length} characters; an action key may have at most {MAX_LENGTH}")]
    Long {
        /// Its length in characters.
        length: usize,
    },
}

impl ActionKey {
    /// Returns the key. No name of a vendor is long enough to be one, so `/action/KEY/VENDOR/EVENT`
    /// and `/action/VENDOR/EVENT` cannot be confused.
    pub(crate) fn parse(key: SecretString) -> Result<Self, InvalidKey> {
        let text = key.expose_secret();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let length = text.chars().count();
        if length < MIN_LENGTH {
            Err(InvalidKey::Short { length })
        } else if length > MAX_LENGTH {
            Err(InvalidKey::Long { length })
        } else if !text.chars().all(is_plain) {
            Err(InvalidKey::Characters)
        } else {
            Ok(Self(key))
        }
    }

    /// Returns whether `presented` is the key, in a time that depends on neither.
    pub(super) fn matches(&self, presented: &str) -> bool {
        // Hashes have equal lengths.
        let [own, presented] = [self.0.expose_secret(), presented].map(Sha256::digest);
        own.as_slice().ct_eq(presented.as_slice()).into()
    }
}

impl PartialEq for ActionKey {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.0.expose_secret())
    }
}

impl Eq for ActionKey {}

/// Minimum length of a key, in characters: guessing 16 random letters and digits is hopeless at any rate.
const MIN_LENGTH: usize = 16;

/// Maximum length of a key, in characters. Cisco phones store URLs of 255 bytes, Yealink phones of 511.
const MAX_LENGTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_plain() {
        let parse = |text: &str| ActionKey::parse(text.into());
        let key = parse("s3cret-Key_0123456789").unwrap();
        assert!(key.matches("s3cret-Key_0123456789"));
        for other in ["", "s3cret-Key_012345678", "s3cret-key_0123456789"] {
            assert!(!key.matches(other), "{other}");
        }
        assert!(!format!("{key:?}").contains("s3cret"));
        for vendor in handset_phones::phone::Vendor::ALL {
            let error = parse(vendor.name()).unwrap_err();
            assert!(matches!(error, InvalidKey::Short { .. }), "{vendor}");
        }
        for bad in ["0123456789abcde/", "0123456789abcde?", "0123456789abcdeé"] {
            assert_eq!(parse(bad).unwrap_err(), InvalidKey::Characters, "{bad}");
        }
        let long = parse(&"a".repeat(65)).unwrap_err();
        assert_eq!(long, InvalidKey::Long { length: 65 });
    }
}
