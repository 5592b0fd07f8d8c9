//! The admin token.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The admin token; `Debug` does not show it.
#[derive(Clone, Debug)]
pub(crate) struct Token(SecretString);

impl Token {
    pub(crate) fn new(token: SecretString) -> Self {
        Self(token)
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
        let text = text.trim();
        if text.len() < MIN_LENGTH {
            let reason = format!(
                "the token has fewer than {MIN_LENGTH} characters; delete the file to have a new one generated"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(Self(text.into()))
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
    pub(crate) fn matches(&self, presented: &str) -> bool {
        // Hashes have equal lengths.
        let [own, presented] = [self.0.expose_secret(), presented].map(Sha256::digest);
        own.as_slice().ct_eq(presented.as_slice()).into()
    }

    /// Returns the token, for a client to present.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

const OWNER_ONLY: u32 = 0o600;

/// Minimum length of a generated token, in bytes.
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
        assert!(
            loaded.matches(generated.expose())
                && Token::load(&state).unwrap().matches(generated.expose())
        );
        assert_eq!(mode(), 0o600);
        assert!(!format!("{generated:?}").contains(generated.expose()));
        fs::write(&path, "\n").unwrap();
        assert!(
            Token::load_or_generate(&state)
                .unwrap_err()
                .to_string()
                .contains("fewer than 16 characters")
        );
    }

    #[test]
    fn token_matches_only_itself() {
        let token = Token::new("correct horse".into());
        assert!(token.matches("correct horse"));
        for wrong in ["", "correct", "correct horse ", "Correct horse"] {
            assert!(!token.matches(wrong), "{wrong:?}");
        }
    }
}
