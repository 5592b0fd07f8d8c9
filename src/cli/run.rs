//! `handsetd run`: the daemon in the foreground, as systemd and containers want it.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::ConfigFile;
use crate::daemon::Daemon;
use crate::telemetry;

/// Run the daemon
#[derive(Args, Debug)]
#[command(
    after_help = "It stops on SIGTERM or Ctrl-C, after finishing what is in hand; a second \
                        one stops it at once."
)]
pub(super) struct Run {
    #[command(flatten)]
    file: ConfigFile,
}

impl Run {
    /// Serves until a signal ends it.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let config = self.file.load()?;
        telemetry::start(config.log);
        for notice in config.notices() {
            warn!("{notice}");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        let code = runtime.block_on(async {
            let signals = Signals::new().context("cannot listen for signals")?;
            let daemon = Daemon::bind(config).await?;
            Ok::<_, anyhow::Error>(serve(daemon, signals).await)
        })?;
        // A resolver or a conversion that blocks must not keep the process alive.
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(code)
    }
}

/// Runs the daemon beside systemd's watchdog, until a signal; a second one ends it at once.
async fn serve(daemon: Daemon, mut signals: Signals) -> ExitCode {
    let stop = CancellationToken::new();
    let signalled = async {
        signals.stop().await;
        let since = Instant::now();
        notify(&[NotifyState::Stopping]);
        stop.cancel();
        // Some supervisors signal the process and then its group, which is one signal to them.
        while since.elapsed() < SAME_SIGNAL {
            signals.stop().await;
        }
    };
    notify(&[NotifyState::Ready]);
    info!("Ready.");
    tokio::select! {
        () = daemon.run(stop.cancelled()) => ExitCode::SUCCESS,
        () = signalled => {
            warn!("Stopped at once, by a second signal.");
            ExitCode::FAILURE
        }
        () = watchdog() => ExitCode::FAILURE,
    }
}

/// Tells systemd, as often as it wants, that the runtime still turns. Never ends.
async fn watchdog() {
    let Some(every) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    let mut beat = interval(every / 2);
    loop {
        beat.tick().await;
        notify(&[NotifyState::Watchdog]);
    }
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        warn!(%error, "Cannot tell systemd.");
    }
}

/// The signals that end the daemon, and the one that would and must not.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for a signal that ends the daemon.
    async fn stop(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => {
                    warn!("This version does not reload its configuration; restart it.");
                }
            }
        }
    }
}

/// Signals this close to each other are one.
const SAME_SIGNAL: Duration = Duration::from_secs(1);
