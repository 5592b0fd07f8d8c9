//! Errors of the media source; their messages name the remedy.

use std::io;

use url::Url;

/// Why a file cannot be read or fetched.
#[derive(Debug, thiserror::Error)]
pub(in crate::deliver) enum Error {
    #[error("the file {0} is outside the media folders; add its folder to media.folders")]
    Outside(String),
    #[error("no file {name} in the media folders ({folders})")]
    NotFound { name: String, folders: String },
    #[error("cannot read the file {name}: {source}")]
    Unreadable { name: String, source: io::Error },
    #[error("{0} is larger than 16 MiB")]
    TooLong(String),
    #[error("cannot fetch {url}: {why}")]
    Fetch { url: Url, why: String },
}
