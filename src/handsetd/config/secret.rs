//! Passwords and tokens: in the configuration, in a file of their own, or passed by systemd.
//!
//! A secret called `password` may instead be a `password_file`, which names a file that holds
//! nothing else, or a systemd credential (`LoadCredential=`) with the full name of the key, such as
//! `vendor.cisco.password`. The configuration takes precedence over a credential.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use handset_net::access;
use handset_net::files::{self, Links};
use secrecy::{ExposeSecret, SecretString};

use super::diagnostic::{Diagnostic, Location, Warning};
use super::setting::Setting;

/// Reads secrets, and remembers which files contain them.
pub(super) struct SecretReader {
    credentials: Option<PathBuf>,
    secret_files: Vec<Arc<Path>>,
    /// The keys of the secrets that are written in the configuration itself.
    keys: BTreeSet<String>,
}

/// What a section says of a secret.
pub(super) struct SecretSource {
    /// The key of the secret itself.
    pub(super) name: &'static str,
    value: Option<SecretString>,
    file: Option<PathBuf>,
}

impl SecretSource {
    /// Combines the values of the key `name` and of the key with `_file` appended.
    pub(super) fn new(
        name: &'static str,
        value: Option<SecretString>,
        file: Option<PathBuf>,
    ) -> Self {
        Self { name, value, file }
    }
}

impl SecretReader {
    /// Creates a reader; `credentials` is systemd's directory of credentials, if it passes any.
    pub(super) fn new(credentials: Option<PathBuf>) -> Self {
        Self {
            credentials,
            secret_files: Vec::new(),
            keys: BTreeSet::new(),
        }
    }

    /// Returns whether systemd passes credentials.
    pub(super) fn takes_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// Returns the secret of `source`, or else of the first of the systemd credentials that
    /// exists, parsed by `parse`.
    pub(super) fn read<T, E: Display>(
        &mut self,
        section: &Setting,
        source: SecretSource,
        credentials: &[String],
        parse: impl FnOnce(SecretString) -> Result<T, E>,
    ) -> Result<Option<T>, Diagnostic> {
        let accept = |text: &str| {
            let secret = accept(text)?;
            parse(secret).map_err(|error| error.to_string())
        };
        let SecretSource { name, value, file } = source;
        let file_name = || format!("{name}_file");
        match (value, file) {
            (Some(_), Some(_)) => {
                let file_name = file_name();
                let other = section.location_of(&file_name);
                let text = format!("conflicts with {file_name} ({other}); keep one");
                Err(section.diagnostic_of(name, text))
            }
            (Some(secret), None) => {
                if let Location::File { path, .. } = section.location_of(name) {
                    self.secret_files.push(path);
                }
                self.keys.insert(section.key_of(name));
                let accepted = accept(secret.expose_secret());
                accepted.map_err(|reason| section.diagnostic_of(name, reason))
            }
            (None, Some(path)) => {
                let file_name = file_name();
                let path = resolve(&section.location_of(&file_name), &path);
                self.secret_files.push(Arc::from(path.as_path()));
                read(&path, accept).map_err(|reason| section.diagnostic_of(&file_name, reason))
            }
            (None, None) => match self.credential(credentials) {
                Some(path) => {
                    read(&path, accept).map_err(|reason| section.diagnostic_of(name, reason))
                }
                None => return Ok(None),
            },
        }
        .map(Some)
    }

    /// Returns the secret in the file that the value at `location` names.
    pub(super) fn read_file(
        &mut self,
        location: &Location,
        path: &Path,
    ) -> Result<SecretString, String> {
        let path = resolve(location, path);
        self.secret_files.push(Arc::from(path.as_path()));
        read(&path, accept)
    }

    /// Returns the path of a file with secrets that others read; an error if it cannot be read now.
    #[cfg(feature = "cluster")]
    pub(super) fn find_file(
        &mut self,
        location: &Location,
        path: &Path,
    ) -> Result<PathBuf, String> {
        let path = resolve(location, path);
        self.secret_files.push(Arc::from(path.as_path()));
        match files::read(&path, Links::Follow, MAX_FILE) {
            Ok(_) => Ok(path),
            Err(error) => Err(cannot_read(&path, error)),
        }
    }

