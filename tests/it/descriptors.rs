//! File descriptors that are used up: it is said, it costs no computing time, and it passes.

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
async fn used_up_at_the_calls_door_it_passes() {
    passes(Daemon::agi).await;
}

#[tokio::test]
async fn used_up_at_the_phones_door_it_passes() {
    passes(Daemon::http).await;
}

#[tokio::test]
async fn used_up_at_the_administrators_door_it_passes() {
    passes(Daemon::admin).await;
}

async fn passes(server: fn(&Daemon) -> SocketAddr) {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    // A server that can't be connected to either, then.
    let config = sim_phone.entry("desk")
        + "[agi]\nbudget = '20s'\n[[asterisk]]\nname = 'pbx'\naddress = '127.0.0.1:9'\n\
           username = 'u'\nsecret = 's'\n";
    let daemon = Daemon::start_with_descriptors(&config, MOST).await;
    serves(&daemon).await;
    let mut taken = Vec::new();
    for at in 0..2 * MOST {
        // Nobody accepts the last of them; the system lets them wait.
        taken.push(connect(at, server(&daemon)).await);
    }
    let said = daemon.line(CANNOT).await;
    assert!(said.contains("Too many open files"), "{said}");
    let before = proc::cpu(daemon.pid());
    sleep(LOOK).await;
    let spent = proc::cpu(daemon.pid()) - before;
    assert!(spent < 50, "{spent} hundredths of a second in {LOOK:?}");
    assert!(daemon.count(CANNOT) < 200, "the log is flooded");
    drop(taken);
    serves(&daemon).await;
    daemon.terminate();
    assert!(daemon.end().await.success());
}

/// Connects from an address of its own: a door has but a few places for each.
async fn connect(at: usize, server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let own = Ipv4Addr::new(127, 65, 0, u8::try_from(at + 1).unwrap());
    socket.bind((own, 0).into()).unwrap();
    socket.connect(server).await.unwrap()
}

/// Checks that each door serves.
async fn serves(daemon: &Daemon) {
    let caller = Caller::new(daemon.agi());
    let outcome = caller.runs("push", &["Hello", "phone=desk"]).await;
    assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    let health = AdminClient::new(daemon.admin()).get("/health/live").await;
    assert_eq!(health.code, 200);
    let mut phone = TcpStream::connect(daemon.http()).await.unwrap();
    let request = b"GET /media/none HTTP/1.0\r\n\r\n";
    phone.write_all(request).await.unwrap();
    let mut answer = String::new();
    soon("an answer", phone.read_to_string(&mut answer))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.0 404"), "{answer}");
}

/// What is said of it.
const CANNOT: &str = "Cannot accept a connection.";

/// How many descriptors it has.
const MOST: usize = 64;

/// For how long it is looked at.
const LOOK: Duration = Duration::from_secs(2);
