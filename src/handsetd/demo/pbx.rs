//! The Asterisk of the demo: a real one, or one played by a script.

use std::io::Write;
use std::path::Path;

use super::asterisk::Asterisk;
use super::scripted;
use super::stage::Stage;
use super::story::{Extension, Player};
use handset_net::tasks::Tasks;

/// Where the calls go through.
#[derive(Debug)]
pub(super) enum Pbx {
    Real(Box<Asterisk>),
    Scripted(std::net::SocketAddr),
}

impl Pbx {
    /// Starts the Asterisk in `root`, or the script.
    pub(super) async fn open(
        root: Option<&Path>,
        stage: &Stage,
        tasks: &Tasks,
        out: &mut impl Write,
    ) -> anyhow::Result<Self> {
        let Some(root) = root else {
            writeln!(
                out,
                "Asterisk is played by a script; --asterisk ROOT takes a real one.\n"
            )?;
            return Ok(Self::Scripted(stage.agi));
        };
        let asterisk = Asterisk::start(root, stage, tasks).await?;
        writeln!(out, "Asterisk: {}\n", asterisk.version)?;
        Ok(Self::Real(Box::new(asterisk)))
    }

    /// Dials; returns the channel's variables that handsetd has set.
    pub(super) async fn dial(
        &mut self,
        player: &Player,
        extension: &Extension,
    ) -> anyhow::Result<Vec<(String, String)>> {
        match self {
            Self::Real(asterisk) => asterisk.dial(player, extension).await,
            Self::Scripted(agi) => scripted::dial(*agi, player, extension).await,
        }
    }

    pub(super) async fn close(self, out: &mut impl Write) -> anyhow::Result<()> {
        if let Self::Real(asterisk) = self {
            asterisk.stop().await?;
            writeln!(out, "Asterisk is stopped, and its files are removed.\n")?;
        }
        Ok(())
    }
}
