//! The token that opens the administrator's door.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The token. It never shows.
#[derive(Clone, Debug)]
pub struct Token(SecretString);

impl Token {
    /// Takes the one that is configured.
    pub fn new(token: SecretString) -> Self {
        Self(token)
    }

    /// Makes one up that nobody knows.
    pub fn random() -> Self {
        Self(handset_net::random::hex_token::<32>().into())
    }

    /// Returns where the one that was made up is kept.
    pub fn path(state: &Path) -> PathBuf {
        state.join("admin-token")
    }

    /// Reads the one that was made up before. Blocks.
    pub fn read(state: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(Self::path(state))?;
        let text = text.trim();
        if text.len() < SHORTEST {
            let why = "it is too short for a token; remove it, and another one is made";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        Ok(Self(text.into()))
    }

    /// Reads the one that was made up before, or makes one up and keeps it. Blocks.
    pub fn keep(state: &Path) -> io::Result<Self> {
        let path = Self::path(state);
        match Self::read(state) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            read => {
                // Whoever copied it there may have been careless.
                fs::set_permissions(&path, Permissions::from_mode(ONLY_OURS))?;
                return read;
            }
        }
        fs::create_dir_all(state)?;
        let made = Self::random();
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(ONLY_OURS)
            .open(&path)?;
        writeln!(file, "{}", made.0.expose_secret())?;
        file.sync_all()?;
        Ok(made)
    }

    /// Returns whether `shown` is the token; takes the same time whatever is wrong with it.
    pub fn is(&self, shown: &str) -> bool {
        // Of one length, whatever was shown.
        let [own, shown] = [self.0.expose_secret(), shown].map(Sha256::digest);
        own.as_slice().ct_eq(shown.as_slice()).into()
    }

    /// Returns the token, for a client that must show it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

const ONLY_OURS: u32 = 0o600;

/// The fewest characters of a file that is to be a token.
const SHORTEST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_made_up_is_kept_where_only_we_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let made = Token::keep(&state).unwrap();
        let path = Token::path(&state);
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let again = Token::keep(&state).unwrap();
        assert!(again.is(made.expose()) && Token::read(&state).unwrap().is(made.expose()));
        assert_eq!(mode(), 0o600);
        assert!(!format!("{made:?}").contains(made.expose()));
        fs::write(&path, "\n").unwrap();
        assert!(
            Token::keep(&state)
                .unwrap_err()
                .to_string()
                .contains("too short")
        );
    }

    #[test]
    fn only_the_token_is_the_token() {
        let token = Token::new("correct horse".into());
        assert!(token.is("correct horse"));
        for wrong in ["", "correct", "correct horse ", "Correct horse"] {
            assert!(!token.is(wrong), "{wrong:?}");
        }
    }
}
