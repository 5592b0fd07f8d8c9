//! Digest authentication (RFC 7616), MD5 with `qop=auth`: a strict server for the web interfaces, and
//! the response of the SIP client.

use std::collections::VecDeque;

use handset_net::random::hex_token;
use md5::{Digest as _, Md5};
use parking_lot::Mutex;

/// The nonces that a server has issued, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Nonces(Mutex<VecDeque<Nonce>>);

#[derive(Debug)]
struct Nonce {
    value: String,
    /// The highest nonce count seen.
    used: u32,
}

/// The result of checking a digest.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Verification {
    Accepted,
    /// The nonce is unknown or its count was used before; the credentials are right.
    Stale,
    /// The reason.
    Wrong(String),
}

impl Nonces {
    /// Issues a nonce.
    pub(crate) fn issue(&self) -> String {
        let value = random_hex();
        let mut nonces = self.0.lock();
        if nonces.len() >= MAX_NONCES {
            nonces.pop_front();
        }
        nonces.push_back(Nonce {
            value: value.clone(),
            used: 0,
        });
        value
    }

    /// Checks the parameters of an `Authorization: Digest` header.
    pub(crate) fn verify(
        &self,
        header: &str,
        expected: &Expectation<'_>,
        once: bool,
    ) -> Verification {
        match self.check(header, expected, once) {
            Ok(verification) => verification,
            Err(reason) => Verification::Wrong(reason),
        }
    }

    fn check(
        &self,
        header: &str,
        expected: &Expectation<'_>,
        once: bool,
    ) -> Result<Verification, String> {
        let parameters = parameters(header)?;
        let given = |name: &str| {
            let found = parameters.iter().find(|(known, _)| known == name);
            found
                .map(|(_, value)| value.as_str())
                .ok_or_else(|| format!("digest without {name}"))
        };
        expect("user name", given("username")?, expected.user)?;
        expect("realm", given("realm")?, expected.realm)?;
        expect("uri", given("uri")?, expected.uri)?;
        expect("qop", given("qop")?, "auth")?;
        if let Ok(algorithm) = given("algorithm") {
            expect("algorithm", algorithm, "MD5")?;
        }
        let (nonce, count, client) = (given("nonce")?, given("nc")?, given("cnonce")?);
        if client.is_empty() {
            return Err("empty cnonce in the digest".to_owned());
        }
        let is_count = count.len() == 8 && count.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(count, 16)
            .ok()
            .filter(|number| is_count && *number > 0);
        let number =
            number.ok_or_else(|| format!("invalid nonce count `{count}` in the digest"))?;
        let correct = response(&DigestInput {
            user: expected.user,
            password: expected.password,
            realm: expected.realm,
            method: expected.method,
            uri: expected.uri,
            nonce,
            qop_auth: Some((count, client)),
        });
        expect("response", given("response")?, &correct)?;
        let mut nonces = self.0.lock();
        let known = nonces.iter_mut().find(|known| known.value == nonce);
        let Some(known) = known.filter(|known| known.used < number) else {
            return Ok(Verification::Stale);
        };
        known.used = if once { u32::MAX } else { number };
        Ok(Verification::Accepted)
    }
}

/// What the digest of a request must match.
#[derive(Debug)]
pub(crate) struct Expectation<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) realm: &'a str,
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
}

/// The input of a digest response.
#[derive(Debug)]
pub(crate) struct DigestInput<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) realm: &'a str,
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) nonce: &'a str,
    /// Nonce count and client nonce, if the server offers `qop`.
    pub(crate) qop_auth: Option<(&'a str, &'a str)>,
}

/// Computes the response of RFC 7616 for MD5, with or without `qop=auth`.
pub(crate) fn response(input: &DigestInput<'_>) -> String {
    let DigestInput {
        user,
        password,
        realm,
        method,
        uri,
        nonce,
        qop_auth,
    } = input;
    let a1 = md5(&format!("{user}:{realm}:{password}"));
    let a2 = md5(&format!("{method}:{uri}"));
    match qop_auth {
        Some((count, client_nonce)) => {
            md5(&format!("{a1}:{nonce}:{count}:{client_nonce}:auth:{a2}"))
        }
        None => md5(&format!("{a1}:{nonce}:{a2}")),
    }
}

