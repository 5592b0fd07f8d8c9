//! The accept loop of the simulated web servers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use handset_net::listener::{Accepted, Capacity, Listener, Slot};
use handset_net::tasks::Tasks;
use tokio::net::TcpStream;

/// Binds a listener. When all connections are in use, an idle one is closed.
pub(crate) fn bind(name: &'static str, address: SocketAddr) -> std::io::Result<Listener> {
    let capacity = Capacity {
        total: MAX_CONNECTIONS,
        each: MAX_CONNECTIONS,
        reserved: 0,
        grace: None,
        wait: MAX_WAIT,
    };
    Listener::bind(name, address, capacity)
}

/// Runs `serve` for every connection, in a separate task, until `tasks` stop. It marks the slot as active
/// while a request is in progress.
pub(crate) async fn run<S, F>(mut listener: Listener, tasks: Tasks, serve: S)
where
    S: Fn(TcpStream, SocketAddr, Arc<Slot>) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let stop = tasks.stop();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept(|_| true) => accepted,
        };
        let Accepted {
            stream, peer, slot, ..
        } = accepted;
        let slot = Arc::new(slot);
        let connection = serve(stream, peer, Arc::clone(&slot));
        let stop = stop.clone();
        tasks.spawn("connection", async move {
            tokio::select! {
                () = stop.cancelled() => (),
                _ = slot.run(connection) => (),
            }
        });
    }
}

/// Maximum number of connections of one server.
const MAX_CONNECTIONS: usize = 64;

/// How long a client waits when all connections have requests in progress.
const MAX_WAIT: Duration = Duration::from_secs(10);
