//! Over loopback, where any address in 127.0.0.0/8 is that of another client.

use std::future::pending;
use std::io::ErrorKind;
use std::net::Ipv4Addr;

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::*;

fn bind(total: usize, wait: Duration) -> Listener {
    let capacity = Capacity {
        total,
        each: total,
        reserved: 0,
        grace: None,
        wait,
    };
    Listener::bind("test", SocketAddr::from(([127, 0, 0, 1], 0)), capacity).unwrap()
}

/// Connects from `127.0.1.LAST`.
async fn connect(listener: &Listener, last: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let own = SocketAddr::from((Ipv4Addr::new(127, 0, 1, last), 0));
    socket.bind(own).unwrap();
    socket.connect(listener.local_addr()).await.unwrap()
}

/// Accepts a connection, which must have been made.
async fn accept(listener: &mut Listener) -> Accepted {
    let accepted = timeout(LONG, listener.accept(|_| true)).await;
    accepted.expect("a connection is accepted")
}

/// Runs a silent conversation for a while; returns whether the connection was not evicted.
async fn is_open(slot: &Slot) -> bool {
    timeout(SHORT, slot.run(pending::<()>())).await.is_err()
}

/// Waits until the server closes a connection.
async fn closed(mut stream: TcpStream) {
    let read = timeout(LONG, stream.read(&mut [0; 8])).await;
    match read.expect("the connection is closed") {
        Ok(read) => assert_eq!(read, 0),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[tokio::test]
async fn silent_connections_make_room_for_any_address() {
    let mut listener = bind(3, LONG);
    let mut silent = Vec::new();
    for _ in 0..3 {
        let stream = connect(&listener, 1).await;
        let accepted = accept(&mut listener).await;
        assert!(is_open(&accepted.slot).await);
        silent.push((accepted, stream));
    }
    let _stream = connect(&listener, 2).await;
    let accepted = accept(&mut listener).await;
    assert_eq!(accepted.peer.ip(), Ipv4Addr::new(127, 0, 1, 2));
    let (first, _) = &silent[0];
    let evicted = timeout(LONG, first.slot.run(pending::<()>())).await;
    assert_eq!(evicted, Ok(None));
    let (second, _) = &silent[1];
    assert!(is_open(&second.slot).await);
}

#[tokio::test]
async fn client_waits_for_a_slot_without_losing_its_place_or_its_time() {
    let mut listener = bind(1, LONG);
    let _stream = connect(&listener, 1).await;
    let first = accept(&mut listener).await;
    first.slot.mark_active();
    let _second = connect(&listener, 2).await;
    let before = Instant::now();
    // Dropping the future, as a server does when something else happens, loses no connection.
    for _ in 0..3 {
        assert!(timeout(SHORT, listener.accept(|_| true)).await.is_err());
    }
    let later = Instant::now();
    let _third = connect(&listener, 3).await;
    drop(first);
    let second = accept(&mut listener).await;
    assert_eq!(second.peer.ip(), Ipv4Addr::new(127, 0, 1, 2));
    assert!(second.since >= before && second.since < later);
    // The third one waits until the second has nothing to do.
    assert!(is_open(&second.slot).await);
    second.slot.mark_active();
    assert!(timeout(SHORT, listener.accept(|_| true)).await.is_err());
    second.slot.mark_idle();
    let third = accept(&mut listener).await;
    assert_eq!(third.peer.ip(), Ipv4Addr::new(127, 0, 1, 3));
}

#[tokio::test]
async fn client_that_has_waited_long_enough_is_disconnected() {
    let mut listener = bind(1, SHORT);
    let _stream = connect(&listener, 1).await;
    let first = accept(&mut listener).await;
    first.slot.mark_active();
    let second = connect(&listener, 2).await;
    tokio::select! {
        _ = listener.accept(|_| true) => panic!("there is no room"),
        () = closed(second) => {}
    }
}

#[tokio::test]
async fn answers_are_not_delayed() {
    let mut listener = bind(1, LONG);
    let _stream = connect(&listener, 1).await;
    assert!(accept(&mut listener).await.stream.nodelay().unwrap());
}

#[tokio::test]
async fn peers_that_are_not_admitted_take_no_slot() {
    let mut listener = bind(1, LONG);
    let mut stream = connect(&listener, 1).await;
    let first = accept(&mut listener).await;
    assert!(is_open(&first.slot).await);
    let foreign = connect(&listener, 9).await;
    let admits = |peer: SocketAddr| peer.ip() != Ipv4Addr::new(127, 0, 1, 9);
    tokio::select! {
        _ = listener.accept(admits) => panic!("the only one is not admitted"),
        () = closed(foreign) => {}
    }
    assert!(is_open(&first.slot).await);
    assert!(timeout(SHORT, stream.read(&mut [0; 8])).await.is_err());
}

/// Longer than anything takes that happens.
const LONG: Duration = Duration::from_secs(20);

/// Long enough for something that must not happen to show.
const SHORT: Duration = Duration::from_millis(50);
