//! The `[state]` section: what must outlast the daemon.

use std::path::PathBuf;

use serde::Deserialize;

use super::check::Check;
use super::tree::Node;

/// Where the daemon keeps what must outlast it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// The folder; an absolute path.
    pub dir: PathBuf,
}

impl Default for State {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("/var/lib/handsetd"),
        }
    }
}

/// Reads the section.
pub(super) fn read(root: &mut Node, check: &mut Check) -> State {
    let (state, node) = check.section::<State>(root, "state");
    if !state.dir.is_absolute() {
        let text = format!(
            "{:?} is no absolute path; begin it with /",
            state.dir.display().to_string()
        );
        check.fault(&node, "dir", text);
    }
    state
}
