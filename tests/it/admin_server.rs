//! Connections to the admin server: names, networks, limits, token and TLS.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::admin_client::{AdminClient, Response};
use super::support::daemon::Daemon;
use super::support::raw::{connect_from, exchange_bytes};
use super::support::soon;

#[tokio::test]
async fn foreign_host_names_are_refused_on_every_path() {
    let daemon = Daemon::start("").await;
    let token = format!(
        "Authorization: Bearer {}\r\n",
        super::support::daemon::TOKEN
    );
    let ask = async |path: &str, hosts: &str| {
        let request = format!("GET {path} HTTP/1.1\r\n{hosts}{token}Connection: close\r\n\r\n");
        Response::read(&exchange_bytes(daemon.admin(), request).await)
    };
    let paths = [
        "/",
        "/api/v1/phones",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/page/updates",
        "/phones",
        "/static/page.css",
        "/nothing",
    ];
    for path in paths {
        for hosts in [
            "Host: rebound.example\r\n",
            "Host: rebound.example:8091\r\n",
            "Host: 127.0.0.1\r\nHost: rebound.example\r\n",
            "Host: localhost.rebound.example\r\n",
            "Host: 192.0.2.7\r\n",
            "Host: \r\n",
        ] {
            let answer = ask(path, hosts).await;
            assert_eq!(answer.code, 421, "{path} {hosts:?}: {}", answer.head);
            assert!(answer.outcome().2.contains("is not a name of this server"));
        }
        let absolute = format!("http://rebound.example{path}");
        assert_eq!(ask(&absolute, "Host: localhost\r\n").await.code, 421);
        // HTTP/1.0 clients, which are no browsers, need not name a host.
        for hosts in [
            "Host: localhost:1\r\n",
            "Host: 127.0.0.9\r\n",
            "Host: [::1]:8091\r\n",
            "",
        ] {
            assert_ne!(ask(path, hosts).await.code, 421, "{path} {hosts:?}");
        }
    }
    // The names of a proxy are the proxy's.
    let daemon = Daemon::start("[admin]\nplain = true\n").await;
    let request = "GET /health/live HTTP/1.1\r\nHost: admin.example\r\nConnection: close\r\n\r\n";
    let answer = exchange_bytes(daemon.admin(), request).await;
    assert_eq!(Response::read(&answer).code, 200);
}

#[tokio::test]
async fn only_listed_networks_may_connect() {
    let daemon = Daemon::start("[admin]\nallow = ['127.0.0.0/24']\n").await;
    let request = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    for (from, is_allowed) in [("127.0.0.7", true), ("127.0.1.7", false)] {
        let mut stream = connect_from(from.parse().unwrap(), daemon.admin()).await;
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = soon("the end", stream.read_to_end(&mut answer)).await;
        assert_eq!(!answer.is_empty(), is_allowed, "{from}");
    }
}

#[tokio::test]
async fn idle_and_incomplete_connections_are_closed() {
    let daemon = Daemon::start("[admin]\nmax_connections = 2\n").await;
    let mut idle = TcpStream::connect(daemon.admin()).await.unwrap();
    let mut slow = TcpStream::connect(daemon.admin()).await.unwrap();
    slow.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: ")
        .await
        .unwrap();
    // Both slots are occupied until the two time out.
    let admin = AdminClient::new(daemon.admin());
    let answer = admin
        .request_with_headers("GET", "/health/live", &[], "")
        .await;
    assert_eq!(answer.code, 200);
    let mut rest = Vec::new();
    soon("the end of the slow one", slow.read_to_end(&mut rest))
        .await
        .unwrap();
    soon("the end of the idle one", idle.read_to_end(&mut rest))
        .await
        .unwrap();
}

#[tokio::test]
async fn missing_token_is_generated_and_stored() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let daemon =
        Daemon::start_without_token(&format!("[state]\ndir = '{}'\n", state.display())).await;
    let line = daemon.line("The token of the page and the admin API").await;
    let path = state.join("admin-token");
    assert!(line.contains(path.to_str().unwrap()), "{line}");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let token = fs::read_to_string(&path).unwrap();
    let shown = format!("Bearer {}", token.trim());
    let admin = AdminClient::new(daemon.admin());
    let answer = admin
        .request_with_headers("GET", "/api/v1/phones", &[("Authorization", &shown)], "")
        .await;
    assert_eq!(answer.code, 200);
    assert!(!daemon.settled_log().await.contains(token.trim()));
}

#[tokio::test]
async fn admin_server_with_a_certificate_requires_tls() {
    use rustls::pki_types::pem::PemObject;
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ami/tls");
    let daemon = Daemon::start(&format!(
        "[admin]\ntls = {{ certificate_file = '{fixtures}/server.pem', key_file = '{fixtures}/server.key' }}\n"
    ))
    .await;
    let mut roots = rustls::RootCertStore::empty();
    let authority = rustls::pki_types::CertificateDer::from_pem_file(format!("{fixtures}/ca.pem"));
    roots.add(authority.unwrap()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let stream = TcpStream::connect(daemon.admin()).await.unwrap();
    let name = "127.0.0.1".to_owned().try_into().unwrap();
    let mut stream = soon("the handshake", connector.connect(name, stream))
        .await
        .unwrap();
    stream
        .write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    // The server may close without a TLS close_notify.
    let _ = soon("the answer", stream.read_to_end(&mut answer)).await;
    assert_eq!(Response::read(&answer).code, 200);
    let admin = AdminClient::new(daemon.admin());
    let mut plain = admin.open("GET", "/health/live", &[], "").await;
    let mut answer = Vec::new();
    let _ = soon("the refusal", plain.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
}
