use axum::Extension;
use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep};

use super::*;
use crate::listener::Capacity;
use crate::listener::slots::ConnectionSlots;
use crate::tasks::Tasks;

const CAPACITY: Capacity = Capacity {
    total: 1,
    each: 1,
    reserved: 0,
    grace: None,
    wait: Duration::ZERO,
};

fn slots() -> ConnectionSlots {
    ConnectionSlots::new(CAPACITY)
}

/// Opens a connection with a small buffer.
fn connection(tasks: &Tasks) -> DuplexStream {
    connection_in(&slots(), tasks)
}

fn connection_in(slots: &ConnectionSlots, tasks: &Tasks) -> DuplexStream {
    let (near, far) = duplex(1024);
    let router = Router::new()
        .route("/large", get(async || vec![b'a'; 1 << 20]))
        .route("/never", get(std::future::pending::<()>))
        .route("/slow", get(async || sleep(Duration::from_secs(3)).await))
        .route(
            "/trusted",
            get(async |Extension(trust): Extension<PeerTrust>| trust.grant()),
        )
        .route(
            "/never/trusted",
            get(async |Extension(trust): Extension<PeerTrust>| {
                trust.grant();
                std::future::pending::<()>().await;
            }),
        )
        .route("/length", post(async |body: Bytes| body.len().to_string()));
    let limits = ConnectionLimits {
        server: "test",
        head: Duration::from_secs(10),
        life: Some(Duration::from_mins(5)),
        title_case: false,
    };
    let peer = SocketAddr::from(([192, 0, 2, 1], 5));
    let accepted = Accepted {
        stream: far,
        peer,
        since: Instant::now(),
        slot: slots.admit(peer.ip()).unwrap(),
    };
    let serving = serve(accepted, router, limits, tasks.stop());
    tasks.spawn("server", serving);
    near
}

/// Sends a byte per second until the server closes the connection; returns how long that took.
async fn trickle(mut stream: DuplexStream, start: &str) -> Duration {
    stream.write_all(start.as_bytes()).await.unwrap();
    let start_time = Instant::now();
    let (mut reading, mut writing) = tokio::io::split(stream);
    let mut received = Vec::new();
    let sending = async {
        while writing.write_all(b"a").await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = reading.read_to_end(&mut received) => {}
        () = sending => {}
    }
    assert!(!received.starts_with(b"HTTP/1.1 200"), "{received:?}");
    start_time.elapsed()
}

