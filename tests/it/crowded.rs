//! Servers whose connections are all taken: by silent clients, slow ones, and clients that listen.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::future::{join_all, select_all};
use handset_simulator::Vendor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::support::admin_client::{AdminClient, Response};
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::caller::Caller;
use super::support::daemon::{Daemon, TOKEN};
use super::support::faulty_phone::{Fault, FaultyPhone};
use super::support::loopback::Loopback;
use super::support::raw::connect_from;
use super::support::sim_phone::{self, SimPhone};
use super::support::sip_client::{Course, SipPhone};
use super::support::{on_both_versions, soon};

#[tokio::test]
async fn connections_from_eight_addresses_keep_no_phone_out() {
    let mut sim_phone = sim_phone::options(Vendor::Cisco);
    sim_phone.credentials = Some(("push".to_owned(), "secret".to_owned()));
    let sim_phone = SimPhone::new(sim_phone).await;
    let entry = sim_phone.entry("desk") + "username = 'push'\npassword = 'secret'\n";
    let daemon = Daemon::start(&entry).await;
    let attackers: Vec<_> = (0..8).map(|_| Loopback::claim()).collect();
    // As many as there may be, from each as many as it may have. None is a complete request.
    let starts = [
        "",
        "GET /screen/0 HTTP/1.1\r\nX: ",
        "POST /cisco/authenticate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nUserID=",
        "POST /cisco/authenticate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nff\r\na",
        // The second request is incomplete.
        "GET /screen/0 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /screen/0 HTTP/1.1\r\n",
    ];
    let mut taken = Vec::new();
    for attacker in &attackers {
        for at in 0..128 {
            let mut stream = connect_from(attacker.ip(), daemon.http()).await;
            let start = starts[at % starts.len()].as_bytes();
            stream.write_all(start).await.unwrap();
            taken.push(stream);
        }
    }
    let caller = Caller::new(daemon.agi());
    let outcome = caller.run("push", &["Hello", "phone=desk"]).await;
    assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    sim_phone.shows_text("Hello").await;
    let open = count_open(&mut taken).await;
    assert!(open >= 1000, "only {open} are left: too many made room");
}

#[tokio::test]
async fn unread_responses_keep_no_phone_out() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let config = "[http]\nmax_connections = 8\nmax_connections_each = 4\n".to_owned();
    let daemon = Daemon::start(&(config + &sim_phone.entry("desk"))).await;
    let attackers = [Loopback::claim(), Loopback::claim()];
    let mut taken = Vec::new();
    for attacker in &attackers {
        for _ in 0..4 {
            let mut stream = connect_from(attacker.ip(), daemon.http()).await;
            // The responses fill every buffer, and are never read.
            let request = "GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1000);
            while let Ok(Ok(())) =
                tokio::time::timeout(FULL, stream.write_all(request.as_bytes())).await
            {}
            taken.push(stream);
        }
    }
    let caller = Caller::new(daemon.agi());
    let outcome = caller.run("push", &["Hello", "phone=desk"]).await;
    assert!(
        ["OK", "QUEUED"].contains(&outcome.status.as_str()),
        "{}",
        outcome.reason
    );
    sim_phone.shows_text("Hello").await;
}

#[tokio::test]
async fn connections_without_the_token_keep_no_administrator_out() {
    let daemon = Daemon::start("").await;
    let admin = AdminClient::new(daemon.admin());
    let starts = [
        "",
        "GET /api/v1/phones HTTP/1.1\r\nX: ",
        "GET /static/page.css HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken=",
        // Its response is delayed.
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken=x",
        "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\n\r\n",
    ];
    let mut taken = Vec::new();
    // From the administrator's own address, as behind a proxy, and from others.
    let others = [Loopback::claim(), Loopback::claim()];
    let sources = [
        daemon.admin().ip(),
        others[0].ip(),
        daemon.admin().ip(),
        others[1].ip(),
    ];
    for source in sources {
        for at in 0..256 {
            let mut stream = connect_from(source, daemon.admin()).await;
            let _ = stream.write_all(starts[at % starts.len()].as_bytes()).await;
            taken.push(stream);
        }
        assert_eq!(admin.get("/api/v1/phones").await.code, 200);
    }
    // While others come as fast as the server closes those before them. There are always more than one
    // address may have, so that each takes the place of another: with room for all others to wait in the
    // server, and with more than that. The kernel has room for all: what is too much for it takes seconds,
    // whatever the server does. They come one by one, or hundreds would between the connection and the request
    // of the administrator.
    for (connections, requests) in [(400, 40), (700, 10)] {
        let flood = async {
            let mut open = VecDeque::new();
            loop {
                let mut stream = connect_from(daemon.admin().ip(), daemon.admin()).await;
                let _ = stream.write_all(starts[3].as_bytes()).await;
                open.push_back(stream);
                if open.len() >= connections
                    && let Some(mut oldest) = open.pop_front()
                {
                    let _ = oldest.read_to_end(&mut Vec::new()).await;
                }
            }
        };
        let work = async {
            for _ in 0..requests {
                assert_eq!(admin.get("/api/v1/phones").await.code, 200);
            }
        };
        tokio::select! {
            () = flood => {}
            () = work => {}
        }
    }
}

