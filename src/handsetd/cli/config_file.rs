//! The option that selects the configuration.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Config, Diagnostics, Sources};

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
}
