//! Pictures and tones that phones fetch again after weeks: kept in a folder, so that a restart of
//! ours does not take them away.
//!
//! A file's name is made from what is in it and a secret of this installation: nobody can guess it,
//! and the same picture for a hundred phones lies there once.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::content_store::ContentStore;
use handset_phones::documents::StoredContent;

/// The folder, and the content_store that its files lie on.
#[derive(Debug)]
pub(super) struct MediaStore {
    content_store: ContentStore,
    folder: Option<PathBuf>,
    secret: String,
    lifetime: Duration,
}

/// The kinds of files, by the ends of their names.
const KINDS: [(&str, &str); 6] = [
    ("bmp", "image/bmp"),
    ("jpg", "image/jpeg"),
    ("png", "image/png"),
    ("raw", "audio/basic"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
];

impl MediaStore {
    /// Opens the folder and puts what lies there, and is not too old, back on the content_store. Blocks.
    ///
    /// Without a folder, files live as long as the process.
    pub(super) fn open(
        content_store: ContentStore,
        folder: Option<PathBuf>,
        lifetime: Duration,
    ) -> io::Result<Self> {
        let Some(folder) = folder else {
            return Ok(Self {
                content_store,
                folder: None,
                secret: handset_net::random::hex_token::<16>(),
                lifetime,
            });
        };
        fs::create_dir_all(&folder)?;
        let secret = secret(&folder.join("secret"))?;
        let durable = Self {
            content_store,
            folder: Some(folder.clone()),
            secret,
            lifetime,
        };
        for entry in fs::read_dir(&folder)? {
            durable.restore(&entry?.path());
        }
        Ok(durable)
    }

    /// Keeps `bytes` and returns the name under which they lie on the content_store. Blocks.
    ///
    /// A disk that is full or gone costs the restart, not the delivery: that is logged.
    pub(super) fn keep(&self, content: StoredContent, extension: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.secret);
        hash.update(&content.body);
        let token = hex::encode(hash.finalize())
            .chars()
            .take(TOKEN)
            .collect::<String>();
        if let Some(folder) = &self.folder {
            let path = folder.join(format!("{token}.{extension}"));
            // Written anew each time, since the age of the file is what ends its life.
            if let Err(error) = replace(&path, &content.body) {
                tracing::warn!(path = %path.display(), %error, "A media file lives in memory only.");
            }
        }
        self.content_store
            .insert(token.clone(), content, self.lifetime);
        token
    }

    fn restore(&self, path: &Path) {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let kind = KINDS.iter().find(|(known, _)| Some(*known) == extension);
        let token = path.file_stem().and_then(|stem| stem.to_str());
        let (Some((_, content_type)), Some(token)) = (kind, token) else {
            return;
        };
        let now = SystemTime::now();
        let at = fs::metadata(path).and_then(|data| data.modified());
        let age = now.duration_since(at.unwrap_or(now)).unwrap_or_else(|_| {
            // Written while the clock was wrong: its life begins now, or it would never end.
            let touched = fs::File::open(path).and_then(|file| file.set_modified(now));
            if let Err(error) = touched {
                tracing::warn!(path = %path.display(), %error, "A media file from the future stays.");
            }
            Duration::ZERO
        });
        let Some(rest) = self
            .lifetime
            .checked_sub(age)
            .filter(|rest| !rest.is_zero())
        else {
            if let Err(error) = fs::remove_file(path) {
                tracing::warn!(path = %path.display(), %error, "An old media file stays.");
            }
            return;
        };
        match fs::read(path) {
            Ok(bytes) => {
                self.content_store.insert(
                    token.to_owned(),
                    StoredContent::new(content_type, bytes),
                    rest,
                );
            }
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "Cannot read a media file.");
            }
        }
    }
}

/// Reads the secret of this installation, or makes one that only we can read.
fn secret(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(secret) if secret.len() >= TOKEN => return Ok(secret),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let secret = handset_net::random::hex_token::<16>();
    replace(path, secret.as_bytes())?;
    Ok(secret)
}

/// Writes a file that only we can read, whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    // Two deliveries may keep the same picture at the same time.
    let part = path.with_extension(format!("part-{}", handset_net::random::hex_token::<4>()));
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

/// The length of a name: 128 bits in hexadecimal digits.
const TOKEN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn picture() -> StoredContent {
        StoredContent::new("image/png", "a picture")
    }

    #[tokio::test]
    async fn a_file_outlasts_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let open = || {
            let content_store = ContentStore::default();
            let folder = Some(dir.path().join("media"));
            (
                MediaStore::open(content_store.clone(), folder, DAY).unwrap(),
                content_store,
            )
        };
        let (durable, content_store) = open();
        let token = durable.keep(picture(), "png");
        assert_eq!(content_store.get(&token), Some(picture()));
        assert_eq!(
            durable.keep(picture(), "png"),
            token,
            "the same picture lies there once"
        );
        let (durable, content_store) = open();
        assert_eq!(content_store.get(&token), Some(picture()));
        assert_eq!(durable.keep(picture(), "png"), token);
        assert_eq!(fs::read_dir(dir.path().join("media")).unwrap().count(), 2);
    }

    #[tokio::test]
    async fn names_can_not_be_guessed_from_what_is_inside() {
        let token = || {
            MediaStore::open(ContentStore::default(), None, DAY)
                .unwrap()
                .keep(picture(), "png")
        };
        assert_ne!(token(), token());
    }

    #[tokio::test]
    async fn an_old_file_goes_and_a_lost_folder_costs_nothing_but_the_restart() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("media");
        let durable = MediaStore::open(ContentStore::default(), Some(folder.clone()), DAY).unwrap();
        let token = durable.keep(picture(), "png");
        let content_store = ContentStore::default();
        MediaStore::open(content_store.clone(), Some(folder.clone()), Duration::ZERO).unwrap();
        assert_eq!(content_store.get(&token), None);
        assert!(!folder.join(format!("{token}.png")).exists());
        fs::remove_dir_all(&folder).unwrap();
        let token = durable.keep(picture(), "png");
        assert!(durable.content_store.get(&token).is_some());
    }

    #[tokio::test]
    async fn a_file_from_the_future_grows_old_like_any_other() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("media");
        let durable = MediaStore::open(ContentStore::default(), Some(folder.clone()), DAY).unwrap();
        let token = durable.keep(picture(), "png");
        let path = folder.join(format!("{token}.png"));
        let future = SystemTime::now() + 400 * DAY;
        fs::File::open(&path).unwrap().set_modified(future).unwrap();
        let content_store = ContentStore::default();
        MediaStore::open(content_store.clone(), Some(folder), DAY).unwrap();
        assert_eq!(content_store.get(&token), Some(picture()));
        let at = fs::metadata(&path).unwrap().modified().unwrap();
        assert!(at <= SystemTime::now(), "it would stay for a year");
    }

    #[test]
    fn the_secret_is_for_us_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let first = secret(&path).unwrap();
        assert_eq!(secret(&path).unwrap(), first);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
