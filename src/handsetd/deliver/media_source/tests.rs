use std::fs::{self, File};
use std::net::SocketAddr;

use handset_net::tasks::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn media_source(hosts: &[&str], look_up: LookUp) -> MediaSource {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let hosts = hosts.iter().map(ToString::to_string).collect();
    MediaSource::with_look_up(Vec::new(), hosts, look_up)
}

/// Answers every request with `answer`, on a free port of the loopback address.
async fn host(answer: impl Into<String>, tasks: &Tasks) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (answer, stop) = (answer.into(), tasks.stop());
    tasks.spawn("host", async move {
        while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
            let (mut stream, _) = accepted.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

async fn fetched(source: &MediaSource, url: &str) -> Result<String, String> {
    let url = Url::parse(url).unwrap();
    assert!(source.fetches(&url), "{url}");
    let bytes = source.fetch(&url).await;
    bytes
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .map_err(|error| error.to_string())
}

#[test]
fn huge_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let huge = File::create(dir.path().join("huge.wav")).unwrap();
    huge.set_len(MAX_FILE + 1).unwrap();
    fs::write(dir.path().join("small.wav"), "tone").unwrap();
    let mut source = media_source(&[], look_up);
    source.folders.push(dir.path().to_owned());
    let message = source.read("huge.wav").unwrap_err().to_string();
    assert!(message.contains("16 MiB"), "{message}");
    assert_eq!(source.read("small.wav").unwrap(), b"tone");
}

#[test]
fn files_are_fetched_only_from_configured_hosts() {
    let source = media_source(&["pictures.example.com", "192.0.2.5:8080"], look_up);
    let fetches = |url: &str| source.fetches(&Url::parse(url).unwrap());
    assert!(fetches("http://PICTURES.example.com/a.png") && fetches("http://192.0.2.5:8080/a.png"));
    for url in [
        "http://192.0.2.5/a.png",
        "http://169.254.169.254/a.png",
        "http://pictures.example.com@192.0.2.6/a.png",
        "http://pictures.example.com.example.org/a.png",
        "http://192.0.2.6/http://pictures.example.com/",
        "http://192.0.2.6#pictures.example.com",
        "http://192.0.2.6\\pictures.example.com/a.png",
    ] {
        assert!(!fetches(url), "{url}");
    }
}

#[tokio::test]
async fn forbidden_addresses_of_a_name_are_not_connected_to() {
    let tasks = Tasks::new();
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\npicture";
    let port = host(answer, &tasks).await.port();
    // The reply of a malicious name server.
    let source = media_source(&["good.example.com", "bad.example.com"], |name| {
        let mut addresses = vec![
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::1",
            "0.0.0.0",
        ];
        if name.starts_with("good") {
            addresses.push("127.0.0.1");
        }
        let addresses = addresses.iter().map(|address| address.parse().unwrap());
        let addresses = addresses.collect();
        Box::pin(async { Ok(addresses) })
    });
    let result = fetched(&source, &format!("http://bad.example.com:{port}/a.png")).await;
    let message = result.unwrap_err();
    assert!(message.ends_with(addresses::FORBIDDEN), "{message}");
    let result = fetched(&source, &format!("http://good.example.com:{port}/a.png")).await;
    assert_eq!(result.as_deref(), Ok("picture"));
    tasks.stop().cancel();
}

#[tokio::test]
async fn forbidden_address_is_not_fetched_from_even_if_configured() {
    let source = media_source(&["169.254.169.254", "[::ffff:a9fe:a9fe]"], look_up);
    for url in [
        "http://169.254.169.254/latest",
        "http://2852039166/latest",
        "http://0251.0376.0251.0376/latest",
        "http://[::ffff:169.254.169.254]/latest",
    ] {
        let message = fetched(&source, url).await.unwrap_err();
        assert!(message.ends_with(addresses::FORBIDDEN), "{message}");
    }
}

#[tokio::test]
async fn redirect_is_not_followed_and_password_is_not_reported() {
    let tasks = Tasks::new();
    let secret = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
    let elsewhere = host(secret, &tasks).await;
    for code in [301, 302, 303, 307, 308] {
        let answer = format!(
            "HTTP/1.1 {code} Moved\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\n\r\n"
        );
        let address = host(answer, &tasks).await;
        let source = media_source(&["127.0.0.1"], look_up);
        let result = fetched(&source, &format!("http://user:hush@{address}/a.png")).await;
        let message = result.unwrap_err();
        assert!(message.contains("redirects are not followed"), "{message}");
        assert!(!message.contains("hush"), "{message}");
    }
    tasks.stop().cancel();
}
