//! TLS: which servers receive the secret.

use handset_net::pin::Pin;
use handset_net::pin::testing::{acceptor, acceptor_of, certificate, certificate_in, fixture};
use tokio_rustls::TlsAcceptor;

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

/// Attempts to connect to a server with `certificate`; returns why that fails.
async fn failure(tls: TlsConfig, acceptor: TlsAcceptor) -> String {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client_with(&Config {
        tls: Some(tls),
        ..asterisk.config()
    });
    let stream = asterisk.accept().await.stream;
    assert!(acceptor.accept(stream).await.is_err());
    let state = wait_for(&client, |state| matches!(state, State::Lost { .. })).await;
    let State::Lost { reason, .. } = state else {
        unreachable!()
    };
    let reason = reason.strip_prefix("the TLS handshake failed: ");
    reason.unwrap().to_owned()
}

#[tokio::test]
async fn server_with_another_certificate_receives_no_secret() {
    let other = format!("sha256:{}", "00".repeat(32));
    let wrong_pin = TlsConfig {
        pin: Some(other.clone().try_into().unwrap()),
        ..TlsConfig::default()
    };
    let pin = Pin::of(&certificate());
    assert_eq!(
        failure(wrong_pin, acceptor()).await,
        format!("its certificate has the pin {pin}, but {other} is configured")
    );
    let wrong_name = TlsConfig {
        ca_file: Some(fixture("ca.pem")),
        server_name: Some("other.example.com".into()),
        pin: None,
    };
    let reason = failure(wrong_name, acceptor()).await;
    let cure = "; set server_name to a name in the certificate";
    assert!(
        reason.contains("pbx.example.com") && reason.ends_with(cure),
        "{reason}"
    );
}

#[tokio::test]
async fn self_signed_certificate_is_reported_with_its_pin() {
    let own = TlsConfig {
        ca_file: Some(fixture("self-signed.pem")),
        ..TlsConfig::default()
    };
    let by_other = TlsConfig {
        ca_file: Some(fixture("ca.pem")),
        ..TlsConfig::default()
    };
    let pin = Pin::of(&certificate_in("self-signed.pem"));
    for tls in [own, by_other] {
        let reason = failure(tls, acceptor_of("self-signed")).await;
        let cure = format!("write pin = \"{pin}\" instead of ca_file, once \"openssl x509 ");
        assert!(
            reason.starts_with("its certificate is self-signed, ") && reason.contains(&cure),
            "{reason}"
        );
    }
    // The cure works.
    let asterisk = FakeAsterisk::new().await;
    let _client = asterisk.client_with(&Config {
        tls: Some(TlsConfig {
            pin: Some(pin),
            ..TlsConfig::default()
        }),
        ..asterisk.config()
    });
    let stream = asterisk.accept().await.stream;
    acceptor_of("self-signed").accept(stream).await.unwrap();
}

#[tokio::test]
async fn certificate_of_an_unknown_authority_is_reported_with_its_pin() {
    let tls = TlsConfig {
        ca_file: Some(fixture("self-signed.pem")),
        ..TlsConfig::default()
    };
    let reason = failure(tls, acceptor()).await;
    let pin = Pin::of(&certificate());
    assert!(
        reason.contains("its CA is not in ca_file; add the CA, or write pin = \"")
            && reason.contains(&pin.to_string()),
        "{reason}"
    );
}

#[tokio::test]
async fn server_without_tls_is_reported() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client_with(&Config {
        tls: Some(TlsConfig {
            pin: Some(Pin::of(&certificate())),
            ..TlsConfig::default()
        }),
        ..asterisk.config()
    });
    let mut session = asterisk.accept().await;
    session.send("Asterisk Call Manager/11.0.0\r\n").await;
    let state = wait_for(&client, |state| matches!(state, State::Lost { .. })).await;
    let State::Lost { reason, .. } = state else {
        unreachable!()
    };
    assert!(
        reason.contains(" does not speak TLS; is tlsenable = yes in manager.conf"),
        "{reason}"
    );
}
