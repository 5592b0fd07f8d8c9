//! Tokens, which authenticate users of the admin server.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use handset_net::files::{self, Links};
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
        Self::read(files::open(&Self::path(state_dir), Links::Refuse)?)
    }

    fn read(file: File) -> io::Result<Self> {
        let bytes = files::read_opened(file, MAX_FILE)?;
        let text = String::from_utf8_lossy(&bytes);
        Self::parse(text.trim().into()).map_err(|error| {
            let reason = format!("the token {error}; delete the file to have a new one generated");
            io::Error::new(io::ErrorKind::InvalidData, reason)
        })
    }

    /// Reads the generated token; generates and stores one if there is none. Blocks.
    ///
    /// A token that others may have written, or whose folder all users may write, is refused.
    pub(crate) fn load_or_generate(state_dir: &Path) -> io::Result<Self> {
        let path = Self::path(state_dir);
        if let Ok(folder) = fs::metadata(state_dir)
            && folder.permissions().mode() & WRITABLE_BY_ALL != 0
        {
            let reason = "everybody may write the folder; run chmod o-w on it";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
        }
        match files::open(&path, Links::Refuse) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            Err(error) => return Err(error),
            Ok(file) => {
                files::check_owner(&file.metadata()?)?;
                // A copied or restored file may be readable by others.
                file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
                return Self::read(file);
            }
        }
        fs::create_dir_all(state_dir)?;
        let token = Self::random();
        let mut file = files::create_new(&path)?;
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
const WRITABLE_BY_ALL: u32 = 0o002;

/// The longest file of a token, in bytes; as long as the longest secret.
const MAX_FILE: u64 = 4096;

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

    #[test]
    fn only_a_file_that_no_other_user_can_have_written_is_accepted() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let refused = || Token::load_or_generate(&state).unwrap_err().to_string();
        Token::load_or_generate(&state).unwrap();
        let path = Token::path(&state);
        for mode in [0o620, 0o602] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert!(
                refused().starts_with("others may write it"),
                "{}",
                refused()
            );
        }
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(&state, Permissions::from_mode(0o707)).unwrap();
        assert!(refused().starts_with("everybody may write the folder"));
        fs::set_permissions(&state, Permissions::from_mode(0o700)).unwrap();
        fs::rename(&path, dir.path().join("elsewhere")).unwrap();
        symlink(dir.path().join("elsewhere"), &path).unwrap();
        assert_eq!(refused(), "a symbolic link, not a regular file");
        assert!(
            Token::load(&state).is_err(),
            "clients follow no link either"
        );
        // Nothing is created where a link points.
        fs::remove_file(&path).unwrap();
        symlink(dir.path().join("absent"), &path).unwrap();
        refused();
        assert!(!dir.path().join("absent").exists());
        fs::remove_file(&path).unwrap();
        fs::write(&path, "a".repeat(5000)).unwrap();
        assert_eq!(refused(), "longer than 4096 bytes");
    }
}
