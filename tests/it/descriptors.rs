//! File descriptor exhaustion: it is logged, consumes no CPU time, and the servers recover.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use handset_simulator::Vendor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

use super::support::admin_client::AdminClient;
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::sim_phone::{self, SimPhone};
use super::support::{proc, soon};

#[tokio::test]
async fn agi_server_recovers_from_descriptor_exhaustion() {
    recovers(Daemon::agi).await;
}

#[tokio::test]
async fn phone_server_recovers_from_descriptor_exhaustion() {
    recovers(Daemon::http).await;
}

#[tokio::test]
async fn admin_server_recovers_from_descriptor_exhaustion() {
    recovers(Daemon::admin).await;
}

async fn recovers(server: fn(&Daemon) -> SocketAddr) {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    // Connecting to this Asterisk server needs a descriptor as well.
    let config = sim_phone.entry("desk")
        + "[agi]\nbudget = '20s'\n[[asterisk]]\nname = 'pbx'\naddress = '127.0.0.1:9'\n\
           username = 'u'\nsecret = 's'\n";
    let daemon = Daemon::start_with_descriptors(&config, MAX_DESCRIPTORS).await;
    check_servers(&daemon).await;
    let mut connections = Vec::new();
    for at in 0..2 * MAX_DESCRIPTORS {
        // The last ones are not accepted and stay in the backlog of the kernel.
        connections.push(connect(at, server(&daemon)).await);
    }
    let line = daemon.line(MESSAGE).await;
    assert!(line.contains("Too many open files"), "{line}");
    let before = proc::cpu(daemon.pid());
    sleep(INTERVAL).await;
    let spent = proc::cpu(daemon.pid()) - before;
    assert!(spent < 50, "{spent} hundredths of a second in {INTERVAL:?}");
    assert!(daemon.count(MESSAGE) < 200, "the log is flooded");
    drop(connections);
    soon("a delivery", delivers_again(&daemon)).await;
    check_servers(&daemon).await;
    daemon.terminate();
    assert!(daemon.end().await.success());
}

/// Connects from a distinct address, since the number of connections per address is limited.
async fn connect(at: usize, server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let own = Ipv4Addr::new(127, 65, 0, u8::try_from(at + 1).unwrap());
    socket.bind((own, 0).into()).unwrap();
    socket.connect(server).await.unwrap()
}

/// Waits until deliveries succeed again. The daemon closes what the peers closed in its own time, and
/// a delivery needs a descriptor of its own.
async fn delivers_again(daemon: &Daemon) {
    let caller = Caller::new(daemon.agi());
    loop {
        let outcome = caller.run("push", &["Hello", "phone=desk"]).await;
        match (outcome.status.as_str(), outcome.reason.as_str()) {
            ("UNREACHABLE", reason) if reason.contains("Too many open files") => {}
            (status, reason) => return assert_eq!(status, "OK", "{reason}"),
        }
    }
}

/// Checks that every server responds.
async fn check_servers(daemon: &Daemon) {
    let caller = Caller::new(daemon.agi());
    let outcome = caller.run("push", &["Hello", "phone=desk"]).await;
    assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    let health = AdminClient::new(daemon.admin()).get("/health/live").await;
    assert_eq!(health.code, 200);
    let mut phone = TcpStream::connect(daemon.http()).await.unwrap();
    let request = b"GET /media/none HTTP/1.0\r\n\r\n";
    phone.write_all(request).await.unwrap();
    let mut answer = String::new();
    soon("a response", phone.read_to_string(&mut answer))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.0 404"), "{answer}");
}

/// The log message.
const MESSAGE: &str = "Cannot accept a connection.";

/// The limit of descriptors.
const MAX_DESCRIPTORS: usize = 64;

/// How long the CPU time is measured.
const INTERVAL: Duration = Duration::from_secs(2);