    /// Returns the keys of the secrets that are written in the configuration itself, such as `phone.password`.
    pub(super) fn into_keys(self) -> BTreeSet<String> {
        self.keys
    }

    /// Warns of files with secrets that every user of this machine may read.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let mut files = self.secret_files.clone();
        files.sort();
        files.dedup();
        let readable = files.iter().filter(|path| is_readable_by_others(path));
        readable
            .map(|path| {
                let path = path.display();
                Warning::new(format!(
                    "{path} contains a secret and is world-readable; run chmod o-r {path}"
                ))
            })
            .collect()
    }

    fn credential(&self, names: &[String]) -> Option<PathBuf> {
        let directory = self.credentials.as_ref()?;
        names
            .iter()
            // A name with a slash would lead out of the directory.
            .filter(|name| !name.contains('/'))
            .map(|name| directory.join(name))
            .find(|path| path.is_file())
    }
}

/// Returns whether every user of this machine may read a file: it and all directories above it permit that.
fn is_readable_by_others(path: &Path) -> bool {
    let permits = |path: &Path, bit: u32| {
        let mode = fs::metadata(path).map(|metadata| metadata.permissions().mode());
        mode.is_ok_and(|mode| mode & bit != 0)
    };
    // Behind links, the directories of the file itself count.
    let Ok(file) = fs::canonicalize(path) else {
        return false;
    };
    let mut folders = file.ancestors().skip(1);
    permits(&file, READABLE_BY_OTHERS) && folders.all(|folder| permits(folder, ENTERED_BY_OTHERS))
}

/// Returns `path`, taken relative to the file that names it.
fn resolve(location: &Location, path: &Path) -> PathBuf {
    match location {
        Location::File { path: own, .. } => own
            .parent()
            .map_or_else(|| path.to_owned(), |directory| directory.join(path)),
        Location::Variable(_) => path.to_owned(),
    }
}

/// Reads a file that contains nothing but a secret, with or without a line break at its end.
fn read<T>(path: &Path, accept: impl FnOnce(&str) -> Result<T, String>) -> Result<T, String> {
    let shown = path.display();
    // A line break may follow the secret.
    let longest = MAX_SECRET.saturating_add(2);
    let text = files::read_to_string(path, Links::Follow, longest);
    let text = text.map_err(|error| cannot_read(path, error))?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    accept(secret).map_err(|reason| format!("{shown}: {reason}"))
}

fn cannot_read(path: &Path, error: io::Error) -> String {
    let shown = path.display();
    format!("cannot read {shown}: {}", access::explained(path, error))
}

fn accept(secret: &str) -> Result<SecretString, String> {
    if secret.is_empty() {
        Err("must not be empty; set the secret or remove the key".to_owned())
    } else if PLACEHOLDERS.contains(&secret) {
        Err(format!(
            "{secret:?} is the placeholder of the example; write the secret itself, or remove the key"
        ))
    } else if u64::try_from(secret.len()).map_or(true, |length| length > MAX_SECRET) {
        Err(format!("must not be longer than {MAX_SECRET} bytes"))
    } else if secret.chars().any(char::is_control) {
        Err("must not contain a line break or another control character".to_owned())
    } else {
        Ok(SecretString::from(secret))
    }
}

/// What stands for secrets in the documentation.
const PLACEHOLDERS: [&str; 2] = ["...", "…"];

/// The longest file with secrets that others read, in bytes: a JWT of NATS takes some kilobytes.
#[cfg(feature = "cluster")]
const MAX_FILE: u64 = 64 * 1024;

/// The longest secret, in bytes.
const MAX_SECRET: u64 = 4096;

const READABLE_BY_OTHERS: u32 = 0o004;

const ENTERED_BY_OTHERS: u32 = 0o001;
