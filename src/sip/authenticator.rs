//! Digest authentication of requests that are received (RFC 7616, RFC 8760).
//!
//! A nonce carries the time of its challenge, and proves that it is ours and for that address: challenges
//! cost no memory. Only a nonce that a valid answer has used is remembered, with its count, so that no answer
//! is accepted twice.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use handset_net::digest::{Algorithm, Answer};
use handset_net::expiring::ExpiringMap;
use handset_net::listener::rate_limit_key;
use parking_lot::Mutex;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::wire::{Name, Request, Response, Status, Token, Value};

/// Challenges requests and verifies the answers.
pub struct Authenticator {
    realm: Token,
    key: hmac::Key,
    /// The time in nonces counts from here.
    start: Instant,
    /// The highest count of each nonce that was used.
    used: Mutex<ExpiringMap<String, u32>>,
}

/// Who sent a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The user with this name.
    Authenticated(String),
    /// It carries no answer: respond with [`Authenticator::challenge`].
    Unanswered,
    /// The user with this name answered to an old nonce: respond with [`Authenticator::renewal`].
    Stale(String),
    /// The answer is wrong, or not by a known user. It is a failed login of this name.
    Wrong(String),
}

impl Authenticator {
    /// Creates an authenticator. All its nonces become invalid when it is dropped.
    ///
    /// # Panics
    ///
    /// Panics if the operating system provides no randomness.
    pub fn new(realm: Token) -> Self {
        let mut secret = [0_u8; 32];
        getrandom::fill(&mut secret).expect("the operating system provides random bytes");
        Self {
            realm,
            key: hmac::Key::new(hmac::HMAC_SHA256, &secret),
            start: Instant::now(),
            used: Mutex::new(ExpiringMap::new(MAX_USED)),
        }
    }

    /// Creates a 401 for a request from `peer`.
    pub fn challenge(&self, peer: IpAddr) -> Response {
        self.respond(peer, "")
    }

    /// Creates a 401 that asks for the same answer to another nonce.
    pub fn renewal(&self, peer: IpAddr) -> Response {
        self.respond(peer, ",stale=true")
    }

    /// Reads the answer of a request from `peer`. `password_of` returns the password of a user.
    pub fn verify(
        &self,
        request: &Request,
        peer: IpAddr,
        password_of: impl FnOnce(&str) -> Option<SecretString>,
    ) -> Verdict {
        let mut fields = request.headers.all(Name::AUTHORIZATION);
        let mut answers = fields.by_ref().filter_map(Answer::parse);
        // A phone may carry answers for other realms, too.
        let Some(answer) = answers.find(|answer| answer.realm == *self.realm) else {
            return Verdict::Unanswered;
        };
        let password = password_of(&answer.username);
        // A user that does not exist takes as long as a wrong password.
        let is_known = password.is_some();
        let password = password.unwrap_or_default();
        let is_proven = answer.proves(password.expose_secret(), request.method.as_str());
        if !(is_known && is_proven && answer.algorithm() == (Algorithm::Md5, false)) {
            return Verdict::Wrong(answer.username);
        }
        if self.is_fresh(&answer, peer) {
            Verdict::Authenticated(answer.username)
        } else {
            Verdict::Stale(answer.username)
        }
    }

    /// Returns whether nonce and count of an answer, which is otherwise valid, were not used before.
    fn is_fresh(&self, answer: &Answer, peer: IpAddr) -> bool {
        let now = Instant::now();
        let Some(age) = self.age(&answer.nonce, peer, now) else {
            return false;
        };
        let Some(left) = LIFETIME.checked_sub(age).filter(|left| !left.is_zero()) else {
            return false;
        };
        let mut used = self.used.lock();
        let last = used.get(&answer.nonce, now).copied().unwrap_or_default();
        if answer.count <= last {
            return false;
        }
        used.insert(answer.nonce.clone(), answer.count, left, now);
        true
    }

    fn respond(&self, peer: IpAddr, stale: &str) -> Response {
        let nonce = self.nonce(peer, Instant::now());
        let realm = &self.realm;
        let challenge =
            format!("Digest realm=\"{realm}\",nonce=\"{nonce}\",qop=\"auth\",algorithm=MD5{stale}");
        Response::new(Status::UNAUTHORIZED).with(Name::WWW_AUTHENTICATE, Value::lossy(&challenge))
    }

    fn nonce(&self, peer: IpAddr, now: Instant) -> String {
        let millis = now.saturating_duration_since(self.start).as_millis();
        let mut random = [0_u8; 8];
        // Without randomness, challenges of one address in one millisecond have the same nonce; its count
        // still protects it.
        let _ = getrandom::fill(&mut random);
        let mut nonce = u64::try_from(millis)
            .unwrap_or(u64::MAX)
            .to_be_bytes()
            .to_vec();
        nonce.extend(random);
        let proof = self.proof(&nonce, peer);
        nonce.extend(proof);
        BASE64_URL_SAFE_NO_PAD.encode(nonce)
    }

