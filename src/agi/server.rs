//! Accepts connections and gives each a task, within limits.
//!
//! It decides who is served and for how long, never what is said.

use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tracing::{Instrument, debug, error, info_span, warn};

use super::channel::Channel;
use super::config::Config;
use super::error::Error;
use super::log_throttle::LogThrottle;
use super::request::Request;
use handset_net::tasks::Tasks;

/// What is done for one call.
pub trait Script: Send + Sync + 'static {
    /// Serves one call. When it returns, Asterisk goes on with the dialplan.
    ///
    /// It may be dropped at any await when [`Config::session_timeout`] is over. An error and a
    /// panic are logged and end this session only.
    fn run(
        &self,
        request: &Request,
        channel: &mut Channel,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

impl<S: Script> Script for Arc<S> {
    async fn run(&self, request: &Request, channel: &mut Channel) -> Result<(), Error> {
        S::run(self, request, channel).await
    }
}

/// A bound `FastAGI` server.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    config: Config,
}

impl Server {
    /// Binds the socket. Connections queue from now on, to be served by [`run`](Self::run).
    // Async because a socket can only be registered within a runtime.
    #[expect(clippy::unused_async, reason = "says that a runtime is needed")]
    pub async fn bind(config: Config) -> Result<Self, Error> {
        let listen = config.listen;
        let bind = || {
            let socket = if listen.is_ipv4() {
                TcpSocket::new_v4()?
            } else {
                TcpSocket::new_v6()?
            };
            socket.set_reuseaddr(true)?;
            socket.bind(listen)?;
            let listener = socket.listen(BACKLOG)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) = bind().map_err(|source| Error::Bind { listen, source })?;
        Ok(Self {
            listener,
            address,
            config,
        })
    }

    /// Returns the address that is listened on, with the port that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Accepts connections until `tasks` are asked to stop. Sessions in hand run on under `tasks`.
    pub async fn run<S: Script>(self, script: S, tasks: &Tasks) {
        let stop = tasks.stop();
        let refusals = LogThrottle::default();
        let sessions = self.config.max_sessions.clamp(1, Semaphore::MAX_PERMITS);
        let sessions = Arc::new(Semaphore::new(sessions));
        let shared = Arc::new(Shared {
            script,
            config: self.config,
            rejections: LogThrottle::default(),
        });
        while let Some(accepted) = stop
            .run_until_cancelled(accept(&self.listener, &sessions))
            .await
        {
            let Some((stream, peer, permit)) = accepted else {
                continue;
            };
            if shared.config.allows(peer.ip()) {
                let shared = Arc::clone(&shared);
                tasks.spawn("agi session", async move {
                    shared.serve(stream, peer).await;
                    drop(permit);
                });
            } else if let Some(suppressed) = refusals.admit() {
                warn!(%peer, suppressed, "Refused a connection from outside the allowed networks.");
            }
        }
    }
}

/// Waits for room, then for a connection. A failure costs a pause, never the server.
async fn accept(
    listener: &TcpListener,
    sessions: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(sessions).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(error) => {
            warn!(%error, "Cannot accept a connection.");
            sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// What all sessions of a server have in common.
struct Shared<S> {
    script: S,
    config: Config,
    rejections: LogThrottle,
}

impl<S: Script> Shared<S> {
    /// Serves one connection from its environment to its end.
    async fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        let began = Instant::now();
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%peer, %error, "Cannot turn off Nagle's algorithm.");
        }
        match Channel::open(stream, &self.config).await {
            Ok((request, channel)) => {
                let span = info_span!(
                    "call",
                    channel = request.channel(),
                    uniqueid = request.uniqueid()
                );
                let left = self.config.session_timeout.saturating_sub(began.elapsed());
                self.run_script(&request, channel, left)
                    .instrument(span)
                    .await;
            }
            Err(error) => self.log_rejected(peer, &error),
        }
    }

    async fn run_script(&self, request: &Request, mut channel: Channel, left: Duration) {
        // What a panic leaves behind is one channel, and that is only closed.
        let run = AssertUnwindSafe(self.script.run(request, &mut channel)).catch_unwind();
        match timeout(left, run).await {
            Ok(Ok(Ok(()))) => debug!(script = request.script(), "Session ended."),
            Ok(Ok(Err(error @ (Error::Closed | Error::HungUp)))) => {
                debug!(script = request.script(), %error, "Session ended early.");
            }
            Ok(Ok(Err(error))) => warn!(script = request.script(), %error, "Session failed."),
            Ok(Err(_)) => error!(script = request.script(), "A script panicked."),
            Err(_) => warn!(script = request.script(), "Session took too long."),
        }
        channel.close().await;
    }

    /// Logs why there was no session. A peer that just goes away is no reason to complain.
    fn log_rejected(&self, peer: SocketAddr, error: &Error) {
        if matches!(error, Error::Closed | Error::HungUp) {
            debug!(%peer, "A peer left without an environment.");
        } else if let Some(suppressed) = self.rejections.admit() {
            warn!(%peer, %error, suppressed, "No session.");
        }
    }
}

/// How many connections wait in the kernel. The system may cap it (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;

/// The pause after a failed accept, so that a lack of file handles does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
