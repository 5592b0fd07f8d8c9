//! Answers to Digest challenges (RFC 7616, and RFC 2069 for old phones).
//!
//! The server's side is not implemented.

use std::fmt::Write;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use handset_phones::phone::Credentials;

/// The parameters of a Digest challenge.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Digest {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    session: bool,
    /// Whether only the nonce of the last answer was wrong.
    stale: bool,
    /// Whether the challenge offers `qop`; RFC 2069 has none.
    qop: bool,
}

/// The supported algorithms, the weakest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Algorithm {
    Md5,
    Sha256,
}

impl Digest {
    /// Reads the parameters of a challenge, separated by commas; `None` if a required one is missing
    /// or only algorithms or qualities of protection are offered that are not supported.
    pub(super) fn parse(params: &str) -> Option<Self> {
        let params = pairs(params);
        let param = |name: &str| {
            let found = params
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        let algorithm = param("algorithm")
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
        let qop = match param("qop") {
            Some(offers) => {
                // `auth-int`, which covers the body, is not supported.
                offers
                    .split(',')
                    .any(|offer| offer.trim().eq_ignore_ascii_case("auth"))
                    .then_some(true)?
            }
            None => false,
        };
        let digest = Self {
            realm: param("realm")?,
            nonce: param("nonce")?,
            opaque: param("opaque"),
            algorithm,
            session,
            stale: param("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            qop,
        };
        // These values are sent back within a header field.
        let is_safe = |text: &str| !text.contains(|c: char| c.is_control());
        let opaque = digest.opaque.as_deref().is_none_or(is_safe);
        (is_safe(&digest.realm) && is_safe(&digest.nonce) && opaque).then_some(digest)
    }

    /// Returns whether the phone rejects only the nonce of an answer that used `nonce`, and offers
    /// another one. The password was right, as RFC 7616 has it (section 3.3).
    pub(super) fn is_renewal_of(&self, nonce: &str) -> bool {
        self.stale && self.nonce != nonce
    }

    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Returns how strong the protection is.
    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns whether the phone can tell several answers to this challenge from repetitions of one. Those
    /// to a challenge of a session cannot be counted: their secret depends on the first of them.
    pub(super) fn counts(&self) -> bool {
        self.qop && !self.session
    }

    /// Writes the value of `Authorization` for the answer number `count`, starting at 1.
    pub(super) fn answer(
        &self,
        credentials: &Credentials,
        (method, target): (&str, &str),
        count: u32,
        cnonce: &str,
    ) -> String {
        let count = format!("{count:08x}");
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
            hash(format!("{secret}:{nonce}:{count}:{cnonce}:auth:{request}"))
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
            let _ = write!(header, ", qop=auth, nc={count}");
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mufasa() -> Credentials {
        Credentials::new("Mufasa", "Circle of Life".into())
    }

    fn digest(params: &str) -> Digest {
        Digest::parse(params).unwrap()
    }

    #[test]
    fn example_of_rfc_7616_is_reproduced() {
        let challenge = |algorithm: &str| {
            digest(&format!(
                "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            ))
        };
        let answer = |algorithm| {
            let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
            challenge(algorithm).answer(&mufasa(), ("GET", "/dir/index.html"), 1, cnonce)
        };
        assert!(answer("MD5").contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""));
        let sha = "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"";
        assert!(answer("SHA-256").contains(sha));
        assert!(answer("MD5").contains("qop=auth, nc=00000001, opaque=\"FQhe/"));
    }

    #[test]
    fn challenge_without_qop_is_answered_as_in_rfc_2069() {
        let old = digest("realm=\"phone\", nonce=\"abc\"");
        let answer = old.answer(&Credentials::new("u", "p".into()), ("GET", "/"), 1, "x");
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
    fn session_variants_and_commas_in_the_realm_are_answered() {
        // The responses are those of Python's hashlib.
        for (algorithm, response) in [
            ("MD5-sess", "d0da24c5364c558ad7152fc590bfeddd"),
            (
                "SHA-256-sess",
                "39e9fdc7d1f2a1dd37cda5d14e44897048d809d1ab5a0143ea9cb2de44e8ad1c",
            ),
        ] {
            let challenge = digest(&format!(
                "realm=\"Phone, 2nd floor\", nonce=\"abc\", qop=\"auth\", algorithm={algorithm}"
            ));
            let answer =
                challenge.answer(&Credentials::new("u", "p".into()), ("GET", "/"), 1, "xyz");
            let expected = format!("response=\"{response}\"");
            assert!(answer.contains(&expected), "{answer}");
            assert!(
                answer.contains(&format!("algorithm={algorithm}")),
                "{answer}"
            );
        }
    }

    #[test]
    fn stale_nonce_is_told_from_a_wrong_password() {
        let renews = |stale: &str| {
            let challenge = digest(&format!("realm=\"x\", nonce=\"new\"{stale}"));
            (
                challenge.is_renewal_of("old"),
                challenge.is_renewal_of("new"),
            )
        };
        for stale in [", stale=true", ", STALE=\"TRUE\"", ",stale = True"] {
            assert_eq!(renews(stale), (true, false), "{stale}");
        }
        for fresh in ["", ", stale=false", ", stale=", ", stale=yes"] {
            assert_eq!(renews(fresh), (false, false), "{fresh}");
        }
    }

    #[test]
    fn quotes_in_parameters_are_escaped() {
        let digest = digest(r#"realm="a \"b\" c", nonce="x\\y",stale=FALSE"#);
        assert_eq!(
            (digest.realm.as_str(), digest.nonce.as_str()),
            ("a \"b\" c", "x\\y")
        );
        let answer = digest.answer(&Credentials::new("u\"v", "p".into()), ("GET", "/"), 1, "c");
        assert!(
            answer.contains(r#"username="u\"v", realm="a \"b\" c", nonce="x\\y""#),
            "{answer}"
        );
    }
}
