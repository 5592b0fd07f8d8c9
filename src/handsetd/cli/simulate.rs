//! `handsetd simulate`: a simulated phone or call manager, to try a dialplan without hardware.
//!
//! Compiled with the Cargo feature `simulator` only, which is on by default.

mod arguments;
mod command;
mod csta;
mod cucm;
mod input;
mod phone;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use handset_net::tasks::Tasks;

use arguments::CUCM;
pub(crate) use arguments::Simulate;

impl Simulate {
    /// Runs the phone or call manager until Ctrl-C or SIGTERM.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let tasks = Tasks::new();
        runtime.block_on(async {
            let ended = if self.vendor == CUCM {
                cucm::run(self, &tasks, out).await
            } else {
                phone::run(self, &tasks, out).await
            };
            tasks.shut_down(SHUTDOWN_TIMEOUT).await;
            ended
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);
