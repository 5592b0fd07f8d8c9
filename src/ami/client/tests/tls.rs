//! TLS: which servers receive the secret.

use handset_net::pin::Pin;
use handset_net::pin::testing::{acceptor, certificate, fixture};

use super::*;
use crate::tls::TlsConfig;

#[tokio::test]
async fn server_is_authenticated_by_its_ca_or_its_pin() {
    let by_authority = TlsConfig {
        ca_file: Some(fixture("ca.pem")),
        ..TlsConfig::default()
    };
    let by_pin = TlsConfig {
        pin: Some(Pin::of(&certificate())),
        ..TlsConfig::default()
    };
    let named = TlsConfig {
        server_name: Some("pbx.example.com".into()),
        ..by_authority.clone()
    };
    for (tls, has_challenge) in [(by_authority, true), (by_pin, false), (named, true)] {
        let asterisk = FakeAsterisk::new().await;
        let client = asterisk.client_with(&Config {
            tls: Some(tls),
            ..asterisk.config()
        });
        let stream = asterisk.accept().await.stream;
        let mut session = FakeSession::new(acceptor().accept(stream).await.unwrap());
        session.send("Asterisk Call Manager/11.0.0\r\n").await;
        let (response, header) = if has_challenge {
            ("Success", "Challenge: 145769581\r\n")
        } else {
            ("Error", "Message: Permission denied\r\n")
        };
        session.respond("Challenge", response, header).await;
        let login = session.respond("Login", "Success", "").await;
        let (key, secret) = (login.header("Key"), login.header("Secret"));
        if has_challenge {
            assert_eq!((key, secret), (Some(KEY), None));
        } else {
            assert_eq!((key, secret), (None, Some("hush")));
        }
        session.send(BOOTED).await;
        connected(&client).await;
        let response = send_scripted(&client, Action::ping(), async {
            session.respond("Ping", "Success", "").await;
        });
        response.await.unwrap();
    }
}

#[tokio::test]
async fn server_with_another_certificate_receives_no_secret() {
    let wrong_pin = TlsConfig {
        pin: Some(format!("sha256:{}", "00".repeat(32)).try_into().unwrap()),
        ..TlsConfig::default()
    };
    let wrong_name = TlsConfig {
        ca_file: Some(fixture("ca.pem")),
        server_name: Some("other.example.com".into()),
        pin: None,
    };
    for tls in [wrong_pin, wrong_name] {
        let asterisk = FakeAsterisk::new().await;
        let client = asterisk.client_with(&Config {
            tls: Some(tls),
            ..asterisk.config()
        });
        let stream = asterisk.accept().await.stream;
        assert!(acceptor().accept(stream).await.is_err());
        let state = wait_for(&client, |state| matches!(state, State::Lost { .. })).await;
        let State::Lost { reason, .. } = state else {
            unreachable!()
        };
        assert!(reason.starts_with("the TLS handshake failed: "), "{reason}");
    }
}
