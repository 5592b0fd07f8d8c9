//! Which challenges are answered, and with what.

use handset_phones::phone::AuthPolicy;

use super::*;

/// A challenge with another nonce.
const FRESH: &str = "HTTP/1.1 401 No\r\n\
    WWW-Authenticate: Digest realm=\"x\", nonce=\"m\", qop=\"auth\"\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const STALE: &str = "HTTP/1.1 401 No\r\n\
    WWW-Authenticate: Digest realm=\"x\", nonce=\"m\", qop=\"auth\", stale=true\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const STALE_AGAIN: &str = "HTTP/1.1 401 No\r\n\
    WWW-Authenticate: Digest realm=\"x\", nonce=\"o\", qop=\"auth\", stale=TRUE\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const BOTH: &str = "HTTP/1.1 401 No\r\n\
    WWW-Authenticate: Basic realm=\"x\", Digest realm=\"x\", nonce=\"n\", qop=\"auth\"\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const UNSUPPORTED: &str = "HTTP/1.1 401 No\r\n\
    WWW-Authenticate: Digest realm=\"x\", nonce=\"n\", algorithm=SHA-512-256\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const PROXY: &str = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\
    WWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// `user:pass` in Base64.
const PASSWORD: &str = "Basic dXNlcjpwYXNz";

impl FakePhone {
    /// Sends a request with a password for Digest only.
    async fn send_digest_only(&self, auth: Auth) -> Result<u16, Error> {
        let request = Request {
            auth,
            ..Request::get("/")
        };
        let pair = Credentials::new("user", "pass".into()).with_policy(AuthPolicy::Digest);
        self.send_as(&request, Some(&pair)).await
    }

    /// Returns the first word of each `Authorization` header.
    async fn schemes(&self) -> Vec<String> {
        let headers = self.authorizations().await.into_iter();
        let word = |header: String| header.split(' ').next().unwrap_or_default().to_owned();
        headers.map(word).collect()
    }
}

