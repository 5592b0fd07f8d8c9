//! Phones with TLS, identified only by their certificate.

use handset_net::pin::Pin;
use handset_net::pin::testing::{acceptor, certificate};

use super::*;

/// A phone with TLS, for which `pin` is configured.
async fn secure(pin: Pin, answers: &[&'static str]) -> FakePhone {
    // A client that rejects the certificate disconnects here.
    let open = |stream| async { acceptor().accept(stream).await.ok() };
    let mut fake = FakePhone::behind(open, Vendor::Cisco, answers).await;
    fake.phone.pin = Some(pin);
    fake.timeout = Duration::from_secs(5);
    fake
}

#[tokio::test]
async fn pinned_certificate_is_accepted_with_any_name() {
    let mut fake = secure(Pin::of(&certificate()), &[OK, DIGEST, OK]).await;
    // The certificate names 127.0.0.1 and pbx.example.com, and not this.
    fake.phone.address.host = "localhost".to_owned();
    assert_eq!(
        fake.send(Auth::PreemptiveBasic, Some("pass")).await,
        Ok(200)
    );
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    let requests = fake.requests.lock().await;
    let contains = |at: usize, words: &str| requests[at].contains(words);
    assert!(
        contains(0, "Authorization: Basic dXNlcjpwYXNz"),
        "{requests:?}"
    );
    assert!(!contains(1, "Authorization"), "{requests:?}");
    assert!(contains(2, "Authorization: Digest "), "{requests:?}");
}

#[tokio::test]
async fn other_certificate_gets_no_request_and_the_error_names_its_pin() {
    let fake = secure(Pin::of(b"another"), &[OK]).await;
    let refused = fake.send(Auth::PreemptiveBasic, Some("pass")).await;
    let Err(Error::NotSent(why)) = refused else {
        panic!("{refused:?}")
    };
    let found = Pin::of(&certificate()).to_string();
    assert!(why.contains(&found) && why.contains("tls.pin"), "{why}");
    assert!(fake.requests.lock().await.is_empty());
}

#[tokio::test]
async fn phone_without_tls_gets_no_request_where_tls_is_configured() {
    let mut fake = FakePhone::new(Vendor::Cisco, &[]).await;
    fake.phone.pin = Some(Pin::of(&certificate()));
    assert!(
        fake.send(Auth::PreemptiveBasic, Some("pass"))
            .await
            .is_err()
    );
    assert!(fake.requests.lock().await.is_empty());
}

#[tokio::test]
async fn refused_port_80_hints_at_https() {
    let mut fake = FakePhone::new(Vendor::Snom, &[]).await;
    let mut refused = async |address: &str| {
        fake.phone.address = address.parse().unwrap();
        match fake.send(Auth::OnChallenge, None).await {
            Err(Error::ConnectFailed(why)) => why,
            other => panic!("{address}: {other:?}"),
        }
    };
    // Nothing listens at this address.
    let hint = "if it accepts https only, add tls = { pin = \"sha256:…\" } to its [[phone]]";
    for address in ["127.86.0.1", "127.86.0.1:80"] {
        let why = refused(address).await;
        assert!(why.ends_with(hint), "{why}");
    }
    let why = refused("127.86.0.1:8080").await;
    assert!(!why.contains("https"), "{why}");
}
