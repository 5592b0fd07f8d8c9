//! A nonce that a phone still accepts is answered again, and only to that phone.

use super::*;

/// A challenge with another nonce, since the last was used too often.
const STALE: &str = "HTTP/1.1 401 No\r\n\
    WWW-Authenticate: Digest realm=\"x\", nonce=\"m\", qop=\"auth\", stale=true\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
/// A challenge with another nonce, as after a wrong answer.
const FRESH: &str = "HTTP/1.1 401 No\r\n\
    WWW-Authenticate: Digest realm=\"x\", nonce=\"m\", qop=\"auth\"\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
/// A challenge whose answers have no count.
const UNCOUNTED: &str = "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"n\"\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
/// A challenge whose secret depends on the first answer.
const SESSION: &str = "HTTP/1.1 401 No\r\n\
    WWW-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\", algorithm=MD5-sess\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
/// A phone that locks up at the request.
const SILENCE: &str = "";

impl FakePhone {
    async fn send_ok(&self) {
        assert_eq!(self.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    }

    /// Returns nonce and count of each `Authorization`, as `n1`.
    async fn nonces(&self) -> Vec<String> {
        let headers = self.authorizations().await.into_iter();
        let short = |header: String| {
            let field = |name: &str| {
                let (_, value) = header.split_once(name)?;
                value.split([',', '"']).next().map(str::to_owned)
            };
            let count = field("nc=").map(|count| count.trim_start_matches('0').to_owned());
            [field(", nonce=\""), count].map(Option::unwrap_or_default)
        };
        headers.map(|header| short(header).concat()).collect()
    }
}

#[tokio::test]
async fn nonce_is_answered_again_and_its_answers_are_counted() {
    let fake = FakePhone::new(Vendor::Snom, &[DIGEST, OK, OK, OK]).await;
    for _ in 0..3 {
        fake.send_ok().await;
    }
    assert_eq!(fake.nonces().await, ["", "n1", "n2", "n3"]);
    let answers = fake.authorizations().await;
    let cnonce = |answer: &String| answer.split("cnonce=").nth(1).unwrap()[..18].to_owned();
    assert_ne!(cnonce(&answers[1]), cnonce(&answers[2]));
}

#[tokio::test]
async fn stale_nonce_is_replaced_within_the_request() {
    let fake = FakePhone::new(Vendor::Yealink, &[DIGEST, OK, STALE, OK, OK]).await;
    for _ in 0..3 {
        fake.send_ok().await;
    }
    assert_eq!(fake.nonces().await, ["", "n1", "n2", "m1", "m2"]);
}

#[tokio::test]
async fn phone_that_takes_a_nonce_once_is_asked_first_from_then_on() {
    for refusal in [FRESH, DIGEST] {
        let answers = [DIGEST, OK, refusal, OK, DIGEST, OK, DIGEST, OK];
        let fake = FakePhone::new(Vendor::Yealink, &answers).await;
        for _ in 0..4 {
            fake.send_ok().await;
        }
        let nonces = fake.nonces().await;
        assert_eq!(nonces[..3], ["", "n1", "n2"]);
        assert_eq!(nonces[4..], ["", "n1", "", "n1"]);
    }
}

#[tokio::test]
async fn password_that_no_longer_fits_is_tried_once_more() {
    let fake = FakePhone::new(Vendor::Yealink, &[DIGEST, OK, FRESH, FRESH, OK]).await;
    fake.send_ok().await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(401));
    assert_eq!(fake.nonces().await, ["", "n1", "n2", "m1"]);
    // A third failure would lock handsetd out.
    let again = fake.send(Auth::OnChallenge, Some("pass")).await;
    assert!(matches!(again, Err(Error::LockedOut(_))), "{again:?}");
}

#[tokio::test]
async fn nonce_is_for_one_phone_address_account_and_kind_of_request() {
    type Change = fn(&mut FakePhone, &mut Request, &mut Credentials);
    let changes: [(&str, Change); 5] = [
        ("name", |fake, _, _| fake.phone.name = "other".to_owned()),
        ("address", |fake, _, _| {
            fake.phone.address.host = "localhost".to_owned();
        }),
        ("user", |_, _, pair| {
            *pair = Credentials::new("admin", "pass".into());
        }),
        ("password", |_, _, pair| {
            *pair = Credentials::new("user", "new".into());
        }),
        ("method", |_, request, _| {
            *request = Request::post("/", "text/xml", "x");
        }),
    ];
    for (what, change) in changes {
        let mut fake = FakePhone::new(Vendor::Yealink, &[DIGEST, OK, OK]).await;
        let mut request = Request::get("/");
        let mut pair = Credentials::new("user", "pass".into());
        assert_eq!(fake.send_as(&request, Some(&pair)).await, Ok(200));
        change(&mut fake, &mut request, &mut pair);
        assert_eq!(fake.send_as(&request, Some(&pair)).await, Ok(200), "{what}");
        assert_eq!(fake.nonces().await, ["", "n1", ""], "{what}");
    }
}

#[tokio::test]
async fn requests_at_once_do_not_share_a_nonce() {
    let fake = FakePhone::new(Vendor::Snom, &[DIGEST, OK, OK, DIGEST, OK]).await;
    fake.send_ok().await;
    tokio::join!(fake.send_ok(), fake.send_ok());
    let mut nonces = fake.nonces().await;
    nonces.sort();
    assert_eq!(nonces, ["", "", "n1", "n1", "n2"]);
}

#[tokio::test]
async fn nonce_is_forgotten_where_it_cannot_be_counted_or_was_not_accepted() {
    for challenge in [UNCOUNTED, SESSION] {
        let fake = FakePhone::new(Vendor::Snom, &[challenge, OK, challenge, OK]).await;
        fake.send_ok().await;
        fake.send_ok().await;
        let answers = fake.authorizations().await;
        assert!(answers[2].is_empty(), "{answers:?}");
    }
    let fake = FakePhone::new(Vendor::Snom, &[DIGEST, OK, SILENCE, DIGEST, OK]).await;
    fake.send_ok().await;
    let broken = fake.send(Auth::OnChallenge, Some("pass")).await;
    assert!(matches!(broken, Err(Error::Interrupted(_))), "{broken:?}");
    fake.send_ok().await;
    assert_eq!(fake.nonces().await, ["", "n1", "n2", "", "n1"]);
}

#[tokio::test]
async fn basic_after_a_kept_nonce_is_refused() {
    let fake = FakePhone::new(Vendor::Snom, &[DIGEST, OK, BASIC]).await;
    fake.send_ok().await;
    let refused = fake.send(Auth::OnChallenge, Some("pass")).await;
    assert!(
        matches!(refused, Err(Error::BasicRefused(_))),
        "{refused:?}"
    );
    assert_eq!(fake.nonces().await, ["", "n1", "n2"]);
}
