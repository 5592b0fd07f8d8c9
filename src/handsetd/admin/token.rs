//! Tokens, which authenticate users of the admin server.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// A token that is too long to guess; `Debug` does not show it.
#[derive(Clone, Debug)]
pub struct Token(SecretString);

/// Why a text is not a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum InvalidToken {
    /// HTTP removes such blanks.
    #[error("must not begin or end with a blank")]
    Blank,
    /// It could be guessed.
    #[error("has {length} characters; a token must have at least {MIN_LENGTH}")]
    Short {
        /// Its length in characters.
        length: usize,
    },
}

impl Token {
    pub(crate) fn parse(token: SecretString) -> Result<Self, InvalidToken> {
        let text = token.expose_secret();
        let length = text.chars().count();
        if text.trim() != text {
            Err(InvalidToken::Blank)
        } else if length < MIN_LENGTH {
            Err(InvalidToken::Short { length })
        } else {
            Ok(Self(token))
        }
    }

    pub(crate) fn random() -> Self {
        Self(handset_net::random::hex_token::<32>().into())
    }

    /// Returns the file of the generated token.
    pub(crate) fn path(state_dir: &Path) -> PathBuf {
        state_dir.join("admin-token")
    }

    /// Reads the generated token. Blocks.
    pub(crate) fn load(state_dir: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(Self::path(state_dir))?;
        Self::parse(text.trim().into()).map_err(|error| {
            let reason = format!("the token {error}; delete the file to have a new one generated");
            io::Error::new(io::ErrorKind::InvalidData, reason)
        })
    }

    /// Reads the generated token; generates and stores one if there is none. Blocks.
    pub(crate) fn load_or_generate(state_dir: &Path) -> io::Result<Self> {
        let path = Self::path(state_dir);
        match Self::load(state_dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            loaded => {
                // A copied or restored file may be readable by others.
                fs::set_permissions(&path, Permissions::from_mode(OWNER_ONLY))?;
                return loaded;
            }
        }
        fs::create_dir_all(state_dir)?;
        let token = Self::random();
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(OWNER_ONLY)
            .open(&path)?;
        writeln!(file, "{}", token.0.expose_secret())?;
        file.sync_all()?;
        Ok(token)
    }

    /// Returns whether `presented` is the token, in a time that depends on neither.
    pub(super) fn is(&self, presented: &Presented) -> Choice {
        let own = Presented::new(self.expose());
        own.0.ct_eq(&presented.0)
    }

    /// Returns the token, for a client to present.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.is(&Presented::new(other.expose())).into()
    }
}

/// The hash of what a client presents as its token. Hashes have equal lengths.
pub(super) struct Presented([u8; 32]);

impl Presented {
    pub(super) fn new(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }
}

const OWNER_ONLY: u32 = 0o600;

/// Minimum length of a token, in characters. At 16 random letters and digits, guessing is hopeless at
/// any rate that a server can answer.
const MIN_LENGTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_token_is_stored_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let generated = Token::load_or_generate(&state).unwrap();
        let path = Token::path(&state);
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let loaded = Token::load_or_generate(&state).unwrap();
        assert_eq!(loaded, generated);
        assert_eq!(Token::load(&state).unwrap(), generated);
        assert_eq!(mode(), 0o600);
        assert!(!format!("{generated:?}").contains(generated.expose()));
        fs::write(&path, "\n").unwrap();
        assert!(
            Token::load_or_generate(&state)
                .unwrap_err()
                .to_string()
                .contains("has 0 characters; a token must have at least 16; delete the file")
        );
    }

    #[test]
    fn token_matches_only_itself() {
        let token = Token::parse("correct horse battery".into()).unwrap();
        let is = |presented| bool::from(token.is(&Presented::new(presented)));
        assert!(is("correct horse battery"));
        for wrong in [
            "",
            "correct",
            "correct horse battery ",
            "Correct horse battery",
        ] {
            assert!(!is(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn token_has_16_characters_at_least() {
        let parse = |text: &str| Token::parse(text.into()).err();
        assert_eq!(parse("0123456789abcdef"), None);
        assert_eq!(parse("0123456789abcdé…"), None);
        let short = |length| Some(InvalidToken::Short { length });
        assert_eq!(parse("0123456789abcde"), short(15));
        // Of 16 bytes.
        assert_eq!(parse("éééééééé"), short(8));
        assert_eq!(parse(""), short(0));
        assert_eq!(parse(" 0123456789abcdef"), Some(InvalidToken::Blank));
    }
}