#[tokio::test]
async fn health_and_metrics_close_the_connection_after_the_answer() {
    let daemon = Daemon::start("").await;
    for path in ["/health/live", "/health/ready", "/metrics"] {
        let mut stream = TcpStream::connect(daemon.admin()).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", daemon.admin());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        soon(path, stream.read_to_end(&mut received)).await.unwrap();
        let answer = Response::read(&received);
        assert_eq!(answer.code, 200);
        assert!(answer.head.contains("connection: close"), "{}", answer.head);
    }
}

#[tokio::test]
async fn event_listeners_are_limited_and_keep_no_administrator_out() {
    let daemon = Daemon::start("").await;
    let admin = AdminClient::new(daemon.admin());
    let mut streams = Vec::new();
    let mut refused = Vec::new();
    for _ in 0..140 {
        let mut stream = listen(&admin).await;
        let mut start = [0; 12];
        soon("the response", stream.read_exact(&mut start))
            .await
            .unwrap();
        if start.ends_with(b"200") {
            streams.push(stream);
        } else {
            let mut received = start.to_vec();
            stream.read_to_end(&mut received).await.unwrap();
            refused.push(Response::read(&received));
        }
    }
    assert_eq!(streams.len(), 64, "a quarter of admin.max_connections_each");
    for answer in refused {
        let (code, status, reason) = answer.outcome();
        assert_eq!((code, status.as_str()), (503, "UNREACHABLE"), "{reason}");
        assert!(reason.starts_with("64 event streams are open"), "{reason}");
        assert!(answer.head.contains("retry-after: 10"), "{}", answer.head);
    }
    assert_eq!(admin.get("/api/v1/phones").await.code, 200);
    // The place of a client that has gone is free after two comments at most.
    drop(streams);
    soon("a place", async {
        loop {
            let mut start = [0; 12];
            listen(&admin).await.read_exact(&mut start).await.unwrap();
            if start.ends_with(b"200") {
                break;
            }
            sleep(Duration::from_millis(200)).await;
        }
    })
    .await;
}

/// Sends a request for the event stream.
async fn listen(admin: &AdminClient) -> TcpStream {
    let token = format!("Bearer {TOKEN}");
    let headers = [("Authorization", token.as_str())];
    admin.open("GET", "/api/v1/events", &headers, "").await
}

#[tokio::test]
async fn requests_that_wait_are_limited_and_keep_no_administrator_out() {
    let faulty = FaultyPhone::new(Fault::NeverAnswers).await;
    let config = "[admin]\nmax_connections = 24\nmax_connections_each = 16\n".to_owned();
    let daemon = Daemon::start(&(config + &faulty.entry("faulty"))).await;
    let admin = AdminClient::new(daemon.admin());
    let token = format!("Bearer {TOKEN}");
    let headers = [("Authorization", token.as_str())];
    let push = "{\"text\": \"Hello\", \"phone\": \"faulty\"}";
    let mut waiting = Vec::new();
    for _ in 0..9 {
        let stream = admin.open("POST", "/api/v1/do/push", &headers, push);
        waiting.push(stream.await);
    }
    // One of them is one too many.
    let answers = waiting.iter_mut().map(|stream| {
        Box::pin(async move {
            let mut received = Vec::new();
            stream.read_to_end(&mut received).await.unwrap();
            Response::read(&received)
        })
    });
    let (answer, _, waiting) = soon("the refusal", select_all(answers)).await;
    let (code, status, reason) = answer.outcome();
    assert_eq!((code, status.as_str()), (503, "UNREACHABLE"), "{reason}");
    assert!(
        reason.starts_with("8 requests that wait for phones are open"),
        "{reason}"
    );
    assert!(answer.head.contains("retry-after: "), "{}", answer.head);
    assert_eq!(waiting.len(), 8);
    assert_eq!(admin.get("/api/v1/phones").await.code, 200);
}

