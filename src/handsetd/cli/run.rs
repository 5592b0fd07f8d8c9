//! `handsetd run`: runs the daemon in the foreground, as systemd and containers expect.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::config_file::ConfigFile;
use crate::admin::ReloadRequests;
use crate::daemon::{Daemon, Reloads};
use crate::telemetry::{self, Log};

/// Run the daemon
#[derive(Args, Debug)]
#[command(
    after_help = "On SIGTERM or Ctrl-C the daemon finishes deliveries in flight, then stops; a second \
                  signal stops it at once. On SIGHUP it reloads its configuration: changes of \
                  phones, groups, vendors, rules and Asterisk servers require no restart."
)]
pub(super) struct Run {
    #[command(flatten)]
    file: ConfigFile,
}

impl Run {
    /// Runs the daemon until a signal stops it.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let config = self.file.load()?;
        // Dropped last, so that the reason for any exit is in the log.
        let log = telemetry::start(config.log).context("cannot start the log")?;
        let files: Vec<_> = config.files().map(|file| file.display()).collect();
        let version = env!("CARGO_PKG_VERSION");
        info!(version, configuration = ?files, "Starting.");
        for warning in config.warnings() {
            warn!("{warning}");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        let code = runtime.block_on(async {
            let signals = Signals::new().context("cannot listen for signals")?;
            let daemon = Daemon::bind(config).await?;
            let served = Box::pin(self.serve(daemon, signals, &log));
            Ok::<_, anyhow::Error>(served.await)
        })?;
        // A blocking DNS look-up or conversion must not keep the process alive.
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(code)
    }

    /// Runs the daemon, systemd's watchdog and the reports of the log until a signal; a second one
    /// stops it at once.
    async fn serve(&self, daemon: Daemon, mut signals: Signals, log: &Log) -> ExitCode {
        let stop = CancellationToken::new();
        let reloads = Reloads::new(self.file.sources());
        let requests = reloads.sender();
        let signalled = async {
            while signals.next().await == Command::Reload {
                reload(&requests).await;
            }
            let since = Instant::now();
            notify(&[NotifyState::Stopping]);
            stop.cancel();
            // Some supervisors signal the process and then its group, and mean a single stop.
            loop {
                let command = signals.next().await;
                if command == Command::Stop && since.elapsed() >= SAME_SIGNAL {
                    return;
                }
            }
        };
        notify(&[NotifyState::Ready]);
        info!("Ready.");
        tokio::select! {
            () = daemon.run(stop.cancelled(), reloads) => ExitCode::SUCCESS,
            () = signalled => {
                warn!("Stopped at once on a second signal.");
                ExitCode::FAILURE
            }
            () = watchdog() => ExitCode::FAILURE,
            () = log.report_repetitions() => ExitCode::FAILURE,
        }
    }
}

/// Has the daemon read its configuration again, and waits until it has.
async fn reload(requests: &ReloadRequests) {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        notify(&[NotifyState::Reloading, now]);
    }
    let (request, report) = oneshot::channel();
    // There is no answer only if the daemon stops; it logs what it does.
    if requests.send(request).await.is_ok() {
        let _ = report.await;
    }
    notify(&[NotifyState::Ready]);
}

/// Notifies systemd's watchdog twice per timeout; never returns.
async fn watchdog() {
    let Some(timeout) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    let mut ticks = interval(timeout / 2);
    loop {
        ticks.tick().await;
        notify(&[NotifyState::Watchdog]);
    }
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        warn!(%error, "Cannot notify systemd.");
    }
}

/// The signals that stop the daemon, and the one that reloads its configuration.
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

    /// Waits for the next signal.
    async fn next(&mut self) -> Command {
        tokio::select! {
            _ = self.terminate.recv() => Command::Stop,
            _ = self.interrupt.recv() => Command::Stop,
            _ = self.hang_up.recv() => Command::Reload,
        }
    }
}

/// The meaning of a signal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Command {
    Reload,
    Stop,
}

/// Signals within this time count as one.
const SAME_SIGNAL: Duration = Duration::from_secs(1);
