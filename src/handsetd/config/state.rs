//! The `[state]` section: what survives a restart.

use std::path::PathBuf;

use serde::Deserialize;

use super::setting::Setting;
use super::validator::Validator;

/// Where the daemon stores what must survive a restart.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// The directory; an absolute path.
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
pub(super) fn read(root: &mut Setting, validator: &mut Validator) -> State {
    let (state, section) = validator.section::<State>(root, "state");
    if !state.dir.is_absolute() {
        let text = format!(
            "{:?} is not an absolute path; it must begin with /",
            state.dir.display().to_string()
        );
        validator.reject(&section, "dir", text);
    }
    state
}
