//! Accepts connections and runs a script for each, within limits.
//!
//! It decides which connections are served and for how long, never what is sent. The time of a session
//! counts from when its connection was accepted, so that waiting for a place is part of it.

use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use handset_net::listener::{Accepted, Capacity, Listener};
use tokio::task::JoinSet;
use tokio::time::timeout_at;
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
    /// The future is dropped at any await when [`Config::session_timeout`] has passed since the
    /// connection was accepted. Errors and panics are logged and end only this session.
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
        let capacity = Capacity {
            total: sessions,
            // All calls of an Asterisk come from one address, so it may use all sessions.
            each: sessions,
            reserved: 0,
            grace: None,
            wait: config.session_timeout,
        };
        let listener = Listener::bind("agi", listen, capacity)
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
        let admits = |peer: SocketAddr| {
            let is_allowed = shared.config.allow.contains(peer.ip());
            if !is_allowed && let Some(suppressed) = rejections.admit() {
                warn!(%peer, suppressed, "Rejected a connection from outside the allowed networks.");
            }
            is_allowed
        };
        let mut listener = self.listener;
        let mut sessions = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept(admits) => accepted,
                () = stop.cancelled() => break,
            };
            // Here, so that no session that ends wakes this task.
            while sessions.try_join_next().is_some() {}
            let shared = Arc::clone(&shared);
            // Boxed, since spawning moves it several times, and with it all that the script needs.
            let session = Box::pin(async move { shared.serve(accepted).await });
            sessions.spawn(session.in_current_span());
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
    async fn serve(&self, accepted: Accepted) {
        let Accepted {
            stream,
            peer,
            since,
            slot,
        } = accepted;
        let opening =
            Channel::open_since(stream, &self.config, Some(peer.ip().to_canonical()), since);
        let opened = slot.run(opening).await.unwrap_or(Err(Error::Evicted));
        match opened {
            Ok((request, mut channel)) => {
                slot.mark_active();
                let span = info_span!(
                    "call",
                    channel = request.channel(),
                    uniqueid = request.uniqueid()
                );
                async {
                    self.run_script(&request, &mut channel).await;
                    // The call continues from here.
                    slot.mark_idle();
                    slot.run(channel.close()).await;
                }
                .instrument(span)
                .await;
            }
            Err(error) => self.log_rejected(peer, &error),
        }
    }

    async fn run_script(&self, request: &Request, channel: &mut Channel) {
        let deadline = channel.deadline();
        // After a panic the channel is only closed.
        let run = AssertUnwindSafe(self.script.run(request, channel)).catch_unwind();
        let ended = timeout_at(deadline, run).await;
        let script = request.script();
        match ended {
            Ok(Ok(Ok(()))) => debug!(script, "Session ended."),
            Ok(Ok(Err(error @ (Error::Closed | Error::HungUp)))) => {
                debug!(script, %error, "Session ended early.");
            }
            failed => {
                let Some(suppressed) = self.failures.admit() else {
                    return;
                };
                match failed {
                    Ok(Ok(failed)) => {
                        let error = failed.err().map(tracing::field::display);
                        warn!(script, error, suppressed, "Session failed.");
                    }
                    Ok(Err(_)) => error!(script, suppressed, "A script panicked."),
                    Err(_) => warn!(script, suppressed, "Session timed out."),
                }
            }
        }
    }

    /// Logs why a connection has no session. A peer that merely closes it is not worth a warning.
    fn log_rejected(&self, peer: SocketAddr, error: &Error) {
        if matches!(error, Error::Closed | Error::HungUp) {
            debug!(%peer, "A peer closed the connection without sending an environment.");
        } else if matches!(error, Error::Evicted) {
            debug!(%peer, "Closed a silent connection to make room for others.");
        } else if let Some(suppressed) = self.failures.admit() {
            warn!(%peer, %error, suppressed, "Rejected a connection: no valid environment.");
        }
    }
}

#[cfg(test)]
mod tests;
