//! Slow clients that try to occupy the servers.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::interval;

use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::raw::{connect_from, get, get_from};
use super::support::soon;

#[tokio::test]
async fn one_address_cannot_occupy_every_connection_slot() {
    let few = "max_connections = 6\nmax_connections_each = 3\n";
    let daemon = Daemon::start(&format!("[http]\n{few}[admin]\n{few}")).await;
    let attacker = Loopback::claim();
    for (server, path) in [
        (daemon.http(), "/screen/0"),
        (daemon.admin(), "/health/live"),
    ] {
        // Many more connections than slots, each with an incomplete head.
        let mut slow = Vec::new();
        for _ in 0..60 {
            let mut stream = connect_from(attacker.ip(), server).await;
            // The server may have closed it already.
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nX: ").await;
            slow.push(stream);
        }
        for _ in 0..20 {
            let received = get(server, path).await;
            assert!(received.starts_with("HTTP/1.0 "), "{received}");
        }
        // Nor can it lock out a client at the same address that sends a complete request.
        let received = get_from(attacker.ip(), server, path).await;
        assert!(received.starts_with("HTTP/1.0 "), "{received}");
        let open = join_all(slow.iter_mut().map(is_open)).await;
        assert!(open.iter().filter(|open| **open).count() <= 3);
        // Slots are released.
        drop(slow);
        soon("a slot", async {
            loop {
                let mut stream = connect_from(attacker.ip(), server).await;
                let request = format!("GET {path} HTTP/1.0\r\n\r\n");
                let mut received = String::new();
                if stream.write_all(request.as_bytes()).await.is_ok()
                    && stream.read_to_string(&mut received).await.is_ok()
                    && received.starts_with("HTTP/1.0 ")
                {
                    break;
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn trickling_heads_and_bodies_time_out_while_others_are_served() {
    let daemon = Daemon::start("").await;
    let login = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\n\r\n";
    let authenticate =
        "POST /cisco/authenticate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n";
    let chunked = "POST /cisco/authenticate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n";
    let slow = join_all([
        trickle(daemon.http(), "GET /screen/0 HTTP/1.1\r\nX: "),
        trickle(daemon.http(), authenticate),
        trickle(daemon.http(), chunked),
        trickle(daemon.admin(), "GET /health/live HTTP/1.1\r\nX: "),
        trickle(daemon.admin(), login),
    ]);
    let others = async {
        let mut beat = interval(Duration::from_millis(100));
        loop {
            beat.tick().await;
            let response = get(daemon.http(), "/cisco/authenticate").await;
            assert!(response.ends_with("UN-AUTHORIZED"), "{response}");
            assert!(get(daemon.admin(), "/health/live").await.contains(" 200 "));
        }
    };
    soon("the end of the slow ones", async {
        match select(Box::pin(slow), Box::pin(others)).await {
            Either::Left(_) => {}
            Either::Right((never, _)) => never,
        }
    })
    .await;
}

/// Sends `start` and then a byte per second, until the server closes the connection.
async fn trickle(server: SocketAddr, start: &str) {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(start.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let sending = async {
        let mut beat = interval(Duration::from_secs(1));
        while writing.write_all(b"a").await.is_ok() {
            beat.tick().await;
        }
    };
    let mut received = Vec::new();
    tokio::select! {
        _ = reading.read_to_end(&mut received) => {}
        () = sending => {}
    }
    let received = String::from_utf8_lossy(&received);
    assert!(
        !received.contains(" AUTHORIZED") && !received.contains(" 303 "),
        "{received}"
    );
}

/// Returns whether the server is waiting for more bytes.
async fn is_open(stream: &mut TcpStream) -> bool {
    let mut some = [0; 64];
    let read = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut some));
    read.await.is_err()
}
