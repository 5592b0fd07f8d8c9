//! Connecting to one of the NATS servers.

use std::time::Duration;

use async_nats::jetstream::context::ContextBuilder;
use async_nats::{Client, ConnectOptions, ReconnectToServer, ServerAddr};
use futures_util::StreamExt as _;
use handset_net::files::{self, Links};
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::config::{Config, Login, ServerUrl};
use crate::error::Reason;
use crate::session::Session;
use crate::shared::Shared;

/// Connects to a server.
pub(crate) async fn connect(shared: &Shared, url: &ServerUrl) -> Result<Session, Reason> {
    let failed =
        |reason: &dyn std::fmt::Display| Reason::new(format!("cannot connect to {url}: {reason}"));
    let ended = CancellationToken::new();
    let options = options(&shared.config, url, &ended).map_err(|error| failed(&error))?;
    let address = ServerAddr::from_url(url.url().clone()).map_err(|error| failed(&error))?;
    let connecting = options.connect(address);
    let client = tokio::time::timeout(CONNECT_TIMEOUT, connecting)
        .await
        .map_err(|_| failed(&format!("no reply within {CONNECT_TIMEOUT:?}")))?
        .map_err(|error| failed(&with_causes(&error)))?;
    disable_reconnecting(&client)
        .await
        .map_err(|error| failed(&error))?;
    let version = client.server_info().version;
    if !client.is_server_compatible(2, 9, 0) {
        return Err(failed(&format!(
            "it is version {version}, and 2.9 is needed"
        )));
    }
    let reply_timeout = shared.config.timing.reply_timeout;
    let session = Session {
        jetstream: ContextBuilder::new()
            .timeout(reply_timeout)
            .build(client.clone()),
        client,
        inbox: shared.inbox.clone(),
        ended,
        reply_timeout,
    };
    let subscribing = session.client.subscribe(shared.inbox.subject());
    let mut replies = subscribing.await.map_err(|error| failed(&error))?;
    let (inbox, ended) = (shared.inbox.clone(), session.ended.clone());
    shared.tasks.spawn("cluster_replies", async move {
        loop {
            tokio::select! {
                reply = replies.next() => match reply {
                    Some(reply) => inbox.deliver(reply),
                    None => return ended.cancel(),
                },
                () = ended.cancelled() => return,
            }
        }
    });
    Ok(session)
}

fn options(
    config: &Config,
    url: &ServerUrl,
    ended: &CancellationToken,
) -> Result<ConnectOptions, Reason> {
    let ended = ended.clone();
    let options = ConnectOptions::new()
        .name(format!("handsetd {}", config.name))
        .connection_timeout(CONNECT_TIMEOUT)
        .request_timeout(Some(config.timing.reply_timeout))
        .ping_interval(PING_INTERVAL)
        .subscription_capacity(SUBSCRIPTION_CAPACITY)
        // The password is only for the configured servers, not for those that the cluster advertises.
        .ignore_discovered_servers()
        .max_reconnects(1)
        .reconnect_to_server_callback(|pool, _| async move {
            let addr = pool.into_iter().next()?.addr;
            let delay = Some(Duration::ZERO);
            Some(ReconnectToServer { addr, delay })
        })
        .event_callback(move |event| {
            let ended = ended.clone();
            async move {
                match event {
                    async_nats::Event::Disconnected | async_nats::Event::Closed => ended.cancel(),
                    event => debug!(%event, "The NATS client reports an event."),
                }
            }
        })
        .require_tls(config.tls.is_some() || url.is_tls());
    // Servers without `tls://` may require TLS, too.
    let tls = config.tls.clone().unwrap_or_default().client_config();
    let options = match tls {
        Ok(tls) => options.tls_client_config(tls),
        Err(error) if config.tls.is_some() || url.is_tls() => {
            return Err(Reason::new(error));
        }
        Err(_) => options,
    };
    match &config.login {
        Login::None => Ok(match url.login() {
            Some((user, password)) => options.user_and_password(user, password),
            None => options,
        }),
        Login::Token(token) => Ok(options.token(token.expose_secret().to_owned())),
        Login::CredentialsFile(file) => {
            let content = files::read_to_string(file, Links::Follow, MAX_CREDENTIALS_SIZE);
            let read = content.and_then(|content| options.credentials(&content));
            read.map_err(|error| {
                Reason::new(format!(
                    "cannot read credentials_file {}: {error}",
                    file.display()
                ))
            })
        }
    }
}

/// Replaces the servers to reconnect to by one that cannot exist, since a connection that has ended is not
/// used again; see [`Session`].
async fn disable_reconnecting(client: &Client) -> Result<(), Reason> {
    client.set_server_pool(NO_SERVER).await.map_err(Reason::new)
}

/// Formats an error of the client library with its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

/// A server that cannot exist: nothing listens on port 0.
const NO_SERVER: &str = "nats://127.0.0.1:0";

/// Time limit for connecting to a server and logging in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Interval of pings; two without a reply end the connection.
const PING_INTERVAL: Duration = Duration::from_secs(4);

/// Capacity of each subscription's channel. Its task reads without waiting.
const SUBSCRIPTION_CAPACITY: usize = 65_536;

/// Maximum size of a credentials file, in bytes; a JWT has about a thousand.
const MAX_CREDENTIALS_SIZE: u64 = 64 * 1024;
