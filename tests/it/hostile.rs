//! Hostile input at the AGI port: it costs little and disturbs no other session.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use handset_simulator::Vendor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::proc::memory;
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

#[tokio::test]
async fn endless_lines_are_cut_off() {
    let daemon = Daemon::start("").await;
    costs_little(&daemon, pours(daemon.agi(), b"", &vec![b'a'; MUCH])).await;
    costs_little(
        &daemon,
        pours(
            daemon.agi(),
            b"agi_network: yes\nagi_arg_1: ",
            &vec![b'x'; MUCH],
        ),
    )
    .await;
}

#[tokio::test]
async fn endless_headers_are_cut_off() {
    let daemon = Daemon::start("").await;
    let headers = b"agi_arg_1: a\n".repeat(5000);
    costs_little(
        &daemon,
        pours(daemon.agi(), b"agi_network: yes\n", &headers),
    )
    .await;
}

#[tokio::test]
async fn binary_input_is_cut_off() {
    let daemon = Daemon::start("").await;
    let bytes: Vec<u8> = (0..=255).cycle().take(MUCH).collect();
    costs_little(&daemon, pours(daemon.agi(), b"", &bytes)).await;
    costs_little(
        &daemon,
        pours(daemon.agi(), b"\x16\x03\x01\x02\x00\x01", &vec![0; MUCH]),
    )
    .await;
    costs_little(&daemon, pours(daemon.agi(), b"", &vec![b'\n'; MUCH])).await;
}

#[tokio::test]
async fn clients_of_other_protocols_are_disconnected() {
    let daemon = Daemon::start("").await;
    for words in [
        &b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"[..],
        b"\n",
        b"\r\n\r\n",
        b"REGISTER sip:a SIP/2.0\n\n",
    ] {
        let mut stream = TcpStream::connect(daemon.agi()).await.unwrap();
        stream.write_all(words).await.unwrap();
        closes(&mut stream).await;
    }
    answers_quickly(&daemon).await;
}

#[tokio::test]
async fn incomplete_environments_time_out() {
    let daemon = Daemon::start("[agi]\nenvironment_timeout = '500ms'\n").await;
    let halves = [
        &b"agi_net"[..],
        b"agi_network: yes\nagi_channel: PJSIP/1001-1\n",
        b"",
    ];
    let open = join_all(halves.iter().cycle().take(60).map(async |half| {
        let mut stream = TcpStream::connect(daemon.agi()).await.unwrap();
        stream.write_all(half).await.unwrap();
        stream
    }));
    let open = open.await;
    answers_quickly(&daemon).await;
    for mut stream in open {
        closes(&mut stream).await;
    }
}

#[tokio::test]
async fn trickled_environments_time_out() {
    let daemon = Daemon::start("[agi]\nenvironment_timeout = '500ms'\n").await;
    let mut stream = TcpStream::connect(daemon.agi()).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let mut received = Vec::new();
    let trickle = async {
        let mut beat = tokio::time::interval(Duration::from_millis(50));
        while writing.write_all(b"a").await.is_ok() {
            beat.tick().await;
        }
    };
    soon("the end", async {
        tokio::select! { _ = reading.read_to_end(&mut received) => {}, () = trickle => {} }
    })
    .await;
    assert_eq!(received, b"");
}

#[tokio::test]
async fn unanswered_commands_cost_only_their_session() {
    let phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let daemon = Daemon::start(&format!(
        "{}[agi]\nreply_timeout = '500ms'\n",
        phone.entry("desk")
    ))
    .await;
    // It does not answer the look-up of its phone, or answers nonsense.
    for answer in [
        &b""[..],
        b"\x00\xff\xfe\n",
        b"200 result=1 (\n",
        b"999 what\n",
        b"200-never\n200-ends\n",
    ] {
        let caller = Caller::new(daemon.agi()).on("PJSIP/1001-00000001");
        let mut stream = caller.open("push", &["Hello"]).await.into_inner();
        let _ = stream.write_all(answer).await;
        answers_quickly(&daemon).await;
        closes(&mut stream).await;
    }
    // An endless reply.
    let caller = Caller::new(daemon.agi()).on("PJSIP/1001-00000001");
    let stream = caller.open("push", &["Hello"]).await.into_inner();
    costs_little(&daemon, pour(stream, &vec![b'2'; MUCH])).await;
}

