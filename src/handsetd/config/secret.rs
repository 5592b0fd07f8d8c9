//! Passwords and tokens: written in place, in a file of their own, or given by systemd.
//!
//! A secret called `password` may instead be a `password_file`, which names a file that holds
//! nothing else, or a systemd credential (`LoadCredential=`) that has the full name of the key, such
//! as `vendor.cisco.password`. What is written wins over a credential.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::fault::{Fault, Notice, Origin};
use super::tree::Node;

/// Finds secrets, and remembers which files hold them.
pub(super) struct Safe {
    credentials: Option<PathBuf>,
    holders: Vec<Arc<Path>>,
}

/// What a table says of a secret.
pub(super) struct Written {
    /// The key.
    pub(super) name: &'static str,
    /// Its value.
    pub(super) secret: Option<SecretString>,
    /// The value of the key that has `_file` at its end.
    pub(super) file: Option<PathBuf>,
}

impl Safe {
    /// Creates a safe; `credentials` is the folder that systemd names, if it does.
    pub(super) fn new(credentials: Option<PathBuf>) -> Self {
        Self {
            credentials,
            holders: Vec::new(),
        }
    }

    /// Returns the secret that `written` says, or else the first of the systemd credentials that
    /// exists.
    pub(super) fn open(
        &mut self,
        table: &Node,
        written: Written,
        credentials: &[String],
    ) -> Result<Option<SecretString>, Fault> {
        let Written { name, secret, file } = written;
        let file_name = format!("{name}_file");
        let origin = |name| table.child(name).map_or(&table.origin, |node| &node.origin);
        match (secret, file) {
            (Some(_), Some(_)) => {
                let other = origin(&file_name);
                let text = format!("is there as well as {file_name} ({other}); keep one");
                Err(table.fault_of(name, text))
            }
            (Some(secret), None) => {
                if let Origin::File { path, .. } = origin(name) {
                    self.holders.push(Arc::clone(path));
                }
                let accepted = accept(secret.expose_secret());
                accepted.map_err(|reason| table.fault_of(name, reason))
            }
            (None, Some(path)) => {
                let path = beside(origin(&file_name), &path);
                self.holders.push(Arc::from(path.as_path()));
                read(&path).map_err(|reason| table.fault_of(&file_name, reason))
            }
            (None, None) => match self.credential(credentials) {
                Some(path) => read(&path).map_err(|reason| table.fault_of(name, reason)),
                None => return Ok(None),
            },
        }
        .map(Some)
    }

    /// Tells of the files with secrets that everybody on this machine may read.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let mut holders = self.holders.clone();
        holders.sort();
        holders.dedup();
        let open = holders.iter().filter(|path| {
            let mode = fs::metadata(path).map(|metadata| metadata.permissions().mode());
            mode.is_ok_and(|mode| mode & READABLE_BY_OTHERS != 0)
        });
        open.map(|path| {
            let path = path.display();
            Notice(format!(
                "{path} holds a secret and everybody may read it; chmod o-r {path}"
            ))
        })
        .collect()
    }

    fn credential(&self, names: &[String]) -> Option<PathBuf> {
        let folder = self.credentials.as_ref()?;
        names
            .iter()
            // A name that leads out of the folder is no name of a credential.
            .filter(|name| !name.contains('/'))
            .map(|name| folder.join(name))
            .find(|path| path.is_file())
    }
}

/// Returns `path`, which is taken to be relative to the file that names it.
fn beside(origin: &Origin, path: &Path) -> PathBuf {
    match origin {
        Origin::File { path: own, .. } => own
            .parent()
            .map_or_else(|| path.to_owned(), |folder| folder.join(path)),
        Origin::Variable(_) => path.to_owned(),
    }
}

/// Reads a file that holds nothing but a secret, perhaps with a line break at its end.
fn read(path: &Path) -> Result<SecretString, String> {
    let shown = path.display();
    let failed = |error| format!("cannot read {shown}: {error}");
    let mut text = String::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(MAX_SECRET.saturating_add(1))
        .read_to_string(&mut text)
        .map_err(failed)?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    accept(secret).map_err(|reason| format!("{shown} {reason}"))
}

fn accept(secret: &str) -> Result<SecretString, String> {
    if secret.is_empty() {
        Err("is empty; write the secret, or leave the key out".to_owned())
    } else if u64::try_from(secret.len()).map_or(true, |length| length > MAX_SECRET) {
        Err(format!("is longer than {MAX_SECRET} bytes"))
    } else if secret.chars().any(char::is_control) {
        Err("holds a line break or another control character".to_owned())
    } else {
        Ok(SecretString::from(secret))
    }
}

/// The longest secret, in bytes.
const MAX_SECRET: u64 = 4096;

const READABLE_BY_OTHERS: u32 = 0o004;
