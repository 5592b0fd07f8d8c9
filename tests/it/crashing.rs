//! The daemon is killed repeatedly with hundreds of stored deliveries; none is lost or sent twice.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::support::admin_client::{AdminClient, Response};
use super::support::daemon::{Daemon, TOKEN};
use super::support::soon;
use super::support::stub_phone::{Behavior, StubPhone};

/// The number to dial of each delivery that the daemon accepted, by ID.
type Accepted = Arc<Mutex<HashMap<String, String>>>;

#[tokio::test]
async fn no_delivery_is_lost_or_repeated_in_fifty_crashes() {
    let mut phones: Vec<_> = (0..PHONES).map(|_| StubPhone::new()).collect();
    let entry = |(at, phone): (usize, &StubPhone)| phone.entry(&format!("desk{at}"));
    let config: String = phones.iter().enumerate().map(entry).collect();
    let mut daemon = Daemon::start(&config).await;
    let accepted = Accepted::default();
    for round in 0..ROUNDS {
        // At first all phones are offline, so that hundreds wait; then they come and go.
        for (at, phone) in phones.iter_mut().enumerate() {
            if round >= ROUNDS / 4 && (round + at).is_multiple_of(3) {
                phone.go_online(Behavior::Answers).await;
            } else {
                phone.go_offline().await;
            }
        }
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let (server, accepted) = (daemon.admin(), Arc::clone(&accepted));
            clients.spawn(send_requests(server, round, client, accepted));
        }
        tokio::time::sleep(instant(round)).await;
        let enough = async {
            while accepted.lock().unwrap().len() < (round + 1) * EACH {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon("deliveries", enough).await;
        daemon = daemon.crash_and_start().await;
    }
    for phone in &mut phones {
        phone.go_online(Behavior::Answers).await;
    }
    until_outbox_is_empty(&daemon).await;
    let accepted = accepted.lock().unwrap().clone();
    let mut dialed: HashMap<String, usize> = HashMap::new();
    for (number, times) in phones.iter().flat_map(StubPhone::dialed) {
        *dialed.entry(number).or_default() += times;
    }
    let repeated: Vec<_> = dialed.iter().filter(|(_, times)| **times > 1).collect();
    assert!(repeated.is_empty(), "{repeated:?}");
    let unknown = unknown(&daemon).await;
    let is_lost =
        |(id, number): &(&String, &String)| !dialed.contains_key(*number) && !unknown.contains(*id);
    let lost: Vec<_> = accepted.iter().filter(is_lost).collect();
    let log = daemon.history();
    let is_of_lost = |line: &&str| lost.iter().any(|(id, _)| line.contains(*id));
    let logged: Vec<_> = log.lines().filter(is_of_lost).collect();
    assert!(
        lost.is_empty(),
        "{} of {}: {lost:?}, {logged:#?}",
        lost.len(),
        accepted.len()
    );
    // Crashes while a delivery is in flight are rare.
    assert!(unknown.len() < accepted.len() / 4, "{}", unknown.len());
}

/// Sends requests until the daemon is dead, and records the accepted ones.
async fn send_requests(server: SocketAddr, round: usize, client: usize, accepted: Accepted) {
    for count in 0..MAX_REQUESTS {
        let number = format!("{round:02}{client:02}{count:03}");
        let phone = (client + count) % PHONES;
        let body = format!(r#"{{"number": "{number}", "keep": "1h", "wait": "no"}}"#);
        let path = format!("/api/v1/phones/desk{phone}/dial");
        let Ok(answer) = post(server, &path, &body).await else {
            return;
        };
        assert!(
            matches!(answer["status"].as_str(), Some("OK" | "QUEUED")),
            "{answer}"
        );
        let id = answer["id"].as_str().unwrap().to_owned();
        accepted.lock().unwrap().insert(id, number);
    }
}

/// Sends a request to a server that may be killed meanwhile.
async fn post(server: SocketAddr, path: &str, body: &str) -> io::Result<Value> {
    let mut stream = TcpStream::connect(server).await?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\
         Authorization: Bearer {TOKEN}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if answer.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Response::read(&answer).json())
}

/// Waits until the outbox is empty.
async fn until_outbox_is_empty(daemon: &Daemon) {
    let admin = AdminClient::new(daemon.admin());
    for _ in 0..600 {
        let metrics = admin.get("/metrics").await.body;
        let metrics = String::from_utf8(metrics).unwrap();
        if metrics.contains("handsetd_deliveries_stored 0\n") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("deliveries stay stored");
}

/// Returns the IDs of deliveries that were in flight when the daemon or the phone went away: the log has them, and the
/// history those that a new daemon found, of whose log the next crash may leave nothing.
async fn unknown(daemon: &Daemon) -> HashSet<String> {
    let log = daemon.history();
    let logged = log.lines().filter(|line| line.contains("status=UNKNOWN"));
    let id = |line: &str| line.split_once("id=").unwrap().1[..12].to_owned();
    let mut ids: HashSet<String> = logged.map(id).collect();
    let admin = AdminClient::new(daemon.admin());
    let mut before = String::new();
    loop {
        let path = format!("/api/v1/deliveries?status=UNKNOWN&limit=10{before}");
        let page = admin.get(&path).await.json();
        let page = page["result"].as_array().unwrap();
        let Some(last) = page.last() else { return ids };
        before = format!("&before={}", last["number"]);
        // Not those whose end was not written yet: they may have been lost.
        let is_found = |reason: &str| reason.starts_with("handsetd ended while sending this");
        let found = page
            .iter()
            .filter(|delivery| is_found(delivery["reason"].as_str().unwrap()));
        ids.extend(found.map(|delivery| delivery["id"].as_str().unwrap().to_owned()));
    }
}

/// Returns how long the daemon runs in a round: up to half a second.
fn instant(round: usize) -> Duration {
    Duration::from_millis((round as u64 * 7919 + 13) % 500)
}

const ROUNDS: usize = 50;
/// How many deliveries a round accepts at least, on average.
const EACH: usize = 7;
const PHONES: usize = 9;
const CLIENTS: usize = 4;

/// Maximum requests of one client per round.
const MAX_REQUESTS: usize = 12;
