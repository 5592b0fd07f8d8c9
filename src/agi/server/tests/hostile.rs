//! Peers that must not disturb other calls.

use super::*;

#[tokio::test]
async fn peers_outside_the_allowed_networks_are_disconnected() {
    let server = Running::start(|config| config.allow = allow("192.0.2.0/24"));
    for _ in 0..20 {
        let mut peer = server.connect().await;
        assert_eq!(peer.read_until_closed().await, "");
    }
    assert_eq!(server.stop().await, [""; 0]);
}

#[tokio::test]
async fn ipv4_peer_of_an_ipv6_socket_counts_as_ipv4() {
    let listen = "[::]:0".parse().unwrap();
    let config = Config {
        listen,
        allow: allow("127.0.0.0/8"),
        ..Config::default()
    };
    let Ok(server) = Server::bind(config) else {
        println!("skipped: no IPv6");
        return;
    };
    let port = server.local_addr().port();
    let tasks = Tasks::new();
    tasks.spawn("server", server.run(Greet::default(), tasks.stop()));
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut peer = Peer {
        stream: BufReader::new(stream),
    };
    peer.send_environment("push").await;
    peer.expect("GET FULL VARIABLE \"${NAME}\"").await;
}

#[tokio::test]
async fn probes_and_partial_environments_free_their_sessions() {
    let server = Running::start(|config| config.max_sessions = 4);
    for wire in ["", "agi_network: yes\nagi_netw"] {
        for _ in 0..50 {
            let mut peer = server.connect().await;
            peer.send(wire.as_bytes()).await;
        }
    }
    server.call().await;
    assert_eq!(server.stop().await, ["fine"]);
}

#[tokio::test]
async fn connection_resets_affect_no_other_call() {
    let server = Running::start(|config| config.max_sessions = 2);
    for with_session in [false, true] {
        for _ in 0..20 {
            let mut peer = server.connect().await;
            if with_session {
                peer.send_environment("push").await;
                peer.expect("GET FULL VARIABLE \"${NAME}\"").await;
            }
            // An abortive close: with no time to linger, a reset is sent.
            peer.stream.get_ref().set_zero_linger().unwrap();
        }
    }
    server.call().await;
    let outcomes = server.stop().await;
    assert_eq!(outcomes[0], "fine");
    assert_eq!(outcomes[1..], ["the peer closed the connection"; 20]);
}

#[tokio::test]
async fn hostile_environments_are_rejected_and_affect_no_other_call() {
    let line = "x".repeat(1 << 20);
    let headers = "agi_x: y\n".repeat(1 << 20);
    let large = format!("agi_x: {}\n", "y".repeat(8000)).repeat(100);
    let binary: Vec<u8> = (0..=255_u8).cycle().take(1 << 20).collect();
    let server = Running::start(|_| ());
    let hostile = async |wire: &[u8]| {
        let mut peer = server.connect().await;
        // The server closes the connection before everything is sent.
        let _ = peer.stream.get_mut().write_all(wire).await;
        assert_eq!(peer.read_until_closed().await, "");
    };
    tokio::join!(
        hostile(line.as_bytes()),
        hostile(headers.as_bytes()),
        hostile(large.as_bytes()),
        hostile(&binary),
        hostile(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
        hostile(b"\n"),
        server.call(),
    );
    assert_eq!(server.stop().await, ["fine"]);
}

#[tokio::test]
async fn silent_and_slow_peers_are_disconnected_in_time() {
    let limit = Duration::from_millis(300);
    let server = Running::start(|config| config.environment_timeout = limit);
    let began = Instant::now();
    let silent = async |wire: &[u8]| {
        let mut peer = server.connect().await;
        peer.send(wire).await;
        assert_eq!(peer.read_until_closed().await, "");
    };
    let slow = async || {
        let mut peer = server.connect().await;
        while peer.stream.get_mut().write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::join!(
        silent(b""),
        silent(b"agi_network: yes\nagi_ne"),
        slow(),
        server.call()
    );
    assert!(limit <= began.elapsed());
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(server.stop().await, ["fine"]);
}

#[tokio::test]
async fn missing_reply_ends_the_session_in_time() {
    let server = Running::start(|config| config.reply_timeout = Duration::from_millis(100));
    let mut peer = server.connect().await;
    peer.send_environment("push").await;
    assert_eq!(
        peer.read_until_closed().await,
        "GET FULL VARIABLE \"${NAME}\"\n"
    );
    assert_eq!(
        server.stop().await,
        ["no reply to `GET FULL VARIABLE` after 100ms"]
    );
}

#[tokio::test]
async fn peer_that_does_not_close_occupies_a_session_only_briefly() {
    let server = Running::start(|config| config.max_sessions = 1);
    let mut lingering = Vec::new();
    for _ in 0..3 {
        let mut peer = server.connect().await;
        peer.send_environment("panic").await;
        peer.expect_close().await;
        lingering.push(peer);
    }
    server.call().await;
}
