//! Answers to HTTP's challenges: Basic (RFC 7617) and Digest (RFC 7616, and RFC 2069 for old
//! phones).
//!
//! The server's side is not here, and no answer is reused: a phone's nonce serves one request.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::Md5;
use sha2::{Digest as _, Sha256};

use handset_phones::phone::Credentials;

/// What a phone asks for in `WWW-Authenticate`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Challenge {
    Basic,
    Digest(Digest),
}

/// The terms of a Digest challenge.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Digest {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    session: bool,
    /// Whether the challenge knows quality of protection; RFC 2069 does not.
    qop: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Algorithm {
    Md5,
    Sha256,
}

impl Challenge {
    /// Picks the best challenge that a phone offers: Digest before Basic.
    pub(crate) fn pick<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut basic = None;
        for header in headers {
            let header = header.trim();
            let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
            if scheme.eq_ignore_ascii_case("Basic") {
                basic = Some(Self::Basic);
            } else if scheme.eq_ignore_ascii_case("Digest")
                && let Some(digest) = Digest::parse(rest)
            {
                return Some(Self::Digest(digest));
            }
        }
        basic
    }

    /// Writes the value of `Authorization`.
    pub(crate) fn answer(&self, credentials: &Credentials, method: &str, target: &str) -> String {
        match self {
            Self::Basic => basic(credentials),
            Self::Digest(digest) => digest.answer(
                credentials,
                method,
                target,
                &handset_net::random::hex_token::<8>(),
            ),
        }
    }
}

