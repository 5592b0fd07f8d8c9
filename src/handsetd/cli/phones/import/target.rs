//! Writes the file of imported phones: completely or not at all, and never over a file of other origin.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use handset_net::files::{self, Links};
use handset_net::random;

use super::entry::MARK;

/// The file, and whether this command has written it before.
#[derive(Debug)]
pub(super) struct Target {
    path: PathBuf,
    is_foreign: bool,
}

impl Target {
    /// Looks at what is there.
    pub(super) fn new(path: PathBuf) -> anyhow::Result<Self> {
        let is_foreign = match files::read(&path, Links::Follow, MAX_FILE) {
            Ok(bytes) => !bytes.starts_with(MARK.as_bytes()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        Ok(Self { path, is_foreign })
    }

    /// Returns its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file with mode 0640 and the group of the configuration, so that the service can read it
    /// and others cannot.
    pub(super) fn write(&self, text: &str, config: &Path, force: bool) -> anyhow::Result<()> {
        let path = self.path.display();
        if self.is_foreign && !force {
            bail!(
                "{path} was not written by this command; --force replaces it, --output FILE writes another"
            );
        }
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let part = self
            .path
            .with_extension(format!("part-{}", random::hex_token::<8>()));
        let written = write_new(&part, text, config).and_then(|()| fs::rename(&part, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written.with_context(|| format!("cannot write {path}"))
    }
}

fn write_new(part: &Path, text: &str, config: &Path) -> io::Result<()> {
    let mut file = files::create_new(part)?;
    file.write_all(text.as_bytes())?;
    if let Ok(metadata) = fs::metadata(config) {
        // Only root may give files away; then the group stays that of the user.
        let _ = chown(part, None, Some(metadata.gid()));
    }
    file.set_permissions(Permissions::from_mode(SHARED_WITH_GROUP))?;
    file.sync_all()
}

const SHARED_WITH_GROUP: u32 = 0o640;

/// The longest file that is replaced, in bytes; as long as the longest configuration.
const MAX_FILE: u64 = 16 * 1024 * 1024;
