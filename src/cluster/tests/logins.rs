//! Logging in, with TLS and without.

use std::fs;
use std::path::{Path, PathBuf};

use handset_net::pin::Pin;
use nkeys::KeyPair;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Daemon, TIMEOUT, config, servers};
use crate::{Config, Identity, Login, State, TlsSettings};

#[tokio::test]
async fn token_is_needed_and_suffices() {
    let Some(servers) = servers(1, "authorization { token: \"s3cr=t\" }").await else {
        return;
    };
    let plain = config(&servers, "one");
    refused(plain.clone(), "authorization violation").await;
    let wrong = Config {
        login: Login::Token("other".into()),
        ..plain.clone()
    };
    refused(wrong, "authorization violation").await;
    joins(Config {
        login: Login::Token("s3cr=t".into()),
        ..plain
    })
    .await;
}

#[tokio::test]
async fn user_and_password_of_the_url_are_sent() {
    let users = "authorization { users: [ { user: \"site a\", password: \"p@ss/w:rd\" } ] }";
    let Some(servers) = servers(1, users).await else {
        return;
    };
    let host = servers.ip(0);
    let with = |login: &str| Config {
        nats: vec![format!("nats://{login}@{host}:4222").parse().unwrap()],
        ..config(&servers, "one")
    };
    refused(with("site%20a:wrong"), "authorization violation").await;
    joins(with("site%20a:p%40ss%2Fw%3Ard")).await;
}

#[tokio::test]
async fn servers_are_authenticated_by_their_certificates() {
    let (certificate, key) = (fixture("server.pem"), fixture("server.key"));
    let tls = format!(
        "tls {{ cert_file: {:?}, key_file: {:?} }}",
        certificate.display().to_string(),
        key.display().to_string()
    );
    let Some(servers) = servers(1, &tls).await else {
        return;
    };
    let plain = config(&servers, "one");
    let with = |settings: TlsSettings| Config {
        tls: Some(settings),
        ..plain.clone()
    };
    let ca_file = Some(fixture("ca.pem"));
    let server_name = Some("pbx.example.com".to_owned());
    // The certificate is not valid for the address of this server.
    refused(
        with(TlsSettings {
            ca_file: ca_file.clone(),
            ..TlsSettings::default()
        }),
        "certificate",
    )
    .await;
    refused(with(TlsSettings::default()), "certificate").await;
    refused(plain.clone(), "certificate").await;
    let other = Pin::of(&handset_net::pin::testing::certificate_in("ca.pem"));
    refused(
        with(TlsSettings {
            pin: Some(other),
            ..TlsSettings::default()
        }),
        "pin",
    )
    .await;
    joins(with(TlsSettings {
        ca_file,
        server_name,
        ..TlsSettings::default()
    }))
    .await;
    let pin = Some(Pin::of(&handset_net::pin::testing::certificate()));
    joins(with(TlsSettings {
        pin,
        ..TlsSettings::default()
    }))
    .await;
    let absent = Some(PathBuf::from("/absent.pem"));
    refused(
        with(TlsSettings {
            ca_file: absent,
            ..TlsSettings::default()
        }),
        "cannot read /absent.pem",
    )
    .await;
}

#[tokio::test]
async fn credentials_file_logs_in() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, credentials) = operator(folder.path());
    let Some(servers) = servers(1, &settings).await else {
        return;
    };
    let plain = config(&servers, "one");
    refused(plain.clone(), "authorization violation").await;
    let with = |file: &Path| Config {
        login: Login::CredentialsFile(file.to_owned()),
        ..plain.clone()
    };
    refused(
        with(&folder.path().join("absent")),
        "cannot read credentials_file",
    )
    .await;
    let empty = folder.path().join("empty");
    fs::write(&empty, "nothing").unwrap();
    refused(with(&empty), "cannot parse").await;
    joins(with(&credentials)).await;
}

#[tokio::test]
async fn missing_server_and_missing_jetstream_are_reported() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let no_server = Config {
        nats: vec!["nats://127.0.0.1:1".parse().unwrap()],
        ..config(&servers, "one")
    };
    refused(no_server, "cannot connect to nats://127.0.0.1:1").await;
    let accounts = "accounts { A { users: [ { user: a, password: a } ] } }\nno_auth_user: a";
    let Some(servers) = super::servers(1, accounts).await else {
        return;
    };
    refused(config(&servers, "one"), "JetStream not enabled").await;
}

async fn joins(config: Config) {
    Daemon::start_with(config, Identity::temporary())
        .joined()
        .await;
}

/// Starts a daemon that cannot join, and checks the reason.
async fn refused(mut config: Config, expected: &str) {
    config.timing.unavailable_timeout = std::time::Duration::from_millis(500);
    let daemon = Daemon::start_with(config, Identity::temporary());
    let mut state = daemon.cluster.state();
    let alone = state.wait_for(|state| !matches!(state, State::Joining { .. }));
    let alone = tokio::time::timeout_at(Instant::now() + TIMEOUT, alone).await;
    let reason = alone.unwrap().unwrap().reason().unwrap().clone();
    assert!(reason.as_str().contains(expected), "{reason}");
}

/// Returns the settings of a server with an operator and an account with JetStream, and the credentials file
/// of a user, as `nsc` would write it.
fn operator(folder: &Path) -> (String, PathBuf) {
    let (operator, account, system, user) = (
        KeyPair::new_operator(),
        KeyPair::new_account(),
        KeyPair::new_account(),
        KeyPair::new_user(),
    );
    let unlimited = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1,
        "leaf": -1, "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
    });
    let about_system = json!({ "subs": -1, "data": -1, "payload": -1, "conn": -1 });
    let operator_jwt = jwt(
        &operator,
        &operator,
        &json!({ "type": "operator", "version": 2 }),
    );
    let account_jwt = jwt(
        &operator,
        &account,
        &json!({ "type": "account", "version": 2, "limits": unlimited }),
    );
    let system_jwt = jwt(
        &operator,
        &system,
        &json!({ "type": "account", "version": 2, "limits": about_system }),
    );
    let limits = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 });
    let user_jwt = jwt(&account, &user, &limits);
    let settings = format!(
        "operator: {operator_jwt}\nsystem_account: {system}\nresolver: MEMORY\n\
         resolver_preload {{ {account}: {account_jwt}, {system}: {system_jwt} }}\n",
        system = system.public_key(),
        account = account.public_key(),
    );
    let file = folder.join("user.creds");
    let credentials = format!(
        "-----BEGIN NATS USER JWT-----\n{user_jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        user.seed().unwrap(),
    );
    fs::write(&file, credentials).unwrap();
    (settings, file)
}

fn jwt(issuer: &KeyPair, subject: &KeyPair, nats: &Value) -> String {
    let claims = json!({
        "jti": "test", "iat": 1_700_000_000, "iss": issuer.public_key(), "name": "test",
        "sub": subject.public_key(), "nats": nats,
    });
    let encode = |value: &Value| encode_base64(value.to_string().as_bytes());
    let header = encode(&json!({ "typ": "JWT", "alg": "ed25519-nkey" }));
    let signed = format!("{header}.{}", encode(&claims));
    let signature = issuer.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode_base64(&signature))
}

fn encode_base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn fixture(name: &str) -> PathBuf {
    handset_net::pin::testing::fixture(name)
        .canonicalize()
        .unwrap()
}
