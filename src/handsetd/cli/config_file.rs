//! The option that selects the configuration.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::{Config, DEFAULT_FILE, Diagnostics, Overlay, Sources};

/// The configuration that a command uses.
#[derive(Args, Debug)]
pub(super) struct ConfigFile {
    /// Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigFile {
    /// Reads the configuration.
    pub(super) fn load(&self) -> Result<Config, Diagnostics> {
        Config::load(&self.sources())
    }

    /// Returns where the configuration is read from.
    pub(super) fn sources(&self) -> Sources {
        Sources::of_process(self.config.as_deref())
    }

    /// Reads the configuration as it would be with `overlay`.
    pub(super) fn load_with(&self, overlay: &Overlay) -> Result<Config, Diagnostics> {
        Config::load_with(&Sources::of_process(self.config.as_deref()), Some(overlay))
    }

    /// Returns the path of the main file.
    pub(super) fn path(&self) -> &Path {
        self.config
            .as_deref()
            .unwrap_or_else(|| Path::new(DEFAULT_FILE))
    }
}