#[tokio::test(start_paused = true)]
async fn trickling_head_is_cut_off() {
    let tasks = Tasks::new();
    let took = trickle(connection(&tasks), "GET /large HTTP/1.1\r\nX: ").await;
    assert!(took < Duration::from_secs(12), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn trickling_body_is_cut_off() {
    let tasks = Tasks::new();
    let start = "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
    let took = trickle(connection(&tasks), start).await;
    assert!(took < BODY_TIMEOUT + Duration::from_secs(2), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn response_read_byte_by_byte_is_cut_off() {
    let tasks = Tasks::new();
    let mut stream = connection(&tasks);
    let request = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let start_time = Instant::now();
    let mut byte = [0];
    while stream.read_exact(&mut byte).await.is_ok() {
        sleep(Duration::from_secs(1)).await;
    }
    // Up to a thousand bytes were still buffered when the connection ended.
    let took = start_time.elapsed();
    assert!(took < Duration::from_mins(5 + 20), "{took:?}");
    assert!(tasks.shut_down(Duration::from_secs(1)).await);
}

#[tokio::test(start_paused = true)]
async fn connection_closes_after_a_chunked_body() {
    let tasks = Tasks::new();
    let mut stream = connection(&tasks);
    let chunked = "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n0\r\n\r\n";
    let twice = [chunked, chunked].concat();
    stream.write_all(twice.as_bytes()).await.unwrap();
    let mut received = String::new();
    stream.read_to_string(&mut received).await.unwrap();
    assert!(received.ends_with("\r\n\r\n3"), "{received}");
    assert_eq!(received.matches("HTTP/1.1").count(), 1, "{received}");
}

#[tokio::test(start_paused = true)]
async fn stalled_write_fails_and_a_slow_one_does_not() {
    let (near, mut far) = duplex(16);
    let mut near = with_write_timeout(near);
    near.write_all(&[0; 16]).await.unwrap();
    let read = async {
        for _ in 0..10 {
            sleep(WRITE_STALL_TIMEOUT / 2).await;
            far.read_exact(&mut [0; 8]).await.unwrap();
        }
    };
    let (written, ()) = tokio::join!(near.write_all(&[0; 64]), read);
    written.unwrap();
    let error = near.write_all(&[0; 64]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

/// Sends `request` over a connection with the only slot, and returns the stream and the slots.
async fn sent(tasks: &Tasks, request: &str) -> (DuplexStream, ConnectionSlots) {
    let slots = slots();
    let mut stream = connection_in(&slots, tasks);
    stream.write_all(request.as_bytes()).await.unwrap();
    // Time for the server to read it, and to respond.
    sleep(Duration::from_millis(10)).await;
    (stream, slots)
}

/// Returns whether the connection makes room for another one.
fn makes_room(slots: &ConnectionSlots) -> bool {
    slots.admit([192, 0, 2, 2].into()).is_ok()
}

const POST: &str = "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn connection_makes_room_unless_a_complete_request_is_in_progress() {
    let tasks = Tasks::new();
    for (request, expected) in [
        ("", true),
        ("GET /lar", true),
        (POST, true),
        (
            "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            true,
        ),
        ("GET /never HTTP/1.1\r\nHost: a\r\n\r\n", false),
        // The response does not fit into the buffer of the pipe.
        ("GET /large HTTP/1.1\r\nHost: a\r\n\r\n", false),
    ] {
        let (mut stream, slots) = sent(&tasks, request).await;
        assert_eq!(makes_room(&slots), expected, "{request:?}");
        if expected {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
            assert!(rest.is_empty(), "{request:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn connection_makes_room_again_between_two_requests() {
    let tasks = Tasks::new();
    for request in [
        format!("{POST}abc"),
        format!("{POST}abc{POST}ab"),
        format!("{POST}abc{POST}abcGET / HTTP/1.1\r\n"),
        "HEAD /large HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /none HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        // The body is not read.
        POST.replace("length", "none") + "abc",
    ] {
        let (mut stream, slots) = sent(&tasks, &request).await;
        let mut response = [0; 9];
        stream.read_exact(&mut response).await.unwrap();
        assert_eq!(&response, b"HTTP/1.1 ");
        assert!(makes_room(&slots), "{request:?}");
    }
    // A large response, once it was read.
    let (mut stream, slots) = sent(&tasks, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    stream.read_exact(&mut vec![0; 1 << 20]).await.unwrap();
    let mut rest = [0; 1024];
    let _head = stream.read(&mut rest).await.unwrap();
    sleep(Duration::from_millis(10)).await;
    assert!(makes_room(&slots));
}

#[tokio::test(start_paused = true)]
async fn trust_lasts_until_the_next_request() {
    let tasks = Tasks::new();
    let trusted = "GET /trusted HTTP/1.1\r\nHost: a\r\n\r\n";
    let never = "GET /never HTTP/1.1\r\nHost: a\r\n\r\n";
    let never_trusted = "GET /never/trusted HTTP/1.1\r\nHost: a\r\n\r\n";
    for (requests, expected) in [
        (never_trusted.to_owned(), false),
        ([trusted, never_trusted].concat(), false),
        (trusted.to_owned(), false),
        ([trusted, never].concat(), true),
    ] {
        let slots = ConnectionSlots::new(Capacity {
            total: 2,
            reserved: 1,
            grace: Some(Duration::ZERO),
            ..CAPACITY
        });
        let mut stream = connection_in(&slots, &tasks);
        stream.write_all(requests.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(10)).await;
        let _other = slots.admit([192, 0, 2, 2].into()).unwrap();
        let mut response = vec![0; 1024];
        let is_evicted = loop {
            match timeout(Duration::from_millis(10), stream.read(&mut response)).await {
                Ok(Ok(0)) => break true,
                Ok(_) => {}
                Err(_) => break false,
            }
        };
        assert_eq!(is_evicted, expected, "{requests:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn client_that_closed_its_sending_side_receives_its_response() {
    let tasks = Tasks::new();
    for request in [
        "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /slow HTTP/1.0\r\n\r\n".to_owned(),
        format!("{POST}abc"),
        format!("{POST}abcGET /slow HTTP/1.1\r\nHost: a\r\n\r\n"),
    ] {
        let mut stream = connection(&tasks);
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut received = String::new();
        stream.read_to_string(&mut received).await.unwrap();
        let expected = request.matches(" HTTP/1").count();
        assert_eq!(received.matches("HTTP/1.").count(), expected, "{received}");
        assert_eq!(received.matches(" 200 OK").count(), expected, "{received}");
    }
    // An incomplete request has none.
    let mut stream = connection(&tasks);
    stream.write_all(POST.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut received = String::new();
    stream.read_to_string(&mut received).await.unwrap();
    assert!(!received.contains(" 200 "), "{received}");
}