#[tokio::test]
async fn silent_agi_connections_delay_no_call() {
    let daemon = Daemon::start("[agi]\nmax_sessions = 64\nenvironment_timeout = '30s'\n").await;
    let others = [Loopback::claim(), Loopback::claim()];
    let mut taken = Vec::new();
    for at in 0..200 {
        let source = [daemon.agi().ip(), others[0].ip(), others[1].ip()][at % 3];
        let mut stream = connect_from(source, daemon.agi()).await;
        let start = ["", "agi_network: yes\nagi_network_script: pu"][at % 2];
        let _ = stream.write_all(start.as_bytes()).await;
        taken.push(stream);
    }
    let caller = Caller::new(daemon.agi());
    for _ in 0..20 {
        let since = Instant::now();
        let outcome = caller.run("ping", &[]).await;
        assert_eq!(outcome.status, "OK", "{}", outcome.reason);
        // They would be disconnected after 30 s.
        assert!(
            since.elapsed() < Duration::from_secs(15),
            "{:?}",
            since.elapsed()
        );
    }
    let open = count_open(&mut taken).await;
    assert!((32..=64).contains(&open), "{open} are left");
}

on_both_versions! {
    real_calls_are_answered_while_silent_connections_come
}

async fn real_calls_are_answered_while_silent_connections_come(version: Version) {
    let daemon = Daemon::start("[agi]\nmax_sessions = 16\n").await;
    let options = Options {
        files: &[],
        agi: daemon.agi(),
        phones: &[(Driver::Pjsip, "1001")],
        dialplan: "",
        pjsip: "",
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let phone = sim_phone::options(Vendor::Snom);
    let sip = SipPhone::new("1001", &phone.user_agent(), asterisk.sip(Driver::Pjsip));
    let sim_phone = SimPhone::at(phone, sip.address().port(80)).await;
    sip.register().await;
    // From Asterisk's own address.
    let flood = async {
        let mut taken = Vec::new();
        loop {
            taken.push(connect_from(daemon.agi().ip(), daemon.agi()).await);
            if taken.len() > 200 {
                taken.drain(..100);
            }
            sleep(Duration::from_millis(1)).await;
        }
    };
    let call = async {
        let call = sip.dial("700", Course::HungUp);
        sim_phone.shows_text("Hello, this is Asterisk").await;
        call.hang_up().await;
        call.end().await;
    };
    tokio::select! {
        () = flood => {}
        () = call => {}
    }
}

/// Returns how many of the connections the server has not closed.
async fn count_open(streams: &mut [TcpStream]) -> usize {
    let open = streams.iter_mut().map(async |stream| {
        let mut some = [0; 4096];
        loop {
            let read = tokio::time::timeout(FULL, stream.read(&mut some)).await;
            match read {
                Ok(Ok(read)) if read > 0 => {}
                Ok(_) => return false,
                Err(_) => return true,
            }
        }
    });
    join_all(open)
        .await
        .into_iter()
        .filter(|open| *open)
        .count()
}

/// Time after which a socket that takes or gives nothing is full or silent.
const FULL: Duration = Duration::from_millis(200);

#[tokio::test]
async fn long_unread_replies_take_little_memory_and_block_no_client() {
    let daemon = Daemon::start("").await;
    let admin = AdminClient::new(daemon.admin());
    let text = "x".repeat(16_000);
    for number in 0..300 {
        let body = format!(r#"{{"phone": "192.0.2.7", "text": "{number} {text}"}}"#);
        assert_eq!(admin.post("/api/v1/do/push", &body).await.code, 404);
    }
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("Authorization", bearer.as_str())];
    let path = "/api/v1/deliveries?limit=1000";
    let whole = admin.get(path).await;
    assert!(whole.body.len() > 300 * 16_000);
    let before = daemon.peak();
    // Together, the replies have 500 MB.
    let unread = (0..100).map(|_| admin.open("GET", path, &headers, ""));
    let unread = soon("connections", join_all(unread)).await;
    assert_eq!(admin.get("/api/v1/phones").await.code, 200);
    // Each has begun.
    for stream in &unread {
        soon("the reply", stream.readable()).await.unwrap();
    }
    assert_eq!(admin.get("/api/v1/phones").await.code, 200);
    let taken = daemon.peak() - before;
    assert!(taken < 200_000, "{taken} kB");
}
