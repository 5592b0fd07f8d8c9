//! Phones that speak TLS: known by their certificate, and by nothing else.

use super::*;
use handset_net::pin::Pin;
use handset_net::pin::testing::{acceptor, certificate};

/// A phone of this pin that answers all that comes by TLS.
async fn secure(pin: Pin, answers: &[&'static str]) -> Fake {
    // Who does not like the certificate goes away here.
    let open = |stream| async { acceptor().accept(stream).await.ok() };
    let mut fake = Fake::behind(open, Vendor::Cisco, answers).await;
    fake.phone.pin = Some(pin);
    fake.patience = Duration::from_secs(5);
    fake
}

#[tokio::test]
async fn the_certificate_of_the_pin_is_enough_whatever_its_name() {
    let mut fake = secure(Pin::of(&certificate()), &[OK, DIGEST, OK]).await;
    // The certificate names 127.0.0.1 and pbx.example.com, and not this.
    fake.phone.address.host = "localhost".to_owned();
    assert_eq!(
        fake.send(Auth::PreemptiveBasic, Some("pass")).await,
        Ok(200)
    );
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    let heard = fake.heard.lock().await;
    let said = |at: usize, words: &str| heard[at].contains(words);
    assert!(said(0, "Authorization: Basic dXNlcjpwYXNz"), "{heard:?}");
    assert!(!said(1, "Authorization"), "{heard:?}");
    assert!(said(2, "Authorization: Digest "), "{heard:?}");
}

#[tokio::test]
async fn another_certificate_is_told_nothing_and_its_pin_is_named() {
    let fake = secure(Pin::of(b"another"), &[OK]).await;
    let refused = fake.send(Auth::PreemptiveBasic, Some("pass")).await;
    let Err(Error::NotSent(why)) = refused else {
        panic!("{refused:?}")
    };
    let found = Pin::of(&certificate()).to_string();
    assert!(why.contains(&found) && why.contains("tls.pin"), "{why}");
    assert!(fake.heard.lock().await.is_empty());
}

#[tokio::test]
async fn a_phone_without_tls_is_not_told_a_password_where_tls_is_wanted() {
    let mut fake = Fake::new(Vendor::Cisco, &[]).await;
    fake.phone.pin = Some(Pin::of(&certificate()));
    assert!(
        fake.send(Auth::PreemptiveBasic, Some("pass"))
            .await
            .is_err()
    );
    assert!(fake.heard.lock().await.is_empty());
}
