//! Challenges, and answers to them.

use std::fmt::Write;

use super::algorithm::{Algorithm, Protection, response};
use super::params::{pairs, quoted};

/// The parameters of a Digest challenge.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Digest {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// Whether the secret depends on the nonces of the first answer (`-sess`).
    session: bool,
    /// Whether only the nonce of the last answer was wrong.
    stale: bool,
    /// Whether the challenge offers `qop`; RFC 2069 has none.
    qop: bool,
}

impl Digest {
    /// Reads the parameters of a challenge, separated by commas; `None` if a required one is missing
    /// or only algorithms or qualities of protection are offered that are not supported.
    pub fn parse(params: &str) -> Option<Self> {
        let params = pairs(params);
        let param = |name: &str| {
            let found = params
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        let (algorithm, session) = Algorithm::parse(param("algorithm").as_deref())?;
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
    pub fn is_renewal_of(&self, nonce: &str) -> bool {
        self.stale && self.nonce != nonce
    }

    /// Returns the nonce.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Returns how strong the protection is.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns whether the phone can distinguish several answers to this challenge from repetitions of one. Those
    /// to a challenge of a session cannot be counted: their secret depends on the first of them.
    pub fn counts(&self) -> bool {
        self.qop && !self.session
    }

    /// Writes the value of `Authorization` for the answer number `count`, starting at 1, to a request with
    /// this method and target.
    pub fn answer(
        &self,
        (user, pass): (&str, &str),
        request: (&str, &str),
        count: u32,
        cnonce: &str,
    ) -> String {
        let count = format!("{count:08x}");
        let Self { realm, nonce, .. } = self;
        let protection = Protection {
            algorithm: self.algorithm,
            session: self.session,
            nonce,
            cnonce,
            count: self.qop.then_some(&count),
        };
        let response = response((user, realm, pass), request, protection);
        let name = self.algorithm.name(self.session);
        let (user, realm, nonce) = (quoted(user), quoted(realm), quoted(nonce));
        let (_, target) = request;
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

#[cfg(test)]
mod tests {
    use md5::Md5;
    use sha2::Digest as _;

    use super::*;

    const MUFASA: (&str, &str) = ("Mufasa", "Circle of Life");

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
            challenge(algorithm).answer(MUFASA, ("GET", "/dir/index.html"), 1, cnonce)
        };
        assert!(answer("MD5").contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""));
        let sha = "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"";
        assert!(answer("SHA-256").contains(sha));
        assert!(answer("MD5").contains("qop=auth, nc=00000001, opaque=\"FQhe/"));
    }

    #[test]
    fn challenge_without_qop_is_answered_as_in_rfc_2069() {
        let old = digest("realm=\"phone\", nonce=\"abc\"");
        let answer = old.answer(("u", "p"), ("GET", "/"), 1, "x");
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
            let answer = challenge.answer(("u", "p"), ("GET", "/"), 1, "xyz");
            let expected = format!("response=\"{response}\"");
            assert!(answer.contains(&expected), "{answer}");
            assert!(
                answer.contains(&format!("algorithm={algorithm}")),
                "{answer}"
            );
        }
    }

    #[test]
    fn stale_nonce_is_distinguished_from_a_wrong_password() {
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
        let answer = digest.answer(("u\"v", "p"), ("GET", "/"), 1, "c");
        assert!(
            answer.contains(r#"username="u\"v", realm="a \"b\" c", nonce="x\\y""#),
            "{answer}"
        );
    }
}
