//! Killed at any instant, with hundreds of deliveries held: none is lost, none comes twice.

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
use super::support::stub_phone::{Behavior, StubPhone};

/// The number that was to be dialed, by the id under which that was promised.
type Promised = Arc<Mutex<HashMap<String, String>>>;

#[tokio::test]
async fn no_delivery_is_lost_or_repeated_in_fifty_crashes() {
    let mut phones: Vec<_> = (0..PHONES).map(|_| StubPhone::new()).collect();
    let entry = |(at, phone): (usize, &StubPhone)| phone.entry(&format!("desk{at}"));
    let config: String = phones.iter().enumerate().map(entry).collect();
    let mut daemon = Daemon::start(&config).await;
    let promised = Promised::default();
    for round in 0..ROUNDS {
        // At first nobody is there, so that hundreds wait; then phones come and go.
        for (at, phone) in phones.iter_mut().enumerate() {
            if round >= ROUNDS / 4 && (round + at).is_multiple_of(3) {
                phone.go_online(Behavior::Answers).await;
            } else {
                phone.go_offline().await;
            }
        }
        let mut asking = JoinSet::new();
        for asker in 0..ASKERS {
            let (server, promised) = (daemon.admin(), Arc::clone(&promised));
            asking.spawn(ask(server, round, asker, promised));
        }
        tokio::time::sleep(instant(round)).await;
        daemon = daemon.crash_and_start().await;
    }
    for phone in &mut phones {
        phone.go_online(Behavior::Answers).await;
    }
    all_is_over(&daemon).await;
    let promised = promised.lock().unwrap().clone();
    assert!(
        promised.len() > 300,
        "only {} were promised",
        promised.len()
    );
    let mut dialed: HashMap<String, usize> = HashMap::new();
    for (number, times) in phones.iter().flat_map(StubPhone::dialed) {
        *dialed.entry(number).or_default() += times;
    }
    let doubled: Vec<_> = dialed.iter().filter(|(_, times)| **times > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    let unknown = unknown(&daemon.history());
    let is_lost =
        |(id, number): &(&String, &String)| !dialed.contains_key(*number) && !unknown.contains(*id);
    let lost: Vec<_> = promised.iter().filter(is_lost).collect();
    assert!(
        lost.is_empty(),
        "{} of {}: {lost:?}",
        lost.len(),
        promised.len()
    );
    // To be killed in the very moment of sending is rare.
    assert!(unknown.len() < promised.len() / 4, "{}", unknown.len());
}

/// Asks for one thing after the other, until the daemon is dead, and notes what it promises.
async fn ask(server: SocketAddr, round: usize, asker: usize, promised: Promised) {
    for count in 0..MAX_ASKED {
        let number = format!("{round:02}{asker:02}{count:03}");
        let phone = (asker + count) % PHONES;
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
        promised.lock().unwrap().insert(id, number);
    }
}

/// Sends a request to somebody who may die meanwhile.
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

/// Waits until nothing is held any more.
async fn all_is_over(daemon: &Daemon) {
    let admin = AdminClient::new(daemon.admin());
    for _ in 0..600 {
        let metrics = admin.get("/metrics").await.body;
        let metrics = String::from_utf8(metrics).unwrap();
        if metrics.contains("handsetd_deliveries_stored 0\n") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("something is held for ever");
}

/// Returns the ids of what was being sent when the daemon died, or when the phone went.
fn unknown(log: &str) -> HashSet<String> {
    let over = log.lines().filter(|line| line.contains("status=UNKNOWN"));
    let id = |line: &str| line.split_once("id=").unwrap().1[..12].to_owned();
    over.map(id).collect()
}

/// Returns how long the daemon lives in a round: anything up to half a second.
fn instant(round: usize) -> Duration {
    Duration::from_millis((round as u64 * 7919 + 13) % 500)
}

const ROUNDS: usize = 50;
const PHONES: usize = 9;
const ASKERS: usize = 4;

/// The most that one asker asks in a round.
const MAX_ASKED: usize = 12;
