//! A way to NATS that can be cut: a relay of TCP connections, for one daemon.

use std::net::SocketAddr;

use handset_net::tasks::Tasks;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A relay to a NATS server. It stops when this is dropped.
#[derive(Debug)]
pub(crate) struct NatsLink {
    address: SocketAddr,
    is_cut: watch::Sender<bool>,
    tasks: Tasks,
}

impl NatsLink {
    /// Starts a relay to the server of a URL `nats://HOST:PORT`.
    pub(crate) async fn to(url: &str) -> Self {
        let server = url.strip_prefix("nats://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (is_cut, cut) = watch::channel(false);
        let tasks = Tasks::new();
        let (stop, relays) = (tasks.stop(), tasks.clone());
        tasks.spawn("relay", async move {
            loop {
                let (mut inner, _) = tokio::select! {
                    () = stop.cancelled() => return,
                    accepted = listener.accept() => accepted.unwrap(),
                };
                let (server, mut cut, stop) = (server.clone(), cut.clone(), stop.clone());
                relays.spawn("connection", async move {
                    let Ok(mut outer) = TcpStream::connect(&server).await else {
                        return;
                    };
                    tokio::select! {
                        () = stop.cancelled() => {}
                        _ = cut.wait_for(|cut| *cut) => {}
                        _ = copy_bidirectional(&mut inner, &mut outer) => {}
                    }
                });
            }
        });
        Self {
            address,
            is_cut,
            tasks,
        }
    }

    /// Returns the URL of the relay.
    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Closes all connections, and new ones at once.
    pub(crate) fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// Relays again.
    pub(crate) fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

impl Drop for NatsLink {
    fn drop(&mut self) {
        self.tasks.stop().cancel();
    }
}
