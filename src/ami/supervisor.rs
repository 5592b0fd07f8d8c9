//! Connects, runs the connection and reconnects, until the client is stopped.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use handset_net::backoff::Backoff;
use tokio::io::{AsyncRead, AsyncWrite, split};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::config::Config;
use super::connect_error::{self, ConnectError};
use super::connection::{Boot, Connection, Ended};
use super::counters::Counters;
use super::feed::Feed;
use super::framed_io::{ActionWriter, FrameReader};
use super::login::{LoginError, log_in};
use super::queue::Queue;
use super::state::{Connected, State};
use super::tls::Connector;

/// Owns the connection of a client.
pub(crate) struct Supervisor {
    pub(crate) config: Config,
    pub(crate) tls: Option<Connector>,
    pub(crate) queue: Queue,
    pub(crate) feed: Feed,
    pub(crate) state: watch::Sender<State>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) stop: CancellationToken,
    /// Ends the current connection; another follows at once.
    pub(crate) renew: Arc<Notify>,
}

impl Supervisor {
    /// Runs until the client is stopped or its last handle is dropped.
    pub(crate) async fn run(mut self) {
        let mut backoff = Backoff::new(FIRST_RETRY, self.config.limits.retry);
        let mut last_received = None;
        let mut refusal: Option<Arc<str>> = None;
        loop {
            // While logins are refused, the state says so during further attempts, too.
            if refusal.is_none() {
                self.state.send_replace(State::Connecting);
            }
            let started = Instant::now();
            let (ended, stable) = match self.connect().await {
                Err(error) => (Attempt::Failed(error), false),
                Ok(link) => {
                    refusal = None;
                    let (ended, received) = self.connected(link, last_received).await;
                    last_received = Some(received);
                    (Attempt::Ended(ended), STABLE <= started.elapsed())
                }
            };
            if stable {
                backoff.reset();
            }
            let reason: Arc<str> = ended.reason().into();
            self.queue.set_reason(Arc::clone(&reason));
            let wait = match ended {
                Attempt::Ended(Ended::Stopped) | Attempt::Failed(ConnectError::Stopped) => break,
                Attempt::Failed(ConnectError::Login(
                    LoginError::Rejected { .. }
                    | LoginError::NoChallenge { .. }
                    | LoginError::Invalid(_),
                )) => {
                    let is_new = refusal.as_ref() != Some(&reason);
                    refusal = Some(Arc::clone(&reason));
                    if self.login_refused(reason, is_new).await.is_break() {
                        break;
                    }
                    continue;
                }
                Attempt::Ended(Ended::Renewed) => Duration::ZERO,
                // Asterisk is probably restarting. If the first attempt fails, back-off applies.
                Attempt::Ended(Ended::ShutDown) if stable => Duration::ZERO,
                Attempt::Ended(_) | Attempt::Failed(_) => backoff.next_delay(),
            };
            refusal = None;
            warn!(%reason, ?wait, "Not connected to Asterisk.");
            let retry = Instant::now() + wait;
            self.state.send_replace(State::Lost { reason, retry });
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = self.queue.hold(retry) => break,
                () = sleep_until(retry) => (),
            }
        }
        drop(self.queue);
        self.state.send_replace(State::Stopped);
    }

    /// Fails all actions until the next attempt is due, or the client is stopped.
    async fn login_refused(&mut self, reason: Arc<str>, is_new: bool) -> ControlFlow<()> {
        let wait = self.config.limits.refused;
        if is_new {
            error!(
                %reason,
                user = %self.config.username,
                ?wait,
                "The login to Asterisk failed; it is tried again after this time, and on reload."
            );
        } else {
            debug!(%reason, ?wait, "The login to Asterisk failed again.");
        }
        let retry = Instant::now() + wait;
        self.state.send_replace(State::Refused { reason, retry });
        tokio::select! {
            () = self.stop.cancelled() => ControlFlow::Break(()),
            () = self.queue.fail_all() => ControlFlow::Break(()),
            () = sleep_until(retry) => ControlFlow::Continue(()),
        }
    }

    /// Connects and logs in. Actions are queued meanwhile.
    async fn connect(&mut self) -> Result<LoggedIn, ConnectError> {
        let attempt = attempt(&self.config, self.tls.as_ref());
        tokio::select! {
            link = attempt => link,
            () = self.stop.cancelled() => Err(ConnectError::Stopped),
            () = self.queue.hold(Instant::now()) => Err(ConnectError::Stopped),
        }
    }

    /// Runs a connection until it ends; returns why, and when data was last received.
    async fn connected(
        &mut self,
        link: LoggedIn,
        last_received: Option<Instant>,
    ) -> (Ended, Instant) {
        let since = Instant::now();
        let gap = last_received.map(|received| since.saturating_duration_since(received));
        let LoggedIn {
            reader,
            writer,
            banner,
            prefix,
        } = link;
        Counters::add(&self.counters.connections, 1);
        let connection = Connection {
            reader,
            writer,
            prefix,
            limits: self.config.limits,
            counters: Arc::clone(&self.counters),
            feed: &self.feed,
        };
        let state = &self.state;
        let booted = |boot| {
            let booted = boot == Boot::Confirmed;
            if booted {
                info!(%banner, ?gap, "Connected to Asterisk.");
            } else {
                warn!(
                    %banner,
                    ?gap,
                    "Logged in to Asterisk, but no FullyBooted came: the account needs read = system in \
                     manager.conf, without which events of registrations do not arrive either; or \
                     Asterisk is still starting."
                );
            }
            let banner = Arc::clone(&banner);
            state.send_replace(State::Connected(Connected {
                since,
                banner,
                gap,
                booted,
            }));
        };
        tokio::select! {
            biased;
            ended = connection.run(&mut self.queue, &self.stop, booted) => ended,
            () = self.renew.notified() => (Ended::Renewed, Instant::now()),
        }
    }
}

