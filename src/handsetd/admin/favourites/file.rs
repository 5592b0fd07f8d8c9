//! The file of the favourites, in the state directory.

use std::io;
use std::path::{Path, PathBuf};

use handset_net::files::{self, Links};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// Where the favourites are stored.
#[derive(Debug)]
pub(super) struct FavouriteFile {
    path: PathBuf,
    /// Held while the file is read, changed and replaced, so that no change is lost.
    changing: Mutex<()>,
}

/// A request under a name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Favourite {
    pub(in crate::admin) id: u64,
    pub(in crate::admin) name: String,
    /// Who saved it.
    pub(in crate::admin) user: String,
    pub(in crate::admin) verb: String,
    pub(in crate::admin) keys: Vec<(String, String)>,
}

impl FavouriteFile {
    pub(super) fn new(state_dir: &Path) -> Self {
        Self {
            path: state_dir.join("favourites.json"),
            changing: Mutex::default(),
        }
    }

    /// Reads all favourites; none if there is no file. Blocks.
    pub(super) fn read(&self) -> io::Result<Vec<Favourite>> {
        let read = || -> io::Result<Vec<Favourite>> {
            let file = files::open(&self.path, Links::Refuse)?;
            files::check_owner(&file.metadata()?)?;
            let bytes = files::read_opened(file, MAX_FILE)?;
            Ok(serde_json::from_slice(&bytes)?)
        };
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        }
    }

    /// Changes the favourites; returns once the change is stored. A file that cannot be read is not
    /// replaced. Blocks.
    pub(super) fn change<T, E: From<io::Error>>(
        &self,
        change: impl FnOnce(&mut Vec<Favourite>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _only = self.changing.lock();
        let mut all = self.read()?;
        let changed = change(&mut all)?;
        let bytes = serde_json::to_vec_pretty(&all).map_err(io::Error::from)?;
        files::replace(&self.path, &bytes)?;
        Ok(changed)
    }
}

/// The longest file, in bytes: all favourites at their maximum, each of whose control characters takes six.
const MAX_FILE: u64 = 16 * 1024 * 1024;