/// Writes the value of `Authorization` for Basic.
pub(super) fn basic(credentials: &Credentials) -> String {
    let pair = format!("{}:{}", credentials.username, credentials.password());
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

impl Digest {
    fn parse(terms: &str) -> Option<Self> {
        let terms = pairs(terms);
        let term = |name: &str| {
            let found = terms
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        let algorithm = term("algorithm")
            .unwrap_or_else(|| "MD5".to_owned())
            .to_ascii_uppercase();
        let (algorithm, session) = match algorithm.strip_suffix("-SESS") {
            Some(algorithm) => (algorithm.to_owned(), true),
            None => (algorithm, false),
        };
        let algorithm = match algorithm.as_str() {
            "MD5" => Algorithm::Md5,
            "SHA-256" => Algorithm::Sha256,
            _ => return None,
        };
        let qop = match term("qop") {
            Some(offers) => {
                // Only with the body in the hash (auth-int) is more than we do.
                offers
                    .split(',')
                    .any(|offer| offer.trim().eq_ignore_ascii_case("auth"))
                    .then_some(true)?
            }
            None => false,
        };
        let digest = Self {
            realm: term("realm")?,
            nonce: term("nonce")?,
            opaque: term("opaque"),
            algorithm,
            session,
            qop,
        };
        // What goes back into a header must not leave it.
        let harmless = |text: &str| !text.contains(|c: char| c.is_control());
        let opaque = digest.opaque.as_deref().is_none_or(harmless);
        (harmless(&digest.realm) && harmless(&digest.nonce) && opaque).then_some(digest)
    }

    fn answer(
        &self,
        credentials: &Credentials,
        method: &str,
        target: &str,
        cnonce: &str,
    ) -> String {
        let (user, pass) = (&credentials.username, credentials.password());
        let Self { realm, nonce, .. } = self;
        let hash = |text: String| match self.algorithm {
            Algorithm::Md5 => hex::encode(Md5::digest(text)),
            Algorithm::Sha256 => hex::encode(Sha256::digest(text)),
        };
        let mut secret = hash(format!("{user}:{realm}:{pass}"));
        if self.session {
            secret = hash(format!("{secret}:{nonce}:{cnonce}"));
        }
        let request = hash(format!("{method}:{target}"));
        let response = if self.qop {
            hash(format!("{secret}:{nonce}:{COUNT}:{cnonce}:auth:{request}"))
        } else {
            hash(format!("{secret}:{nonce}:{request}"))
        };
        let name = match (self.algorithm, self.session) {
            (Algorithm::Md5, false) => "MD5",
            (Algorithm::Md5, true) => "MD5-sess",
            (Algorithm::Sha256, false) => "SHA-256",
            (Algorithm::Sha256, true) => "SHA-256-sess",
        };
        let (user, realm, nonce) = (quoted(user), quoted(realm), quoted(nonce));
        let mut header = format!(
            "Digest username={user}, realm={realm}, nonce={nonce}, uri={}, response=\"{response}\", \
             algorithm={name}",
            quoted(target)
        );
        if self.qop || self.session {
            let _ = write!(header, ", cnonce=\"{cnonce}\"");
        }
        if self.qop {
            let _ = write!(header, ", qop=auth, nc={COUNT}");
        }
        if let Some(opaque) = &self.opaque {
            let _ = write!(header, ", opaque={}", quoted(opaque));
        }
        header
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Reads `name=value` and `name="value"`, with commas between them.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name
            .trim_matches(|c: char| c == ',' || c.is_whitespace())
            .to_owned();
        let after = after.trim_start();
        let (value, next) = if let Some(inside) = after.strip_prefix('"') {
            unquote(inside)
        } else {
            let (value, next) = after.split_once(',').unwrap_or((after, ""));
            (value.trim().to_owned(), next)
        };
        pairs.push((name, value));
        rest = next;
    }
    pairs
}

/// Reads up to the closing quote; returns the text and what follows.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, text.get(at.saturating_add(1)..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

/// Each nonce serves once.
const COUNT: &str = "00000001";

#[cfg(test)]
mod tests {
    use super::*;

    fn mufasa() -> Credentials {
        Credentials::new("Mufasa", "Circle of Life".into())
    }

    fn digest(header: &str) -> Digest {
        match Challenge::pick([header].into_iter()) {
            Some(Challenge::Digest(digest)) => digest,
            other => panic!("{header} is {other:?}"),
        }
    }

    #[test]
    fn the_example_of_rfc_7616_comes_out() {
        let challenge = |algorithm: &str| {
            digest(&format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            ))
        };
        let answer = |algorithm| {
            let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
            challenge(algorithm).answer(&mufasa(), "GET", "/dir/index.html", cnonce)
        };
        assert!(answer("MD5").contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""));
        let sha = "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"";
        assert!(answer("SHA-256").contains(sha));
        assert!(answer("MD5").contains("qop=auth, nc=00000001, opaque=\"FQhe/"));
    }

    #[test]
    fn an_old_phone_without_quality_of_protection_is_answered_the_old_way() {
        let old = digest("Digest realm=\"phone\", nonce=\"abc\"");
        let answer = old.answer(&Credentials::new("u", "p".into()), "GET", "/", "x");
        // echo -n 'md5(u:phone:p):abc:md5(GET:/)', each md5 by hand with a command line tool
        let secret = hex::encode(Md5::digest("u:phone:p"));
        let request = hex::encode(Md5::digest("GET:/"));
        let response = hex::encode(Md5::digest(format!("{secret}:abc:{request}")));
        assert!(
            answer.contains(&format!("response=\"{response}\"")),
            "{answer}"
        );
        assert!(!answer.contains("qop") && !answer.contains("cnonce"));
    }

    #[test]
    fn digest_is_preferred_and_what_nobody_speaks_is_passed_over() {
        let pick = |headers: &[&str]| Challenge::pick(headers.iter().copied());
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
    fn quotes_in_terms_stay_inside() {
        let digest = digest(r#"Digest realm="a \"b\" c", nonce="x\\y",stale=FALSE"#);
        assert_eq!(
            (digest.realm.as_str(), digest.nonce.as_str()),
            ("a \"b\" c", "x\\y")
        );
        let answer = digest.answer(&Credentials::new("u\"v", "p".into()), "GET", "/", "c");
        assert!(
            answer.contains(r#"username="u\"v", realm="a \"b\" c", nonce="x\\y""#),
            "{answer}"
        );
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(text in "(Digest|Basic| |,|=|\"|\\\\|realm|nonce|qop|\\PC){0,30}") {
            if let Some(challenge) = Challenge::pick([text.as_str()].into_iter()) {
                let header = challenge.answer(&mufasa(), "GET", "/");
                proptest::prop_assert!(!header.contains(['\r', '\n']));
            }
        }
    }
}