    /// Returns the time since a nonce was issued to `peer`; `None` if it never was.
    fn age(&self, nonce: &str, peer: IpAddr, now: Instant) -> Option<Duration> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(nonce).ok()?;
        let (stamp, proof) = bytes.split_at_checked(STAMP)?;
        let expected = self.proof(stamp, peer);
        let is_ours: bool = subtle::ConstantTimeEq::ct_eq(proof, &expected[..]).into();
        let (millis, _) = stamp.split_first_chunk::<8>().filter(|_| is_ours)?;
        let issued = Duration::from_millis(u64::from_be_bytes(*millis));
        Some(
            now.saturating_duration_since(self.start)
                .saturating_sub(issued),
        )
    }

    /// The time and the random part of a nonce, authenticated together with the address.
    fn proof(&self, stamp: &[u8], peer: IpAddr) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(stamp);
        context.update(rate_limit_key(peer).to_string().as_bytes());
        let tag = context.sign();
        tag.as_ref().iter().copied().take(PROOF).collect()
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// How long a nonce may be used. A phone that registers less often answers one more challenge each time.
const LIFETIME: Duration = Duration::from_mins(5);

/// Maximum number of nonces whose count is known. Only valid answers add one, so 10,000 phones that register
/// every minute fit.
const MAX_USED: usize = 65_536;

/// Length of time and random part, in bytes.
const STAMP: usize = 16;

/// Length of the authentication code, in bytes; short, since a challenge should be.
const PROOF: usize = 16;

#[cfg(test)]
mod tests {
    use handset_net::digest::{Digest, challenges};

    use super::*;
    use crate::wire::Method;

    const PEER: &str = "192.0.2.21";

    fn authenticator() -> Authenticator {
        Authenticator::new(Token::new("handsetd").unwrap())
    }

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn digest(response: &Response) -> Digest {
        let field = response.headers.get(&Name::WWW_AUTHENTICATE).unwrap();
        Digest::parse(&challenges(field)[0].1).unwrap()
    }

    fn register(digest: &Digest, password: &str, count: u32) -> Request {
        let request = ("REGISTER", "sip:192.0.2.10");
        let answer = digest.answer(("1001-csta", password), request, count, "c");
        Request::new(Method::Register, "sip:192.0.2.10".parse().unwrap())
            .with(Name::AUTHORIZATION, Value::new(&answer).unwrap())
    }

    fn verify(server: &Authenticator, request: &Request, from: &str) -> Verdict {
        server.verify(request, peer(from), |user| {
            (user == "1001-csta").then(|| "s3cret".into())
        })
    }

    fn name() -> String {
        "1001-csta".to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn right_answer_is_accepted_once() {
        let server = authenticator();
        let digest = digest(&server.challenge(peer(PEER)));
        let (first, second) = (
            register(&digest, "s3cret", 1),
            register(&digest, "s3cret", 2),
        );
        assert_eq!(
            verify(&server, &first, PEER),
            Verdict::Authenticated(name())
        );
        assert_eq!(
            verify(&server, &first, PEER),
            Verdict::Stale(name()),
            "replayed"
        );
        assert_eq!(
            verify(&server, &second, PEER),
            Verdict::Authenticated(name())
        );
        assert_eq!(
            verify(&server, &first, PEER),
            Verdict::Stale(name()),
            "replayed later"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_password_and_unknown_user_are_wrong() {
        let server = authenticator();
        let digest = digest(&server.challenge(peer(PEER)));
        let wrong = register(&digest, "guess", 1);
        assert_eq!(verify(&server, &wrong, PEER), Verdict::Wrong(name()));
        let right = register(&digest, "s3cret", 1);
        let unknown = server.verify(&right, peer(PEER), |_| None);
        assert_eq!(unknown, Verdict::Wrong(name()));
        let empty = register(&digest, "", 1);
        assert_eq!(
            server.verify(&empty, peer(PEER), |_| None),
            Verdict::Wrong(name())
        );
        let none = Request::new(Method::Register, "sip:192.0.2.10".parse().unwrap());
        assert_eq!(verify(&server, &none, PEER), Verdict::Unanswered);
    }

    #[tokio::test(start_paused = true)]
    async fn nonces_expire_and_belong_to_an_address_and_a_server() {
        let server = authenticator();
        let digest = digest(&server.challenge(peer(PEER)));
        let answer = register(&digest, "s3cret", 1);
        assert_eq!(
            verify(&server, &answer, "192.0.2.22"),
            Verdict::Stale(name())
        );
        assert_eq!(
            verify(&authenticator(), &answer, PEER),
            Verdict::Stale(name())
        );
        tokio::time::advance(LIFETIME).await;
        assert_eq!(verify(&server, &answer, PEER), Verdict::Stale(name()));
    }

    #[tokio::test(start_paused = true)]
    async fn forged_nonces_are_stale() {
        let server = authenticator();
        let forged = |nonce: &str| {
            let digest = Digest::parse(&format!(
                "realm=\"handsetd\",nonce=\"{nonce}\",qop=\"auth\""
            ));
            verify(&server, &register(&digest.unwrap(), "s3cret", 1), PEER)
        };
        let long = BASE64_URL_SAFE_NO_PAD.encode([0; 32]);
        for nonce in ["", "x", "AAAA", &long, &"A".repeat(4000)] {
            assert_eq!(forged(nonce), Verdict::Stale(name()), "{nonce}");
        }
        assert!(digest(&server.renewal(peer(PEER))).is_renewal_of("x"));
    }
}
