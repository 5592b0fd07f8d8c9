//! Favourites: requests that users keep under a name, in the state directory.
//!
//! All users who may send share them, as they share the phones; each is changed by the user who saved it, and
//! by administrators. The file is read whenever it is needed, so that nothing is shown that is not stored.

mod file;
mod name;

pub(super) use file::Favourite;
pub(super) use name::Name;

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::task::spawn_blocking;
use tracing::error;

use file::FavouriteFile;

/// The favourites. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Favourites(Arc<FavouriteFile>);

/// Who wants to change a favourite.
#[derive(Clone, Debug)]
pub(super) struct Editor {
    pub(super) user: String,
    pub(super) is_admin: bool,
}

/// Why favourites cannot be shown or changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("{0}")]
    Name(#[from] name::Error),
    #[error("{0}: favourites keep no passwords; leave it empty, and write it when you send")]
    Secret(String),
    #[error("the values have {0} bytes; a favourite has at most {MAX_VALUES}")]
    TooLong(usize),
    #[error("{0} is saved already, by {1}; choose another name")]
    Taken(String, String),
    #[error("{0} is saved already")]
    TakenByOneself(String),
    #[error("this favourite no longer exists")]
    Unknown,
    #[error("{0} was saved by {1}; only {1} and administrators may change it")]
    Forbidden(String, String),
    #[error("there are {MAX_FAVOURITES} favourites already; delete one first")]
    Full,
    #[error("you have {MAX_EACH} favourites already; delete one first")]
    OwnFull,
    #[error("the file of the favourites cannot be used ({0}); see the log")]
    File(#[from] io::Error),
}

impl Favourites {
    /// Favourites in this state directory, which need not exist yet.
    pub(crate) fn new(state_dir: &Path) -> Self {
        Self(Arc::new(FavouriteFile::new(state_dir)))
    }

    /// Returns all favourites by name.
    pub(super) async fn list(&self) -> Result<Vec<Favourite>, Error> {
        let file = Arc::clone(&self.0);
        blocking(move || {
            let mut all = file.read()?;
            all.sort_by_cached_key(|favourite| favourite.name.to_lowercase());
            Ok(all)
        })
        .await
    }

    /// Saves a request under a name; returns its id once it is stored. One that the user may change is
    /// replaced only if `replaces`.
    pub(super) async fn save(
        &self,
        editor: Editor,
        name: Name,
        (verb, keys): (String, Vec<(String, String)>),
        replaces: bool,
    ) -> Result<u64, Error> {
        let bytes = keys
            .iter()
            .map(|(key, value)| key.len().saturating_add(value.len()));
        let bytes = bytes.fold(0, usize::saturating_add);
        if MAX_VALUES < bytes {
            return Err(Error::TooLong(bytes));
        }
        if let Some((key, _)) = keys
            .iter()
            .find(|(key, value)| crate::history::has_secret(key, value))
        {
            return Err(Error::Secret(key.clone()));
        }
        self.change(move |all| {
            if let Some(index) = position(all, &name, None) {
                let old = all.get_mut(index).ok_or(Error::Unknown)?;
                if !editor.may_change(old) {
                    return Err(Error::Taken(old.name.clone(), old.user.clone()));
                }
                if !replaces {
                    return Err(Error::TakenByOneself(old.name.clone()));
                }
                (old.verb, old.keys) = (verb, keys);
                return Ok(old.id);
            }
            if MAX_FAVOURITES <= all.len() {
                return Err(Error::Full);
            }
            let own = all.iter().filter(|favourite| favourite.user == editor.user);
            if MAX_EACH <= own.count() {
                return Err(Error::OwnFull);
            }
            let last = all.iter().map(|favourite| favourite.id).max();
            let id = last.unwrap_or_default().saturating_add(1);
            all.push(Favourite {
                id,
                name: name.into(),
                user: editor.user,
                verb,
                keys,
            });
            Ok(id)
        })
        .await
    }

    /// Renames a favourite; returns once that is stored.
    pub(super) async fn rename(&self, editor: Editor, id: u64, name: Name) -> Result<(), Error> {
        self.change(move |all| {
            let index = index(all, &editor, id)?;
            if let Some(other) = position(all, &name, Some(id)).and_then(|other| all.get(other)) {
                return Err(Error::Taken(other.name.clone(), other.user.clone()));
            }
            if let Some(favourite) = all.get_mut(index) {
                favourite.name = name.into();
            }
            Ok(())
        })
        .await
    }

    /// Deletes a favourite; returns its name once that is stored.
    pub(super) async fn delete(&self, editor: Editor, id: u64) -> Result<String, Error> {
        self.change(move |all| {
            let index = index(all, &editor, id)?;
            Ok(all.remove(index).name)
        })
        .await
    }

    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Vec<Favourite>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let file = Arc::clone(&self.0);
        blocking(move || file.change(change)).await
    }
}

impl Editor {
    pub(super) fn may_change(&self, favourite: &Favourite) -> bool {
        self.is_admin || self.user == favourite.user
    }
}

/// Returns where the favourite is that `editor` wants to change.
fn index(all: &[Favourite], editor: &Editor, id: u64) -> Result<usize, Error> {
    let index = all.iter().position(|favourite| favourite.id == id);
    let found = index.and_then(|index| Some((index, all.get(index)?)));
    match found {
        None => Err(Error::Unknown),
        Some((_, one)) if !editor.may_change(one) => {
            Err(Error::Forbidden(one.name.clone(), one.user.clone()))
        }
        Some((index, _)) => Ok(index),
    }
}

/// Returns where the favourite with this name is, in any case, other than the one with the id `but`.
fn position(all: &[Favourite], name: &Name, but: Option<u64>) -> Option<usize> {
    all.iter()
        .position(|favourite| Some(favourite.id) != but && name.is(&favourite.name))
}

/// Runs what waits for the disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = spawn_blocking(work).await;
    let result = done.unwrap_or_else(|error| Err(Error::File(io::Error::other(error))));
    if let Err(Error::File(error)) = &result {
        error!(%error, "Cannot use the file of the favourites.");
    }
    result
}

/// Maximum number of favourites: more than anybody reads.
const MAX_FAVOURITES: usize = 500;

/// Maximum number of favourites of one user, so that none takes the place of all others.
const MAX_EACH: usize = 100;

/// Maximum length of the keys and values of a favourite, in bytes: more than any display shows.
const MAX_VALUES: usize = 4096;

#[cfg(test)]
mod tests;
