use handset_net::tasks::Tasks;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::rules::testing::webhook;

/// Answers each request in turn with one of `answers`, then nothing any more; returns the URL and the
/// requests.
async fn server(answers: Vec<String>) -> (String, Arc<Mutex<Vec<String>>>) {
    install_tls_provider();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&requests);
    Tasks::new().spawn("server", async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 8192];
            let length = stream.read(&mut request).await.unwrap();
            recorded
                .lock()
                .push(String::from_utf8_lossy(&request[..length]).into_owned());
            // The client may have closed the connection.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        std::future::pending::<()>().await;
    });
    (url, requests)
}

/// Clients need a TLS provider, even for plain HTTP.
fn install_tls_provider() {
    // An error means that another test has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn answer(head: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

async fn sent(client: &WebhookClient, call: &WebhookCall) -> StepResult {
    client.send(call, std::future::pending()).await.unwrap()
}

async fn send(url: &str) -> StepResult {
    send_within(url, "20s").await
}

async fn send_within(url: &str, deadline: &str) -> StepResult {
    let call = webhook(&format!(
        "webhook = '{url}', json = {{ a = 1 }}, deadline = '{deadline}'"
    ));
    sent(&WebhookClient::new(), &call).await
}

#[tokio::test]
async fn result_is_the_json_of_the_answer_or_its_text() {
    let long = "x".repeat(MAX_ANSWER + 1);
    let (url, requests) = server(vec![
        answer("200 OK", "{\"name\": \"Ann\"}"),
        answer("200 OK", "plain"),
        answer("204 No Content", ""),
        answer("404 Not Found", "{\"why\": 1}"),
        answer("200 OK", &long),
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort".to_owned(),
    ])
    .await;
    let mut results = Vec::new();
    for _ in 0..6 {
        results.push(send(&url).await);
    }
    let shown: Vec<_> = results
        .iter()
        .map(|result| (result.status.word(), result.http, result.result.clone()))
        .collect();
    assert_eq!(shown[0], ("OK", Some(200), Some(json!({"name": "Ann"}))));
    assert_eq!(shown[1], ("OK", Some(200), Some(json!("plain"))));
    assert_eq!(shown[2], ("OK", Some(204), None));
    assert_eq!(shown[3], ("REJECTED", Some(404), Some(json!({"why": 1}))));
    assert!(
        results[3].reason.ends_with("answered with HTTP 404"),
        "{}",
        results[3].reason
    );
    assert_eq!(shown[4], ("OK", Some(200), None));
    assert!(
        results[4].reason.contains("longer than 65536 bytes"),
        "{}",
        results[4].reason
    );
    assert_eq!(shown[5], ("OK", Some(200), None));
    assert!(
        results[5].reason.contains("broke off"),
        "{}",
        results[5].reason
    );
    let request = &requests.lock()[0];
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("{\"a\":1}"), "{request}");
}

#[tokio::test]
async fn redirects_are_followed_on_the_same_host_only() {
    let (elsewhere, other) = server(vec![answer("200 OK", "stolen")]).await;
    let to = |place: &str| answer(&format!("307 Temporary Redirect\r\nLocation: {place}"), "");
    let loops = vec![to("/loop"); MAX_REDIRECTS + 2];
    let (url, _) = server(
        [
            vec![to("/next"), answer("200 OK", "here"), to(&elsewhere)],
            loops,
        ]
        .concat(),
    )
    .await;
    let followed = send(&url).await;
    assert_eq!(
        (followed.status.word(), followed.result),
        ("OK", Some(json!("here")))
    );
    let refused = send(&url).await;
    assert_eq!(
        (refused.status.word(), refused.http),
        ("REJECTED", Some(307))
    );
    assert!(
        refused
            .reason
            .contains(&format!("a redirect to {elsewhere}")),
        "{}",
        refused.reason
    );
    assert!(other.lock().is_empty());
    assert_eq!(send(&url).await.http, Some(307));
}

#[tokio::test]
async fn unanswered_request_is_unknown_and_sent_once() {
    let (url, requests) = server(vec![String::new()]).await;
    let lost = send(&url).await;
    assert_eq!(lost.status.word(), "UNKNOWN");
    assert_eq!((requests.lock().len(), lost.http), (1, None));
    // This one is accepted by the kernel and never read.
    let hanging = send(&url).await;
    assert_eq!(hanging.status.word(), "UNKNOWN");
    assert!(
        hanging.reason.contains("did not answer"),
        "{}",
        hanging.reason
    );
}

