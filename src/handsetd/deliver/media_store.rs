//! Pictures and tones that phones fetch again after weeks: stored in a directory, so that they
//! survive a restart of handsetd.
//!
//! A file's name is a hash of its content and a secret of this installation. It cannot be guessed,
//! and the same picture for a hundred phones is stored once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use handset_net::files::{self, Links};
use handset_phones::documents::StoredContent;
use sha2::{Digest, Sha256};

use crate::content_store::ContentStore;

/// A directory of media, whose files are in the content store as well.
#[derive(Debug)]
pub(super) struct MediaStore {
    content_store: ContentStore,
    dir: Option<PathBuf>,
    secret: String,
    lifetime: Duration,
}

/// Content types by file extension.
const CONTENT_TYPES: [(&str, &str); 6] = [
    ("bmp", "image/bmp"),
    ("jpg", "image/jpeg"),
    ("png", "image/png"),
    ("raw", "audio/basic"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
];

impl MediaStore {
    /// Opens the directory and inserts its files into the content store; those older than `lifetime`
    /// are deleted. Blocks. Fails if the directory cannot be created or read.
    ///
    /// Without a directory, files live as long as the process.
    pub(super) fn open(
        content_store: ContentStore,
        dir: Option<PathBuf>,
        lifetime: Duration,
    ) -> io::Result<Self> {
        let Some(dir) = dir else {
            return Ok(Self {
                content_store,
                dir: None,
                secret: handset_net::random::hex_token::<16>(),
                lifetime,
            });
        };
        fs::create_dir_all(&dir)?;
        let secret = secret(&dir.join("secret"))?;
        let store = Self {
            content_store,
            dir: Some(dir.clone()),
            secret,
            lifetime,
        };
        for entry in fs::read_dir(&dir)? {
            store.restore(&entry?.path());
        }
        Ok(store)
    }

    /// Stores `content` and returns its token in the content store. Blocks.
    ///
    /// If the file cannot be written, the content does not survive a restart; that is logged.
    pub(super) fn insert(&self, content: StoredContent, extension: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.secret);
        hash.update(&content.body);
        let token = hex::encode(hash.finalize())
            .chars()
            .take(TOKEN)
            .collect::<String>();
        if let Some(dir) = &self.dir {
            let path = dir.join(format!("{token}.{extension}"));
            // Written again each time, since the lifetime counts from the modification time.
            if let Err(error) = files::replace(&path, &content.body) {
                tracing::warn!(path = %path.display(), %error, "Cannot write a media file; it will not survive a restart.");
            }
        }
        self.content_store
            .insert(token.clone(), content, self.lifetime);
        token
    }

    fn restore(&self, path: &Path) {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let kind = CONTENT_TYPES
            .iter()
            .find(|(known, _)| Some(*known) == extension);
        let token = path.file_stem().and_then(|stem| stem.to_str());
        let (Some((_, content_type)), Some(token)) = (kind, token) else {
            return;
        };
        let file = match files::open(path, Links::Refuse) {
            Ok(file) => file,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "Cannot open a media file.");
                return;
            }
        };
        let now = SystemTime::now();
        let at = file.metadata().and_then(|data| data.modified());
        let age = now.duration_since(at.unwrap_or(now)).unwrap_or_else(|_| {
            // The clock was wrong. The lifetime starts now, or it would never end.
            if let Err(error) = file.set_modified(now) {
                tracing::warn!(path = %path.display(), %error, "Cannot reset the modification time of a media file dated in the future.");
            }
            Duration::ZERO
        });
        let Some(rest) = self
            .lifetime
            .checked_sub(age)
            .filter(|rest| !rest.is_zero())
        else {
            if let Err(error) = fs::remove_file(path) {
                tracing::warn!(path = %path.display(), %error, "Cannot delete an expired media file.");
            }
            return;
        };
        match files::read_opened(file, MAX_FILE) {
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

/// Reads the secret of this installation, or creates one with mode 0600.
fn secret(path: &Path) -> io::Result<String> {
    match files::read_to_string(path, Links::Refuse, MAX_SECRET) {
        Ok(secret) if secret.len() >= TOKEN => return Ok(secret),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let secret = handset_net::random::hex_token::<16>();
    files::replace(path, secret.as_bytes())?;
    Ok(secret)
}

/// The longest media file, in bytes; what is converted is far smaller.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// The longest secret, in bytes.
const MAX_SECRET: u64 = 4096;

/// Length of a token: 128 bits in hexadecimal digits.
const TOKEN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn picture() -> StoredContent {
        StoredContent::new("image/png", "a picture")
    }

    #[tokio::test]
    async fn file_survives_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let open = || {
            let content_store = ContentStore::default();
            let folder = Some(dir.path().join("media"));
            (
                MediaStore::open(content_store.clone(), folder, DAY).unwrap(),
                content_store,
            )
        };
        let (store, content_store) = open();
        let token = store.insert(picture(), "png");
        assert_eq!(content_store.get(&token), Some(picture()));
        assert_eq!(
            store.insert(picture(), "png"),
            token,
            "the same picture is stored once"
        );
        let (store, content_store) = open();
        assert_eq!(content_store.get(&token), Some(picture()));
        assert_eq!(store.insert(picture(), "png"), token);
        assert_eq!(fs::read_dir(dir.path().join("media")).unwrap().count(), 2);
    }

    #[tokio::test]
    async fn names_cannot_be_derived_from_the_content() {
        let token = || {
            MediaStore::open(ContentStore::default(), None, DAY)
                .unwrap()
                .insert(picture(), "png")
        };
        assert_ne!(token(), token());
    }

    #[tokio::test]
    async fn expired_file_is_deleted_and_lost_directory_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("media");
        let store = MediaStore::open(ContentStore::default(), Some(folder.clone()), DAY).unwrap();
        let token = store.insert(picture(), "png");
        let content_store = ContentStore::default();
        MediaStore::open(content_store.clone(), Some(folder.clone()), Duration::ZERO).unwrap();
        assert_eq!(content_store.get(&token), None);
        assert!(!folder.join(format!("{token}.png")).exists());
        fs::remove_dir_all(&folder).unwrap();
        let token = store.insert(picture(), "png");
        assert!(store.content_store.get(&token).is_some());
    }

    #[tokio::test]
    async fn file_dated_in_the_future_expires() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("media");
        let store = MediaStore::open(ContentStore::default(), Some(folder.clone()), DAY).unwrap();
        let token = store.insert(picture(), "png");
        let path = folder.join(format!("{token}.png"));
        let future = SystemTime::now() + 400 * DAY;
        fs::File::open(&path).unwrap().set_modified(future).unwrap();
        let content_store = ContentStore::default();
        MediaStore::open(content_store.clone(), Some(folder), DAY).unwrap();
        assert_eq!(content_store.get(&token), Some(picture()));
        let at = fs::metadata(&path).unwrap().modified().unwrap();
        assert!(at <= SystemTime::now(), "it would stay for a year");
    }

    #[tokio::test]
    async fn special_files_are_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("media");
        fs::create_dir(&folder).unwrap();
        let path = |name: &str| folder.join(format!("{name}.png"));
        let mode = rustix::fs::Mode::RUSR;
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, path("fifo"), kind, mode, 0).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path("zero")).unwrap();
        fs::write(dir.path().join("private"), "private").unwrap();
        std::os::unix::fs::symlink(dir.path().join("private"), path("link")).unwrap();
        let content_store = ContentStore::default();
        MediaStore::open(content_store.clone(), Some(folder), DAY).unwrap();
        for token in ["fifo", "zero", "link"] {
            assert_eq!(content_store.get(token), None, "{token}");
        }
    }

    #[test]
    fn only_the_owner_can_read_the_secret() {
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
