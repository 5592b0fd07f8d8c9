//! The merged settings as they are written: what `handsetd conf` shows, and what a reload compares.

mod changes;
mod settings;
mod toml_text;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use ::config::{Map, Value};

use super::origin::Files;
use super::setting::Setting;
use settings::Settings;

/// The settings of all sources, merged, with where each was set. They hold passwords: `Debug` shows none
/// of them, and neither does the text of [`Written::to_toml`].
#[derive(Clone)]
pub(crate) struct Written(Arc<Settings>);

impl Written {
    /// Takes the settings of `root`.
    pub(super) fn new(root: Setting, secret_keys: BTreeSet<String>) -> Self {
        Self(Arc::new(Settings {
            files: root.files(),
            root: root.value,
            secret_keys,
        }))
    }

    /// Returns what `newer` says differently, one line for each section: `[[phone]] 1003 added`.
    pub(crate) fn changes(&self, newer: &Self) -> Vec<String> {
        changes::changes(&self.0.root, &newer.0.root)
    }

    /// Returns the settings as TOML, each with its origin in a comment, and the defaults of the other keys
    /// of each section. Secrets are left out.
    pub(crate) fn to_toml(&self) -> String {
        toml_text::to_toml(&self.0)
    }
}

impl Default for Written {
    fn default() -> Self {
        Self(Arc::new(Settings {
            root: Value::new(None, Map::<String, Value>::new()),
            files: Files::from(Vec::new()),
            secret_keys: BTreeSet::new(),
        }))
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written").finish_non_exhaustive()
    }
}
