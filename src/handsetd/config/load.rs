//! Which sources there are, and how they become one tree.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment;
use super::fault::{Fault, Notice, Origin};
use super::locate;
use super::tree::Node;

/// Where a configuration is read from.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The main file; `conf.d/*.toml` beside it is read as well, in order of name.
    pub file: PathBuf,
    /// Whether the main file must exist.
    pub is_required: bool,
    /// The environment variables, which overrule the files.
    pub variables: Vec<(OsString, OsString)>,
}

impl Sources {
    /// Returns the sources of this process: the named file, which must then exist, or the usual
    /// one, which need not.
    pub fn of_process(file: Option<&Path>) -> Self {
        Self {
            file: file.map_or_else(|| PathBuf::from(DEFAULT_FILE), Path::to_owned),
            is_required: file.is_some(),
            variables: std::env::vars_os().collect(),
        }
    }
}

/// The sources, laid over each other.
pub(super) struct Loaded {
    pub(super) root: Node,
    pub(super) files: Vec<Arc<Path>>,
}

/// Reads all sources; a file that cannot be read or is no TOML gives a fault and is left out.
pub(super) fn load(
    sources: &Sources,
    faults: &mut Vec<Fault>,
    notices: &mut Vec<Notice>,
) -> Loaded {
    let main: Arc<Path> = Arc::from(sources.file.as_path());
    let whole = |order, path: &Arc<Path>| Origin::File {
        order,
        line: 0,
        path: Arc::clone(path),
    };
    let mut root = Node::table(whole(0, &main), "");
    let mut files = Vec::new();
    let mut names = vec![Arc::clone(&main)];
    match drop_ins(&sources.file) {
        Ok(found) => names.extend(found.into_iter().map(Arc::from)),
        Err(Unreadable { folder, error }) => {
            let text = format!("cannot be read: {error}");
            faults.push(Fault::new(whole(0, &Arc::from(folder)), "", text));
        }
    }
    for (order, path) in names.iter().enumerate() {
        match read(path) {
            Ok(content) => match locate::tree(order, path, &content) {
                Ok(tree) => {
                    root.overlay(tree);
                    files.push(Arc::clone(path));
                }
                Err(fault) => faults.push(fault),
            },
            Err(error) if order == 0 && is_absent(&error) && !sources.is_required => {
                let path = path.display();
                notices.push(Notice(format!("there is no {path}: defaults are used")));
            }
            Err(error) => {
                let text = format!("cannot be read: {error}");
                faults.push(Fault::new(whole(order, path), "", text));
            }
        }
    }
    root.overlay(environment::tree(&sources.variables, faults, notices));
    Loaded { root, files }
}

struct Unreadable {
    folder: PathBuf,
    error: io::Error,
}

/// Lists `conf.d/*.toml` beside `file`, in order of name; there need not be such a folder.
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

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let file = fs::File::open(path)?;
    file.take(MAX_FILE.saturating_add(1))
        .read_to_end(&mut content)?;
    if u64::try_from(content.len()).map_or(true, |length| length > MAX_FILE) {
        let message = format!("it is longer than {MAX_FILE} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(content)
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// The file that is read if none is named.
pub const DEFAULT_FILE: &str = "/etc/handsetd/handsetd.toml";

/// The longest file, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;
