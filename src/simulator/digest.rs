//! HTTP and SIP digest authentication, MD5 with `qop=auth`: a server that gives in to nothing,
//! and the client's answer for the simulated SIP user agent.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use md5::{Digest as _, Md5};

/// The nonces that a server gave out and still knows.
#[derive(Debug, Default)]
pub(crate) struct Nonces(Mutex<VecDeque<Nonce>>);

#[derive(Debug)]
struct Nonce {
    value: String,
    /// The highest count that came with it.
    used: u32,
}

/// What a digest proves.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Verification {
    Accepted,
    /// The nonce is unknown or its count was used before; the password may be right.
    Stale,
    Wrong(String),
}

impl Nonces {
    /// Makes a nonce and remembers it.
    pub(crate) fn issue(&self) -> String {
        let value = random_hex();
        let mut nonces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if nonces.len() >= MAX_NONCES {
            nonces.pop_front();
        }
        nonces.push_back(Nonce {
            value: value.clone(),
            used: 0,
        });
        value
    }

    /// Judges the parameters of an `Authorization: Digest` header.
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
                .ok_or_else(|| format!("a digest without {name}"))
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
            return Err("an empty cnonce".to_owned());
        }
        let is_count = count.len() == 8 && count.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(count, 16)
            .ok()
            .filter(|number| is_count && *number > 0);
        let number = number.ok_or_else(|| format!("the nonce count `{count}`"))?;
        let right = response(&DigestInput {
            user: expected.user,
            password: expected.password,
            realm: expected.realm,
            method: expected.method,
            uri: expected.uri,
            nonce,
            qop_auth: Some((count, client)),
        });
        expect("response", given("response")?, &right)?;
        let mut nonces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = nonces.iter_mut().find(|known| known.value == nonce);
        let Some(known) = known.filter(|known| known.used < number) else {
            return Ok(Verification::Stale);
        };
        known.used = if once { u32::MAX } else { number };
        Ok(Verification::Accepted)
    }
}

/// What a request must prove to know.
#[derive(Debug)]
pub(crate) struct Expectation<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) realm: &'a str,
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
}

/// What goes into a response.
#[derive(Debug)]
pub(crate) struct DigestInput<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) realm: &'a str,
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) nonce: &'a str,
    /// Count and client nonce, where the server asks for `qop=auth`.
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
    let who = md5(&format!("{user}:{realm}:{password}"));
    let what = md5(&format!("{method}:{uri}"));
    match qop_auth {
        Some((count, client)) => md5(&format!("{who}:{nonce}:{count}:{client}:auth:{what}")),
        None => md5(&format!("{who}:{nonce}:{what}")),
    }
}

/// Splits `name=value, name="value"`; a comma may stand in quotes.
pub(crate) fn parameters(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut parameters = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, value) = rest
            .split_once('=')
            .ok_or("a digest parameter without a value")?;
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted
                .split_once('"')
                .ok_or("a digest parameter without its end")?,
            None => value.split_at(value.find(',').unwrap_or(value.len())),
        };
        parameters.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        rest = after.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    Ok(parameters)
}

/// Returns 16 hexadecimal digits that nobody can guess.
pub(crate) fn random_hex() -> String {
    // Without randomness nothing on this machine is safe; a simulated phone goes on.
    hex::encode(getrandom::u64().unwrap_or_default().to_be_bytes())
}

fn expect(what: &str, given: &str, right: &str) -> Result<(), String> {
    if given == right {
        return Ok(());
    }
    Err(format!("a digest with the wrong {what}"))
}

fn md5(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

/// The most nonces that a server knows at a time.
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
    fn the_response_is_that_of_the_standards_example() {
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
    fn a_count_counts_once() {
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
    fn a_nonce_that_expires_is_good_for_one_request() {
        let nonces = Nonces::default();
        let nonce = nonces.issue();
        let verify = |count| nonces.verify(&header(&nonce, count, ("", "")), &EXPECTED, true);
        assert_eq!(verify("00000001"), Verification::Accepted);
        assert_eq!(verify("00000002"), Verification::Stale);
    }

    #[test]
    fn anything_wrong_is_wrong() {
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