#[tokio::test]
async fn port_probes_are_not_logged() {
    let daemon = Daemon::start("").await;
    let probes = async {
        for _ in 0..20 {
            join_all((0..100).map(async |_| drop(TcpStream::connect(daemon.agi()).await.unwrap())))
                .await;
        }
    };
    costs_little(&daemon, probes).await;
    let log = daemon.settled_log().await;
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    assert!(log.len() < 10_000, "each probe is logged");
}

#[tokio::test]
async fn a_thousand_concurrent_calls_are_answered() {
    let phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let daemon = Daemon::start(&format!("{}[agi]\nbudget = '30s'\n", phone.entry("desk"))).await;
    let before = memory(daemon.pid());
    let caller = Caller::new(daemon.agi());
    let since = Instant::now();
    let outcomes = join_all((0..1000).map(|at| {
        let caller = &caller;
        async move {
            // One in ten is for a phone.
            let (script, arguments): (&str, &[&str]) = if at % 10 == 0 {
                ("push", &["Hello", "phone=desk"])
            } else {
                ("ping", &[])
            };
            caller.run(script, arguments).await
        }
    }))
    .await;
    assert!(
        outcomes.iter().all(|outcome| outcome.status == "OK"),
        "{:?}",
        outcomes.iter().find(|outcome| outcome.status != "OK")
    );
    let mut ids: Vec<_> = outcomes.iter().map(|outcome| &outcome.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1000);
    assert_eq!(phone.received().len(), 100);
    assert!(
        since.elapsed() < Duration::from_secs(30),
        "{:?}",
        since.elapsed()
    );
    assert!(
        memory(daemon.pid()) < before + ROOM,
        "{before} kB became {} kB",
        memory(daemon.pid())
    );
}

/// Sends `start`, then `more` repeatedly until the connection is closed.
async fn pours(agi: SocketAddr, start: &[u8], more: &[u8]) {
    let mut stream = TcpStream::connect(agi).await.unwrap();
    stream.write_all(start).await.unwrap();
    pour(stream, more).await;
}

async fn pour(mut stream: TcpStream, more: &[u8]) {
    let endless = async { while stream.write_all(more).await.is_ok() {} };
    soon("the end of the connection", endless).await;
}

/// Asserts that `attack` costs little memory, and that calls are answered during and after it.
async fn costs_little(daemon: &Daemon, attack: impl Future<Output = ()>) {
    let before = memory(daemon.pid());
    let ((), ()) = tokio::join!(attack, answers_quickly(daemon));
    let after = memory(daemon.pid());
    assert!(after < before + ROOM, "{before} kB became {after} kB");
    answers_quickly(daemon).await;
}

async fn answers_quickly(daemon: &Daemon) {
    let since = Instant::now();
    assert_eq!(
        Caller::new(daemon.agi()).run("ping", &[]).await.status,
        "OK"
    );
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
}

/// Asserts that the server closes the connection and has sent only commands.
async fn closes(stream: &mut TcpStream) {
    let mut received = Vec::new();
    let _ = soon(
        "the end of the connection",
        stream.read_to_end(&mut received),
    )
    .await;
    let received = String::from_utf8_lossy(&received);
    let commands = ["GET FULL VARIABLE ", "SET VARIABLE ", "EXEC \"MSet\" "];
    let commands = received
        .lines()
        .all(|line| commands.iter().any(|start| line.starts_with(start)));
    assert!(commands, "{received}");
}

/// Allowed growth of memory in kB: buffers, and what the allocator keeps.
const ROOM: u64 = 64 * 1024;

/// Bytes sent at a time.
const MUCH: usize = 64 * 1024;
