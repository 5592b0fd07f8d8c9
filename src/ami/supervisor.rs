//! Connects, runs the connection, waits, and again, until it is stopped.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, split};
use tokio::net::TcpStream;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::config::Checked;
use super::connection::{Boot, Connection, Ended};
use super::counters::Counters;
use super::event::Event;
use super::link::{Reader, Writer};
use super::queue::Queue;
use super::session::{LoginError, log_in};
use super::state::{Connected, State};
use handset_net::backoff::Backoff;

/// The task behind a client.
pub(crate) struct Supervisor {
    pub(crate) checked: Checked,
    pub(crate) queue: Queue,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) state: watch::Sender<State>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) stop: CancellationToken,
}

impl Supervisor {
    /// Runs until it is stopped or the last handle is gone.
    pub(crate) async fn run(mut self) {
        let mut backoff = Backoff::new(FIRST_RETRY, self.checked.config.limits.retry);
        let mut last_heard = None;
        loop {
            self.state.send_replace(State::Connecting);
            let started = Instant::now();
            let (ended, stable) = match self.connect().await {
                Err(error) => (Attempt::Failed(error), false),
                Ok(link) => {
                    let (ended, heard) = self.connected(link, last_heard).await;
                    last_heard = Some(heard);
                    (Attempt::Ended(ended), STABLE <= started.elapsed())
                }
            };
            if stable {
                backoff.reset();
            }
            let reason: Arc<str> = ended.reason().into();
            self.queue.explain(Arc::clone(&reason));
            let wait = match ended {
                Attempt::Ended(Ended::Stopped) | Attempt::Failed(ConnectError::Stopped) => break,
                Attempt::Failed(ConnectError::Login(
                    LoginError::Refused { .. } | LoginError::NoChallenge | LoginError::Invalid(_),
                )) => {
                    self.refused(reason).await;
                    break;
                }
                // Asterisk will be back as soon as it can; a second try has time for back-off.
                Attempt::Ended(Ended::ShutDown) if stable => Duration::ZERO,
                Attempt::Ended(_) | Attempt::Failed(_) => backoff.next_wait(),
            };
            warn!(%reason, ?wait, "Not connected to Asterisk.");
            let retry = Instant::now() + wait;
            self.state.send_replace(State::Lost { reason, retry });
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = self.queue.hold(retry) => break,
                () = sleep_until(retry) => (),
            }
        }
        self.queue.explain("the client was stopped".into());
        self.queue.close();
        self.state.send_replace(State::Stopped);
    }

    /// Says no to everybody until somebody else starts over with another configuration.
    async fn refused(&mut self, reason: Arc<str>) {
        error!(
            %reason,
            user = %self.checked.config.username,
            "Asterisk refuses the login; not trying again until the configuration changes."
        );
        self.state.send_replace(State::Refused { reason });
        tokio::select! {
            () = self.stop.cancelled() => (),
            () = self.queue.refuse_all() => (),
        }
    }

    /// Connects and logs in, while the queue holds what comes.
    async fn connect(&mut self) -> Result<Link, ConnectError> {
        let attempt = attempt(&self.checked);
        tokio::select! {
            link = attempt => link,
            () = self.stop.cancelled() => Err(ConnectError::Stopped),
            () = self.queue.hold(Instant::now()) => Err(ConnectError::Stopped),
        }
    }

    /// Runs a connection to its end.
    async fn connected(&mut self, link: Link, last_heard: Option<Instant>) -> (Ended, Instant) {
        let since = Instant::now();
        let gap = last_heard.map(|heard| since.saturating_duration_since(heard));
        let Link {
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
            limits: self.checked.config.limits,
            counters: Arc::clone(&self.counters),
            events: self.events.clone(),
        };
        let state = &self.state;
        let booted = |boot| {
            let booted = boot == Boot::Told;
            if booted {
                info!(%banner, ?gap, "Connected to Asterisk.");
            } else {
                warn!(%banner, ?gap, "Connected to Asterisk, which does not say that it has booted.");
            }
            let banner = Arc::clone(&banner);
            state.send_replace(State::Connected(Connected {
                since,
                banner,
                gap,
                booted,
            }));
        };
        connection.run(&mut self.queue, &self.stop, booted).await
    }
}

type Stream = Box<dyn Duplex>;

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// A connection that is logged in.
struct Link {
    reader: Reader<tokio::io::ReadHalf<Stream>>,
    writer: Writer<tokio::io::WriteHalf<Stream>>,
    banner: Arc<str>,
    prefix: String,
}

async fn attempt(checked: &Checked) -> Result<Link, ConnectError> {
    let limits = &checked.config.limits;
    let stream =
        timeout(limits.connect, dial(checked))
            .await
            .map_err(|_| ConnectError::TooSlow {
                what: "does not accept connections",
            })??;
    let (reader, writer) = split(stream);
    let mut reader = Reader::new(reader, limits.packet);
    let mut writer = Writer::new(writer);
    let banner = timeout(limits.connect, log_in(&mut reader, &mut writer, checked))
        .await
        .map_err(|_| ConnectError::TooSlow {
            what: "does not answer the login",
        })??;
    let prefix = format!("{:08x}", getrandom::u32().map_err(io::Error::other)?);
    debug!(%banner, "Logged in.");
    Ok(Link {
        reader,
        writer,
        banner,
        prefix,
    })
}

async fn dial(checked: &Checked) -> Result<Stream, ConnectError> {
    let address = &checked.config.address;
    let host = (address.host(), address.port(checked.tls.is_some()));
    let stream = TcpStream::connect(host).await.map_err(ConnectError::Tcp)?;
    stream.set_nodelay(true).map_err(ConnectError::Tcp)?;
    match &checked.tls {
        None => Ok(Box::new(stream)),
        Some(tls) => Ok(Box::new(
            tls.connect(stream).await.map_err(ConnectError::Tls)?,
        )),
    }
}

/// How a try to have a connection came out.
#[derive(Debug)]
enum Attempt {
    Ended(Ended),
    Failed(ConnectError),
}

impl Attempt {
    /// Tells the error with its causes, in one line.
    fn reason(&self) -> String {
        let error: &dyn std::error::Error = match self {
            Self::Ended(ended) => ended,
            Self::Failed(error) => error,
        };
        let causes = std::iter::successors(error.source(), |error| (*error).source());
        causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum ConnectError {
    #[error("no random number is to be had")]
    Random(#[from] io::Error),
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error("the client was stopped")]
    Stopped,
    #[error("the server cannot be reached")]
    Tcp(#[source] io::Error),
    #[error("the TLS handshake failed")]
    Tls(#[source] io::Error),
    #[error("the server {what}")]
    TooSlow { what: &'static str },
}

/// The longest first wait. Short, so that a link that drops a few times is back within a second.
const FIRST_RETRY: Duration = Duration::from_millis(200);

/// How long a connection must have lasted for its end to count as the first failure.
const STABLE: Duration = Duration::from_secs(5);
