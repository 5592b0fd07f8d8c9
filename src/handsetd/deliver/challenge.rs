//! Challenges of phones, and answers to them: Basic (RFC 7617) and [`Digest`].

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use handset_net::digest::{Algorithm, Digest, challenges};
use handset_phones::phone::{AuthPolicy, Credentials};

/// The challenges of a reply.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Challenges {
    /// The strongest supported one; the first among equals.
    pub(crate) strongest: Option<Challenge>,
    /// Whether one of them is Digest, supported or not.
    has_digest: bool,
}

/// A challenge of a `WWW-Authenticate` field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Challenge {
    Basic,
    Digest(Digest),
}

impl Challenges {
    /// Reads the `WWW-Authenticate` fields of a reply, each of which may list several challenges
    /// (RFC 9110, section 11.6.1).
    pub(crate) fn read<'a>(fields: impl Iterator<Item = &'a str>) -> Self {
        let mut read = Self::default();
        for (scheme, params) in fields.flat_map(challenges) {
            let challenge = if scheme.eq_ignore_ascii_case("Basic") {
                Some(Challenge::Basic)
            } else if scheme.eq_ignore_ascii_case("Digest") {
                read.has_digest = true;
                Digest::parse(&params).map(Challenge::Digest)
            } else {
                None
            };
            let Some(challenge) = challenge else { continue };
            let known = read.strongest.as_ref();
            if known.is_none_or(|known| known.strength() < challenge.strength()) {
                read.strongest = Some(challenge);
            }
        }
        read
    }

    /// Returns whether the phone asks for Digest, and not just beside Basic in a form that is not
    /// supported.
    pub(crate) fn ask_for_digest(&self) -> bool {
        self.has_digest && self.strongest != Some(Challenge::Basic)
    }
}

impl Challenge {
    /// Basic, which sends the password in clear text, is the weakest.
    fn strength(&self) -> Option<Algorithm> {
        match self {
            Self::Basic => None,
            Self::Digest(digest) => Some(digest.algorithm()),
        }
    }

    /// Writes the value of `Authorization`; `target` is path and query as they are sent. `None` if
    /// the credentials must not be sent in this way.
    pub(crate) fn answer(
        &self,
        credentials: &Credentials,
        method: &str,
        target: &str,
    ) -> Option<String> {
        match self {
            Self::Basic => basic(credentials),
            Self::Digest(digest) => Some(answer_again(digest, credentials, (method, target), 1)),
        }
    }
}

/// Writes the value of `Authorization` for the answer number `count` to one challenge.
pub(super) fn answer_again(
    digest: &Digest,
    credentials: &Credentials,
    request: (&str, &str),
    count: u32,
) -> String {
    let cnonce = handset_net::random::hex_token::<8>();
    let pair = (credentials.username.as_str(), credentials.password());
    digest.answer(pair, request, count, &cnonce)
}

