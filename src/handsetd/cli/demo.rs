//! `handsetd demo`: demonstrates handsetd without phones or a PBX.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::demo::{self, Options};

/// Demonstrate handsetd with three simulated phones that dial four extensions
#[derive(Args, Debug)]
#[command(
    after_help = "The demo needs nothing but this program and ends by itself after a few seconds, unless --stay is given. Its exit \
                  code is 0 if every phone has shown, played and changed what it was asked to, and 1 \
                  otherwise."
)]
pub(super) struct Demo {
    /// Run the Asterisk that is installed below this directory instead of a script (needs root)
    #[arg(long, value_name = "ROOT")]
    asterisk: Option<PathBuf>,
    /// Write pictures of the phones into this directory [default: handsetd-demo in the temporary
    /// directory]
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
    /// Then leave the daemon, the phones and the page running until Ctrl-C, to try things out
    #[arg(long)]
    stay: bool,
}

impl Demo {
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let options = Options {
            asterisk: self.asterisk.clone(),
            stay: self.stay,
            pictures: self
                .pictures
                .clone()
                .unwrap_or_else(|| std::env::temp_dir().join("handsetd-demo")),
        };
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let succeeded = runtime.block_on(demo::run(&options, out))?;
        Ok(if succeeded {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