type Stream = Box<dyn Duplex>;

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// A connection after the login.
struct LoggedIn {
    reader: FrameReader<tokio::io::ReadHalf<Stream>>,
    writer: ActionWriter<tokio::io::WriteHalf<Stream>>,
    banner: Arc<str>,
    prefix: String,
}

async fn attempt(config: &Config, tls: Option<&Connector>) -> Result<LoggedIn, ConnectError> {
    let limits = config.limits;
    let server = || connect_error::server(&config.address, tls.is_some());
    let stream = timeout(limits.connect, dial(config, tls))
        .await
        .map_err(|_| ConnectError::NoAnswer { server: server() })??;
    let (reader, writer) = split(stream);
    let mut reader = FrameReader::new(reader, limits.packet);
    let mut writer = ActionWriter::new(writer);
    let banner = timeout(limits.connect, log_in(&mut reader, &mut writer, config))
        .await
        .map_err(|_| ConnectError::NoGreeting { server: server() })??;
    let prefix = format!("{:08x}", getrandom::u32().map_err(io::Error::other)?);
    debug!(%banner, "Logged in.");
    Ok(LoggedIn {
        reader,
        writer,
        banner,
        prefix,
    })
}

async fn dial(config: &Config, tls: Option<&Connector>) -> Result<Stream, ConnectError> {
    let address = &config.address;
    let host = (address.host(), address.port(tls.is_some()));
    let failed = |error| ConnectError::tcp(address, tls.is_some(), &error);
    let stream = TcpStream::connect(host).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    match tls {
        None => Ok(Box::new(stream)),
        Some(tls) => {
            let encrypted = tls.connect(stream).await;
            Ok(Box::new(
                encrypted.map_err(|error| ConnectError::tls(address, &error))?,
            ))
        }
    }
}

/// The result of trying to have a connection.
#[derive(Debug)]
enum Attempt {
    Ended(Ended),
    Failed(ConnectError),
}

impl Attempt {
    /// Returns the error and its sources in one line.
    fn reason(&self) -> String {
        let error: &dyn std::error::Error = match self {
            Self::Ended(ended) => ended,
            Self::Failed(error) => error,
        };
        let causes = std::iter::successors(error.source(), |error| (*error).source());
        causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
    }
}

/// Upper bound of the first delay. Short, so that after a few drops the client is back within a
/// second.
const FIRST_RETRY: Duration = Duration::from_millis(200);

/// Age at which a connection counts as stable, so that its end restarts the back-off.
const STABLE: Duration = Duration::from_secs(5);
