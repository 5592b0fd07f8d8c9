//! Servers that speak TLS: who is told the secret.

use super::*;
use crate::config::TlsConfig;
use handset_net::pin::Pin;
use handset_net::pin::testing::{acceptor, certificate, fixture};

#[tokio::test]
async fn tls_is_known_by_its_authority_or_its_pin() {
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
    for tls in [by_authority, by_pin, named] {
        let pbx = Pbx::new().await;
        let client = pbx.client_with(&Config {
            tls: Some(tls),
            ..pbx.config()
        });
        let stream = pbx.accept().await.stream;
        let mut session = Session::new(acceptor().accept(stream).await.unwrap());
        session.say("Asterisk Call Manager/11.0.0\r\n").await;
        let login = session.answer("Login", "Success", "").await;
        assert_eq!(login.header("Secret"), Some("hush"));
        session.say(BOOTED).await;
        connected(&client).await;
        let answer = ask(&client, Action::ping(), async {
            session.answer("Ping", "Success", "").await;
        });
        answer.await.unwrap();
    }
}

#[tokio::test]
async fn tls_of_somebody_else_gets_no_secret() {
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
        let pbx = Pbx::new().await;
        let client = pbx.client_with(&Config {
            tls: Some(tls),
            ..pbx.config()
        });
        let stream = pbx.accept().await.stream;
        assert!(acceptor().accept(stream).await.is_err());
        let state = until(&client, |state| matches!(state, State::Lost { .. })).await;
        let State::Lost { reason, .. } = state else {
            unreachable!()
        };
        assert!(reason.starts_with("the TLS handshake failed: "), "{reason}");
    }
}