/// Splits `name=value, name="value"`; quoted values may contain commas.
pub(crate) fn parameters(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut parameters = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, value) = rest
            .split_once('=')
            .ok_or("digest parameter without a value")?;
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted
                .split_once('"')
                .ok_or("unterminated digest parameter")?,
            None => value.split_at(value.find(',').unwrap_or(value.len())),
        };
        parameters.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        rest = after.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    Ok(parameters)
}

/// Returns 16 random hexadecimal digits.
pub(crate) fn random_hex() -> String {
    hex_token::<8>()
}

fn expect(what: &str, given: &str, expected: &str) -> Result<(), String> {
    if given == expected {
        return Ok(());
    }
    Err(format!("wrong {what} in the digest"))
}

fn md5(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

/// Maximum number of nonces; the oldest becomes stale.
const MAX_NONCES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: Expectation<'_> = Expectation {
        method: "GET",
        uri: "/dir/index.html",
        realm: "testrealm@host.com",
        user: "Mufasa",
        password: "Circle Of Life",
    };

    fn header(nonce: &str, count: &str, change: (&str, &str)) -> String {
        let response = response(&DigestInput {
            user: EXPECTED.user,
            password: EXPECTED.password,
            realm: EXPECTED.realm,
            method: EXPECTED.method,
            uri: EXPECTED.uri,
            nonce,
            qop_auth: Some((count, "0a4f113b")),
        });
        let header = format!(
            "username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"{nonce}\", \
             uri=\"/dir/index.html\", qop=auth, nc={count}, cnonce=\"0a4f113b\", \
             response=\"{response}\", algorithm=MD5"
        );
        header.replace(change.0, change.1)
    }

    #[test]
    fn response_matches_the_example_of_rfc_2617() {
        let input = DigestInput {
            user: EXPECTED.user,
            password: EXPECTED.password,
            realm: EXPECTED.realm,
            method: EXPECTED.method,
            uri: EXPECTED.uri,
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            qop_auth: Some(("00000001", "0a4f113b")),
        };
        assert_eq!(response(&input), "6629fae49393a05397450978507c4ef1");
    }

    #[test]
    fn nonce_counts_are_accepted_once() {
        let nonces = Nonces::default();
        let nonce = nonces.issue();
        let verify = |count| nonces.verify(&header(&nonce, count, ("", "")), &EXPECTED, false);
        assert_eq!(verify("00000001"), Verification::Accepted);
        assert_eq!(verify("00000001"), Verification::Stale);
        assert_eq!(verify("00000002"), Verification::Accepted);
        assert_eq!(
            nonces.verify(&header("unknown", "00000001", ("", "")), &EXPECTED, false),
            Verification::Stale
        );
    }

    #[test]
    fn one_time_nonces_are_accepted_once() {
        let nonces = Nonces::default();
        let nonce = nonces.issue();
        let verify = |count| nonces.verify(&header(&nonce, count, ("", "")), &EXPECTED, true);
        assert_eq!(verify("00000001"), Verification::Accepted);
        assert_eq!(verify("00000002"), Verification::Stale);
    }

    #[test]
    fn wrong_digests_are_refused() {
        let nonces = Nonces::default();
        let nonce = nonces.issue();
        for change in [
            ("Mufasa", "Simba"),
            ("testrealm", "otherrealm"),
            ("index.html", "other.html"),
            ("qop=auth", "qop=auth-int"),
            ("qop=auth, ", ""),
            ("nc=00000001", "nc=1"),
            ("0a4f113b", ""),
            ("MD5", "SHA-256"),
            ("response=\"", "response=\"0"),
            ("algorithm=MD5", "algorithm"),
        ] {
            let verification = nonces.verify(&header(&nonce, "00000001", change), &EXPECTED, false);
            assert!(
                matches!(verification, Verification::Wrong(_)),
                "{change:?}: {verification:?}"
            );
        }
    }
}
