//! The accept loop of the simulated web servers.

use std::net::SocketAddr;

use handset_net::listener::{Accepted, Listener};
use handset_net::tasks::Tasks;
use tokio::net::TcpStream;

/// Binds a listener; further connections wait in the kernel's queue.
pub(crate) fn bind(name: &'static str, address: SocketAddr) -> std::io::Result<Listener> {
    Listener::bind(name, address, MAX_CONNECTIONS, MAX_CONNECTIONS)
}

/// Runs `serve` for every connection, in a separate task, until `tasks` stop.
pub(crate) async fn run<S, F>(listener: Listener, tasks: Tasks, serve: S)
where
    S: Fn(TcpStream, SocketAddr) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let stop = tasks.stop();
    loop {
        let Accepted { stream, peer, slot } = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stop, connection) = (stop.clone(), serve(stream, peer));
        tasks.spawn("connection", async move {
            tokio::select! {
                () = stop.cancelled() => (),
                () = connection => (),
            }
            drop(slot);
        });
    }
}

/// Maximum number of connections of one server.
const MAX_CONNECTIONS: usize = 64;