#[tokio::test]
async fn request_that_was_not_sent_is_tried_once_more() {
    install_tls_provider();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{address}");
    let refused = send(&url).await;
    assert_eq!(refused.status.word(), "UNREACHABLE");
    assert!(
        refused
            .reason
            .starts_with(&format!("cannot connect to {url}")),
        "{}",
        refused.reason
    );
    let sending = Tasks::new().spawn("hook", async move { send(&url).await });
    sleep(RETRY_PAUSE / 3).await;
    let listener = TcpListener::bind(address).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    stream
        .write_all(answer("200 OK", "late").as_bytes())
        .await
        .unwrap();
    assert_eq!(sending.await.unwrap().result, Some(json!("late")));
}

#[tokio::test]
async fn requests_to_one_host_are_limited() {
    let (url, _) = server(Vec::new()).await;
    let client = WebhookClient::new();
    let call = |deadline| webhook(&format!("webhook = '{url}', deadline = '{deadline}'"));
    let long = call("30s");
    let held: Vec<_> = (0..MAX_PER_HOST).map(|_| sent(&client, &long)).collect();
    let mut held = std::pin::pin!(futures_util::future::join_all(held));
    let call = call("300ms");
    let last = tokio::select! {
        biased;
        _ = &mut held => panic!("there is no answer"),
        last = sent(&client, &call) => last,
    };
    assert_eq!(last.status.word(), "UNREACHABLE");
    assert!(last.reason.starts_with("8 requests to "), "{}", last.reason);
    // A run that is cancelled does not wait for its turn.
    let ready = std::future::ready(());
    let cancelled = tokio::select! {
        biased;
        _ = &mut held => panic!("there is no answer"),
        cancelled = client.send(&long, ready) => cancelled,
    };
    assert_eq!(cancelled, None);
}

/// A server that sends `first`, and then `more` without end.
async fn endless(first: &'static str, more: &'static [u8], pause: Duration) -> String {
    install_tls_provider();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let tasks = Tasks::new();
    tasks.clone().spawn("server", async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tasks.spawn("connection", async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(first.as_bytes()).await;
                while stream.write_all(more).await.is_ok() {
                    sleep(pause).await;
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn answers_without_end_are_given_up() {
    const OK: &str = "HTTP/1.1 200 OK\r\n";
    const BLOCK: &[u8] = &[b'x'; 65_536];
    let (fast, slow) = (Duration::ZERO, Duration::from_millis(50));
    for (first, more, pause, status) in [
        ("", &b"x"[..], slow, "UNKNOWN"),
        ("HTTP/1.1 200 OK\r\nX: ", b"x", slow, "UNKNOWN"),
        ("HTTP/1.1 200 OK\r\nX: ", BLOCK, fast, "UNKNOWN"),
        (OK, b"X: y\r\n", fast, "UNKNOWN"),
        ("", b"HTTP/1.1 100 Continue\r\n\r\n", fast, "UNKNOWN"),
        ("HTTP/1.1 200 OK\r\n\r\n", b"x", slow, "OK"),
        ("HTTP/1.1 200 OK\r\n\r\n", BLOCK, fast, "OK"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
            BLOCK,
            fast,
            "OK",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1\r\nx\r\n",
            slow,
            "OK",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
            b"x",
            fast,
            "OK",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
            b"\x1f\x8b\x08",
            fast,
            "OK",
        ),
    ] {
        let url = endless(first, more, pause).await;
        let result = tokio::time::timeout(Duration::from_secs(20), send_within(&url, "1s")).await;
        let result = result.unwrap_or_else(|_| panic!("{first:?} holds the run"));
        assert_eq!(result.status.word(), status, "{first:?}: {}", result.reason);
        assert_eq!(result.result, None, "{first:?}");
        assert!(!result.reason.is_empty(), "{first:?}");
    }
}

#[tokio::test]
async fn redirects_that_hide_another_place_are_not_followed() {
    let (elsewhere, other) = server(vec![answer("200 OK", "stolen")]).await;
    let place = elsewhere.trim_start_matches("http://");
    let (url, requests) = server(vec![String::new()]).await;
    let own = url.trim_start_matches("http://");
    drop(requests);
    for location in [
        elsewhere.clone(),
        format!("//{place}/"),
        format!("\\\\{place}/"),
        format!("http://{own}@{place}/"),
        format!("https://{own}/"),
        "http://127.0.0.1:1/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "data:,x".to_owned(),
    ] {
        let head = format!("302 Found\r\nLocation: {location}");
        let (url, _) = server(vec![answer(&head, "")]).await;
        let result = send(&url).await;
        let shown = (result.status.word(), result.http);
        assert_eq!(
            shown,
            ("REJECTED", Some(302)),
            "{location}: {}",
            result.reason
        );
    }
    assert!(other.lock().is_empty());
}
