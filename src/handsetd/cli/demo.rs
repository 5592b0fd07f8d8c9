//! `handsetd demo`: the main job on a machine with nothing installed.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::demo::{self, Options};

/// Show the main job with nothing installed: three simulated phones dial four extensions
#[derive(Args, Debug)]
#[command(
    after_help = "It ends by itself, and its exit code is 0 only if every phone really \
                        showed, rang and changed."
)]
pub(super) struct Demo {
    /// Use the Asterisk that is installed below this folder instead of a script (needs root)
    #[arg(long, value_name = "ROOT")]
    asterisk: Option<PathBuf>,
    /// Write the pictures of the phones into this folder [default: handsetd-demo in the temporary
    /// folder]
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
}

impl Demo {
    /// Shows it.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let options = Options {
            asterisk: self.asterisk.clone(),
            pictures: self
                .pictures
                .clone()
                .unwrap_or_else(|| std::env::temp_dir().join("handsetd-demo")),
        };
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let good = runtime.block_on(demo::run(&options, out))?;
        Ok(if good {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