/// Writes the value of `Authorization` for Basic; `None` if the credentials are for Digest only.
///
/// This is the only place that puts a phone's password into a request in clear text.
pub(super) fn basic(credentials: &Credentials) -> Option<String> {
    if credentials.policy() == AuthPolicy::Digest {
        return None;
    }
    let pair = format!("{}:{}", credentials.username, credentials.password());
    Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&str]) -> Challenges {
        Challenges::read(fields.iter().copied())
    }

    fn pick(fields: &[&str]) -> Option<Challenge> {
        read(fields).strongest
    }

    fn algorithm(fields: &[&str]) -> Option<Algorithm> {
        pick(fields).and_then(|challenge| challenge.strength())
    }

    #[test]
    fn digest_is_preferred_and_unsupported_schemes_are_skipped() {
        assert_eq!(pick(&["Basic realm=\"a\""]), Some(Challenge::Basic));
        let both = ["Basic realm=\"a\"", "Digest realm=\"a\", nonce=\"b\""];
        assert!(matches!(pick(&both), Some(Challenge::Digest(_))));
        let odd = [
            "Digest realm=\"a\", nonce=\"b\", algorithm=SHA-512-256",
            "Basic",
        ];
        assert_eq!(pick(&odd), Some(Challenge::Basic));
        assert_eq!(
            pick(&["Digest realm=\"a\", nonce=\"b\", qop=\"auth-int\""]),
            None
        );
        assert_eq!(pick(&["Negotiate"]), None);
    }

    #[test]
    fn phone_asks_for_digest_unless_it_offers_no_more_than_basic() {
        let unsupported = "Digest realm=\"r\", nonce=\"3\", algorithm=SHA-512-256";
        let digest = "Digest realm=\"r\", nonce=\"1\"";
        for (fields, expected) in [
            (&[digest][..], true),
            (&[digest, "Basic"], true),
            (&["basic, digest realm=r, nonce=1"], true),
            (&[unsupported], true),
            (&[unsupported, "Basic"], false),
            (&["Basic"], false),
            (&["NTLM"], false),
            (&[], false),
        ] {
            assert_eq!(read(fields).ask_for_digest(), expected, "{fields:?}");
        }
    }

    #[test]
    fn passwords_for_digest_are_never_written_in_clear_text() {
        let credentials = Credentials::new("u", "s3cret".into());
        let answer = |challenge: &Challenge, credentials: &Credentials| {
            challenge.answer(credentials, "GET", "/")
        };
        assert!(answer(&Challenge::Basic, &credentials).is_some());
        let credentials = credentials.with_policy(AuthPolicy::Digest);
        assert_eq!(answer(&Challenge::Basic, &credentials), None);
        let digest = pick(&["Digest realm=r, nonce=n"]).unwrap();
        let answer = answer(&digest, &credentials).unwrap();
        assert!(answer.starts_with("Digest ") && !answer.contains("s3cret"));
    }

    #[test]
    fn one_field_may_list_several_challenges() {
        let both = include_str!("../../../tests/fixtures/field/basic-and-digest-in-one-header.txt");
        let both = both.trim().strip_prefix("WWW-Authenticate: ").unwrap();
        assert_eq!(algorithm(&[both]), Some(Algorithm::Md5));
        let other_order = "Digest realm=\"r\", nonce=\"n1\", qop=\"auth\", Basic realm=\"r\"";
        assert_eq!(pick(&[both]), pick(&[other_order]));
        let many = "Negotiate YWJj==, , Basic realm=\"a, Digest nonce=\\\"x\\\"\",\
                    Digest realm = \"r\" , nonce= n1,opaque=\"\",NTLM";
        let Some(Challenge::Digest(digest)) = pick(&[many]) else {
            panic!("{:?}", pick(&[many]))
        };
        let answer = digest.answer(("u", "p"), ("GET", "/"), 1, "c");
        assert!(answer.contains("realm=\"r\", nonce=\"n1\""), "{answer}");
        let quoted = "Basic realm=\"a, Digest realm=b, nonce=c\"";
        assert_eq!(pick(&[quoted]), Some(Challenge::Basic));
    }

    #[test]
    fn strongest_digest_is_picked_at_any_position() {
        let md5 = "Digest realm=\"r\", nonce=\"1\"";
        let sha = "Digest realm=\"r\", nonce=\"2\", algorithm=SHA-256";
        let unsupported = "Digest realm=\"r\", nonce=\"3\", algorithm=SHA-512-256";
        for fields in [
            &[md5, sha][..],
            &[sha, "Basic realm=\"r\"", md5],
            &[&format!("{unsupported}, {md5}, {sha}")],
        ] {
            assert_eq!(algorithm(fields), Some(Algorithm::Sha256), "{fields:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(text in "(Digest |Basic| |,|=|\"|\\\\|realm|nonce|qop|\\PC){0,30}") {
            if let Some(challenge) = pick(&[text.as_str()]) {
                let header = challenge.answer(&Credentials::new("Mufasa", "Circle of Life".into()), "GET", "/").unwrap();
                proptest::prop_assert!(!header.contains(['\r', '\n']));
            }
        }
    }
}