/// Asserts that the phone did not get the password, and returns the reason.
#[track_caller]
fn refused(result: Result<u16, Error>) -> String {
    match result {
        Err(Error::BasicRefused(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn phone_that_asked_for_digest_is_not_answered_in_basic() {
    let answers = [DIGEST, OK, OK, BASIC, BASIC];
    let fake = FakePhone::new(Vendor::Snom, &answers).await;
    for _ in 0..2 {
        assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    }
    for _ in 0..2 {
        let reason = refused(fake.send(Auth::OnChallenge, Some("pass")).await);
        assert!(reason.contains("asks for Basic after Digest"), "{reason}");
        assert!(reason.contains("restart handsetd"), "{reason}");
        assert!(!reason.contains("pass\""), "{reason}");
    }
    let expected = ["", "Digest", "Digest", "Digest", ""];
    assert_eq!(fake.schemes().await, expected);
}

#[tokio::test]
async fn asking_is_enough_and_holds_for_other_methods_ports_and_addresses() {
    // The phone has no password yet, so that its challenge is not answered.
    let mut fake = FakePhone::new(Vendor::Snom, &[DIGEST, BASIC, BASIC]).await;
    assert_eq!(fake.send(Auth::OnChallenge, None).await, Ok(401));
    let pair = Credentials::new("user", "pass".into());
    let post = Request::post("/", "text/plain", "x");
    refused(fake.send_as(&post, Some(&pair)).await);
    let port = fake.phone.address.port.take();
    let request = Request {
        port,
        ..Request::get("/")
    };
    fake.phone.address.host = "localhost".to_owned();
    refused(fake.send_as(&request, Some(&pair)).await);
    assert_eq!(fake.authorizations().await, [""; 3]);
}

#[tokio::test]
async fn yealink_phone_may_ask_for_digest_for_pushes_and_for_basic_for_commands() {
    let answers = [DIGEST, OK, BASIC, OK, OK, BASIC];
    let fake = FakePhone::new(Vendor::Yealink, &answers).await;
    let pair = Credentials::new("user", "pass".into());
    let push = Request::post("/servlet?push=xml", "text/xml", "");
    let command = Request::get("/servlet?key=OK");
    for request in [&push, &command, &push] {
        assert_eq!(fake.send_as(request, Some(&pair)).await, Ok(200));
    }
    refused(fake.send_as(&push, Some(&pair)).await);
}

#[tokio::test]
async fn unasked_basic_stops_once_the_phone_asks_for_digest() {
    let answers = [BASIC, OK, OK, DIGEST, OK, OK, BASIC];
    let fake = FakePhone::new(Vendor::Yealink, &answers).await;
    for _ in 0..4 {
        assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    }
    refused(fake.send(Auth::OnChallenge, Some("pass")).await);
    let expected = ["", "Basic", "Basic", "Basic", "Digest", "Digest", "Digest"];
    assert_eq!(fake.schemes().await, expected);
}

#[tokio::test]
async fn cisco_phone_that_asked_for_digest_gets_no_unasked_basic() {
    let fake = FakePhone::new(Vendor::Cisco, &[DIGEST, OK, DIGEST, OK, OK]).await;
    for _ in 0..3 {
        let sent = fake.send(Auth::PreemptiveBasic, Some("pass")).await;
        assert_eq!(sent, Ok(200));
    }
    let expected = ["Basic", "Digest", "", "Digest", ""];
    assert_eq!(fake.schemes().await, expected);
}

#[tokio::test]
async fn basic_after_a_digest_answer_of_the_same_request_is_refused() {
    let fake = FakePhone::new(Vendor::Snom, &[DIGEST, BASIC, BASIC]).await;
    refused(fake.send(Auth::OnChallenge, Some("pass")).await);
    refused(fake.send(Auth::OnChallenge, Some("pass")).await);
    assert_eq!(fake.schemes().await, ["", "Digest", ""]);
}

#[tokio::test]
async fn digest_in_an_unsupported_form_counts_as_digest() {
    let fake = FakePhone::new(Vendor::Snom, &[UNSUPPORTED, BASIC]).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(401));
    refused(fake.send(Auth::OnChallenge, Some("pass")).await);
    assert_eq!(fake.authorizations().await, ["", ""]);
}

#[tokio::test]
async fn password_for_digest_is_sent_neither_unasked_nor_when_basic_is_asked_for() {
    let fake = FakePhone::new(Vendor::Snom, &[BASIC, BASIC, BOTH, OK]).await;
    for auth in [Auth::OnChallenge, Auth::PreemptiveBasic] {
        let reason = refused(fake.send_digest_only(auth).await);
        assert!(
            reason.contains("auth = \"digest\" ([vendor.snom]"),
            "{reason}"
        );
    }
    assert_eq!(fake.send_digest_only(Auth::OnChallenge).await, Ok(200));
    assert_eq!(fake.schemes().await, ["", "", "", "Digest"]);
}

#[tokio::test]
async fn proxies_and_redirects_do_not_get_the_password() {
    let fake = FakePhone::new(Vendor::Snom, &[PROXY, MOVED]).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(407));
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(302));
    assert_eq!(fake.authorizations().await, ["", ""]);
}

#[tokio::test]
async fn stale_nonce_is_renewed_and_the_password_is_not_blamed() {
    let fake = FakePhone::new(Vendor::Yealink, &[DIGEST, STALE, OK]).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    let nonces = fake.authorizations().await;
    assert!(nonces[1].contains("nonce=\"n\"") && nonces[2].contains("nonce=\"m\""));
}

#[tokio::test]
async fn phone_whose_nonces_are_always_stale_is_given_up_without_a_lockout() {
    let answers = [DIGEST, STALE, STALE_AGAIN, STALE, DIGEST, OK];
    let fake = FakePhone::new(Vendor::Yealink, &answers).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(401));
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    assert_eq!(fake.authorizations().await.len(), 6);
}

#[tokio::test]
async fn wrong_password_is_distinguished_from_a_stale_nonce() {
    for second in [FRESH, DIGEST] {
        let fake = FakePhone::new(Vendor::Yealink, &[DIGEST, second, OK]).await;
        assert_eq!(fake.send(Auth::OnChallenge, Some("wrong")).await, Ok(401));
        let again = fake.send(Auth::OnChallenge, Some("wrong")).await;
        assert!(matches!(again, Err(Error::LockedOut(_))), "{again:?}");
    }
    // Stale, but with the nonce of the answer.
    let same: &'static str = Box::leak(STALE.replace("\"m\"", "\"n\"").into_boxed_str());
    let fake = FakePhone::new(Vendor::Yealink, &[DIGEST, same, OK]).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("wrong")).await, Ok(401));
    let again = fake.send(Auth::OnChallenge, Some("wrong")).await;
    assert!(matches!(again, Err(Error::LockedOut(_))), "{again:?}");
}

#[tokio::test]
async fn challenge_with_basic_only_is_answered() {
    let fake = FakePhone::new(Vendor::Snom, &[BASIC, OK]).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    assert_eq!(fake.authorizations().await, ["", PASSWORD]);
}
