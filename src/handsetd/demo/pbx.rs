//! The PBX of the demo: a real Asterisk, or a script that talks FastAGI like one.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use handset_net::tasks::Tasks;

use super::asterisk::Asterisk;
use super::environment::Environment;
use super::scenario::{DemoPhone, Extension};
use super::scripted;

#[derive(Debug)]
pub(super) enum Pbx {
    Asterisk(Box<Asterisk>),
    /// The address of the FastAGI server that the script calls.
    Script(SocketAddr),
}

impl Pbx {
    /// Starts the Asterisk below `root`, or the script.
    pub(super) async fn start(
        root: Option<&Path>,
        environment: &Environment,
        tasks: &Tasks,
        out: &mut impl Write,
    ) -> anyhow::Result<Self> {
        let Some(root) = root else {
            writeln!(
                out,
                "A script stands in for Asterisk; use --asterisk ROOT for a real one.\n"
            )?;
            return Ok(Self::Script(environment.agi));
        };
        let asterisk = Asterisk::start(root, environment, tasks).await?;
        writeln!(out, "The PBX is {}.\n", asterisk.version)?;
        Ok(Self::Asterisk(Box::new(asterisk)))
    }

    /// Dials an extension from a phone; returns the channel variables that handsetd has set.
    pub(super) async fn dial(
        &mut self,
        phone: &DemoPhone,
        extension: &Extension,
    ) -> anyhow::Result<Vec<(String, String)>> {
        match self {
            Self::Asterisk(asterisk) => asterisk.dial(phone, extension).await,
            Self::Script(agi) => scripted::dial(*agi, phone, extension).await,
        }
    }

    pub(super) async fn stop(self, out: &mut impl Write) -> anyhow::Result<()> {
        if let Self::Asterisk(asterisk) = self {
            asterisk.stop().await?;
            writeln!(out, "Asterisk has stopped, and its files are removed.\n")?;
        }
        Ok(())
    }
}
