//! Answers of a client, as a server verifies them.

use subtle::ConstantTimeEq;

use super::algorithm::{Algorithm, Protection, response};
use super::params::pairs;

/// The answer of a client to a challenge with `qop=auth`, from an `Authorization` field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// Who it claims to be.
    pub username: String,
    /// The realm of the challenge.
    pub realm: String,
    /// The nonce of the challenge.
    pub nonce: String,
    /// The target of the request, as the client wrote it.
    pub uri: String,
    /// How many answers to this nonce the client has given, with this one.
    pub count: u32,
    algorithm: Algorithm,
    session: bool,
    cnonce: String,
    /// The digits of `nc`, which are part of what is hashed.
    nc: String,
    response: String,
}

impl Answer {
    /// Reads an `Authorization` field; `None` unless it is Digest with all parameters that `qop=auth`
    /// requires, each once.
    pub fn parse(field: &str) -> Option<Self> {
        let (scheme, params) = field.trim_start().split_once(char::is_whitespace)?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let params = pairs(params);
        let param = |name: &str| {
            let mut found = params
                .iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(name));
            let value = found.next().map(|(_, value)| value.clone())?;
            found.next().is_none().then_some(value)
        };
        let (algorithm, session) = Algorithm::parse(param("algorithm").as_deref())?;
        param("qop").filter(|qop| qop.eq_ignore_ascii_case("auth"))?;
        let nc = param("nc")?;
        let is_count = nc.len() == 8 && nc.bytes().all(|byte| byte.is_ascii_hexdigit());
        let count = is_count
            .then(|| u32::from_str_radix(&nc, 16).ok())
            .flatten()?;
        Some(Self {
            username: param("username")?,
            realm: param("realm")?,
            nonce: param("nonce")?,
            uri: param("uri")?,
            count,
            algorithm,
            session,
            cnonce: param("cnonce")?,
            nc,
            response: param("response")?,
        })
    }

    /// Returns the algorithm, and whether it is the variant for a session.
    pub fn algorithm(&self) -> (Algorithm, bool) {
        (self.algorithm, self.session)
    }

    /// Returns whether a client that knows `password` gave this answer to a request with `method`. Takes the
    /// same time wherever the difference is.
    pub fn proves(&self, password: &str, method: &str) -> bool {
        let protection = Protection {
            algorithm: self.algorithm,
            session: self.session,
            nonce: &self.nonce,
            cnonce: &self.cnonce,
            count: Some(&self.nc),
        };
        let user = (self.username.as_str(), self.realm.as_str(), password);
        let expected = response(user, (method, &self.uri), protection);
        let given = self.response.to_ascii_lowercase();
        expected.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    const USER: (&str, &str) = ("1001-csta", "s3cret");

    fn answer(algorithm: &str) -> String {
        let challenge =
            format!("realm=\"a \\\"b\", nonce=\"n\", qop=\"auth\", algorithm={algorithm}");
        let digest = Digest::parse(&challenge).unwrap();
        digest.answer(USER, ("REGISTER", "sip:192.0.2.10"), 3, "c")
    }

    #[test]
    fn answers_of_the_client_are_verified() {
        for algorithm in ["MD5", "SHA-256", "MD5-sess"] {
            let answer = Answer::parse(&answer(algorithm)).unwrap();
            assert_eq!((answer.username.as_str(), answer.count), (USER.0, 3));
            assert_eq!(answer.realm, "a \"b");
            assert!(answer.proves(USER.1, "REGISTER"), "{algorithm}");
            assert!(!answer.proves("other", "REGISTER") && !answer.proves(USER.1, "INVITE"));
        }
    }

    #[test]
    fn what_is_hashed_cannot_be_changed() {
        let field = answer("MD5");
        for (from, to) in [
            ("uri=\"sip:192.0.2.10\"", "uri=\"sip:192.0.2.11\""),
            ("nc=00000003", "nc=00000004"),
            ("cnonce=\"c\"", "cnonce=\"d\""),
            ("nonce=\"n\"", "nonce=\"m\""),
            ("1001-csta", "1002-csta"),
        ] {
            let changed = field.replace(from, to);
            assert_ne!(changed, field, "{from}");
            let is_proven =
                Answer::parse(&changed).is_some_and(|answer| answer.proves(USER.1, "REGISTER"));
            assert!(!is_proven, "{changed}");
        }
    }

    #[test]
    fn incomplete_answers_are_none() {
        let field = answer("MD5");
        for (from, to) in [
            ("Digest ", "Basic "),
            ("qop=auth", "qop=auth-int"),
            (", qop=auth", ""),
            ("nc=00000003", "nc=3"),
            ("nc=00000003", "nc=+0000003"),
            ("algorithm=MD5", "algorithm=SHA-512-256"),
            (", nc=", ", nonce=\"n\", nc="),
            ("username=", "user="),
        ] {
            let changed = field.replace(from, to);
            assert_ne!(changed, field, "{from}");
            assert_eq!(Answer::parse(&changed), None, "{changed}");
        }
    }
}
