//! The sources of a configuration, and how they are merged.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use handset_net::access;
use handset_net::files::{self, Links};

use super::diagnostic::{Diagnostic, Location, Warning};
use super::environment;
use super::layer;
use super::origin::Files;
use super::setting::Setting;
use super::toml_source;

/// Where a configuration is read from.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The main file; `conf.d/*.toml` beside it is read as well, in order of name.
    pub file: PathBuf,
    /// Whether the main file must exist.
    pub is_required: bool,
    /// The environment variables, which override the files.
    pub variables: Vec<(OsString, OsString)>,
}

/// What a file will contain, to be read instead of what it contains now, if anything.
#[derive(Clone, Debug)]
pub(crate) struct Overlay {
    /// The file.
    pub(crate) path: PathBuf,
    /// Its text.
    pub(crate) text: String,
}

impl Sources {
    /// Returns the sources of this process: the named file, which must exist, or else
    /// [`DEFAULT_FILE`], which need not.
    pub fn of_process(file: Option<&Path>) -> Self {
        Self {
            file: file.map_or_else(|| PathBuf::from(DEFAULT_FILE), Path::to_owned),
            is_required: file.is_some(),
            variables: std::env::vars_os().collect(),
        }
    }
}

/// What the sources say, before it is parsed.
#[derive(Default)]
pub(super) struct Contents {
    /// All files, also those that could not be read.
    names: Files,
    /// The files that were read, by their position, in order.
    files: Vec<(usize, Vec<u8>)>,
    /// The variables of this program.
    variables: Vec<(OsString, OsString)>,
}

/// The merged sources.
pub(super) struct Merged {
    pub(super) root: Setting,
    /// The files that were parsed, in order.
    pub(super) files: Vec<Arc<Path>>,
}

/// Reads all sources: the main file, its drop-ins, the environment.
///
/// A file that cannot be read is reported and left out.
pub(super) fn read(
    sources: &Sources,
    overlay: Option<&Overlay>,
    diagnostics: &mut Vec<Diagnostic>,
    warnings: &mut Vec<Warning>,
) -> Contents {
    let mut names: Vec<Arc<Path>> = vec![Arc::from(sources.file.as_path())];
    match drop_ins(&sources.file) {
        Ok(found) => names.extend(found.into_iter().map(Arc::from)),
        Err(Unreadable { folder, error }) => {
            diagnostics.push(unreadable(0, &Arc::from(folder), error));
        }
    }
    if let Some(overlay) = overlay
        && !names.iter().any(|name| **name == *overlay.path)
    {
        // The main file stays the first.
        let after = |name: &Arc<Path>| **name < *overlay.path;
        let at = names
            .get(1..)
            .map_or(0, |drop_ins| drop_ins.partition_point(after));
        names.insert(at.saturating_add(1), Arc::from(overlay.path.as_path()));
    }
    let mut files = Vec::new();
    for (order, path) in names.iter().enumerate() {
        let content = match overlay.filter(|overlay| *overlay.path == **path) {
            Some(overlay) => Ok(overlay.text.clone().into_bytes()),
            None => read_file(path, order == 0 && sources.is_required),
        };
        match content {
            Ok(content) => files.push((order, content)),
            Err(error) if order == 0 && is_absent(&error) && !sources.is_required => {
                let path = path.display();
                warnings.push(Warning::new(format!(
                    "{path} does not exist; using defaults"
                )));
            }
            Err(error) => diagnostics.push(unreadable(order, path, error)),
        }
    }
    Contents {
        names: Files::from(names),
        files,
        variables: environment::own(&sources.variables),
    }
}

impl Contents {
    /// Parses and merges all sources, in order. A file that is not TOML is reported and left out.
    pub(super) fn merge(
        &self,
        diagnostics: &mut Vec<Diagnostic>,
        warnings: &mut Vec<Warning>,
    ) -> Merged {
        let (mut layers, mut files) = (Vec::new(), Vec::new());
        for (order, content) in &self.files {
            let Some(path) = self.names.get(*order) else {
                continue;
            };
            if let Some(layer) = toml_source::parse(*order, path, content, diagnostics) {
                layers.push(layer);
                files.push(Arc::clone(path));
            }
        }
        layers.push(environment::read(&self.variables, diagnostics, warnings));
        Merged {
            root: Setting::root(layer::merge(layers), self.names.clone()),
            files,
        }
    }
}

fn unreadable(order: usize, path: &Arc<Path>, error: io::Error) -> Diagnostic {
    let error = access::explained(path, error);
    let location = Location::File {
        order,
        line: 0,
        path: Arc::clone(path),
    };
    Diagnostic::new(location, "", format!("cannot be read: {error}"))
}

struct Unreadable {
    folder: PathBuf,
    error: io::Error,
}

/// Lists `conf.d/*.toml` beside `file`, in order of name; the folder may be absent.
fn drop_ins(file: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let folder = file.with_file_name("conf.d");
    let entries = match fs::read_dir(&folder) {
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        entries => entries.and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<io::Result<Vec<_>>>()
        }),
    };
    let mut paths = entries.map_err(|error| Unreadable { folder, error })?;
    // As in a shell, `*.toml` matches no hidden file: editors keep their copies there.
    paths.retain(|path| {
        let is_hidden = path
            .file_name()
            .is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        !is_hidden
            && path
                .extension()
                .is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    Ok(paths)
}

/// Reads a file. One that a user named may be a pipe, such as `<(…)` of a shell.
fn read_file(path: &Path, is_named: bool) -> io::Result<Vec<u8>> {
    if is_named {
        files::read_opened(fs::File::open(path)?, MAX_FILE)
    } else {
        files::read(path, Links::Follow, MAX_FILE)
    }
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// The file that is read by default.
pub(crate) const DEFAULT_FILE: &str = "/etc/handsetd/handsetd.toml";

/// The longest file, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;
