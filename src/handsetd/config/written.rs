//! The merged settings as they are written: what `handsetd conf` shows, and what a reload compares.

mod changes;
mod settings;
mod toml_text;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::sources::Contents;
use settings::Settings;

/// The settings of all sources, merged, with where each was set. They hold passwords: `Debug` shows none
/// of them, and neither does the text of [`Written::to_toml`].
///
/// They are rarely asked for, and take ten times as much memory as their text, which is parsed again then.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Source>);

#[derive(Default)]
struct Source {
    contents: Contents,
    secret_keys: BTreeSet<String>,
}

impl Written {
    /// Takes what the sources say, which is free of errors.
    pub(super) fn new(contents: Contents, secret_keys: BTreeSet<String>) -> Self {
        Self(Arc::new(Source {
            contents,
            secret_keys,
        }))
    }

    /// Returns what `newer` says differently, one line for each section: `[[phone]] 1003 added`.
    pub(crate) fn changes(&self, newer: &Self) -> Vec<String> {
        changes::changes(&self.settings().root, &newer.settings().root)
    }

    /// Returns the settings as TOML, each with its origin in a comment, and the defaults of the other keys
    /// of each section. Secrets are left out.
    pub(crate) fn to_toml(&self) -> String {
        toml_text::to_toml(&self.settings())
    }

    fn settings(&self) -> Settings<'_> {
        let Source {
            contents,
            secret_keys,
        } = &*self.0;
        // What there was to report was reported when they were read.
        let root = contents.merge(&mut Vec::new(), &mut Vec::new()).root;
        Settings {
            files: root.files(),
            root: root.into_value(),
            secret_keys,
        }
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written").finish_non_exhaustive()
    }
}
