//! Accepts connections and runs a script for each, within limits.
//!
//! It decides which connections are served and for how long, never what is sent.

use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use handset_net::listener::{Accepted, Listener};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, error, info_span, warn};

use super::channel::Channel;
use super::config::Config;
use super::error::Error;
use super::log_throttle::LogThrottle;
use super::request::Request;

/// What to do for a call.
pub trait Script: Send + Sync + 'static {
    /// Serves one call. When it returns, Asterisk continues with the dialplan.
    ///
    /// The future is dropped at any await when [`Config::session_timeout`] has passed. Errors and
    /// panics are logged and end only this session.
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

/// A FastAGI server, bound and not yet running.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    config: Config,
}

impl Server {
    /// Binds the socket. Connections are queued from now on, until [`run`](Self::run) serves them.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn bind(config: Config) -> Result<Self, Error> {
        let listen = config.listen;
        let sessions = config.max_sessions.max(1);
        // All calls of an Asterisk come from one address, so it may use all sessions.
        let listener = Listener::bind("agi", listen, sessions, sessions)
            .map_err(|source| Error::Bind { listen, source })?;
        Ok(Self { listener, config })
    }

    /// Returns the bound address, with the port that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Serves calls until `stop` is cancelled; then closes the socket and waits for the sessions in
    /// progress.
    ///
    /// Dropping the future ends all sessions.
    pub async fn run<S: Script>(self, script: S, stop: CancellationToken) {
        let rejections = LogThrottle::default();
        let shared = Arc::new(Shared {
            script,
            config: self.config,
            failures: LogThrottle::default(),
        });
        let listener = self.listener;
        let mut sessions = JoinSet::new();
        loop {
            let Accepted { stream, peer, slot } = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(_) = sessions.join_next() => continue,
                () = stop.cancelled() => break,
            };
            if shared.config.allow.contains(peer.ip()) {
                let shared = Arc::clone(&shared);
                let session = async move {
                    shared.serve(stream, peer).await;
                    drop(slot);
                };
                sessions.spawn(session.in_current_span());
            } else if let Some(suppressed) = rejections.admit() {
                warn!(%peer, suppressed, "Rejected a connection from outside the allowed networks.");
            }
        }
        drop(listener);
        while sessions.join_next().await.is_some() {}
    }
}

/// Shared by all sessions of a server.
struct Shared<S> {
    script: S,
    config: Config,
    failures: LogThrottle,
}

impl<S: Script> Shared<S> {
    /// Serves one connection from its environment to its end.
    async fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        let start = Instant::now();
        match Channel::open(stream, &self.config).await {
            Ok((request, channel)) => {
                let span = info_span!(
                    "call",
                    channel = request.channel(),
                    uniqueid = request.uniqueid()
                );
                let remaining = self.config.session_timeout.saturating_sub(start.elapsed());
                self.run_script(&request, channel, remaining)
                    .instrument(span)
                    .await;
            }
            Err(error) => self.log_rejected(peer, &error),
        }
    }

    async fn run_script(&self, request: &Request, mut channel: Channel, limit: Duration) {
        // After a panic the channel is only closed.
        let run = AssertUnwindSafe(self.script.run(request, &mut channel)).catch_unwind();
        match timeout(limit, run).await {
            Ok(Ok(Ok(()))) => debug!(script = request.script(), "Session ended."),
            Ok(Ok(Err(error @ (Error::Closed | Error::HungUp)))) => {
                debug!(script = request.script(), %error, "Session ended early.");
            }
            Ok(Ok(Err(error))) => warn!(script = request.script(), %error, "Session failed."),
            Ok(Err(_)) => error!(script = request.script(), "A script panicked."),
            Err(_) => warn!(script = request.script(), "Session timed out."),
        }
        channel.close().await;
    }

    /// Logs why a connection has no session. A peer that merely closes it is not worth a warning.
    fn log_rejected(&self, peer: SocketAddr, error: &Error) {
        if matches!(error, Error::Closed | Error::HungUp) {
            debug!(%peer, "A peer closed the connection without sending an environment.");
        } else if let Some(suppressed) = self.failures.admit() {
            warn!(%peer, %error, suppressed, "Rejected a connection: no valid environment.");
        }
    }
}

#[cfg(test)]
mod tests;
