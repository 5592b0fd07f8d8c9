//! HTTP and SIP digest authentication, MD5 with `qop=auth`: a server that gives in to nothing,
//! and the client's answer for the simulated SIP user agent.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use md5::{Digest as _, Md5};

/// The nonces that a server gave out and still knows.
#[derive(Debug, Default)]
pub(super) struct Nonces(Mutex<VecDeque<Nonce>>);

#[derive(Debug)]
struct Nonce {
    value: String,
    /// The highest count that came with it.
    used: u32,
}

/// What a digest proves.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Accepted,
    /// The nonce is unknown or its count was used before; the password may be right.
    Stale,
    Wrong(String),
}

impl Nonces {
    /// Makes a nonce and remembers it.
    pub(super) fn issue(&self) -> String {
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
    pub(super) fn judge(&self, header: &str, asked: &Asked<'_>, once: bool) -> Verdict {
        match self.check(header, asked, once) {
            Ok(verdict) => verdict,
            Err(reason) => Verdict::Wrong(reason),
        }
    }

    fn check(&self, header: &str, asked: &Asked<'_>, once: bool) -> Result<Verdict, String> {
        let parameters = parameters(header)?;
        let given = |name: &str| {
            let found = parameters.iter().find(|(known, _)| known == name);
            found
                .map(|(_, value)| value.as_str())
                .ok_or_else(|| format!("a digest without {name}"))
        };
        expect("user name", given("username")?, asked.user)?;
        expect("realm", given("realm")?, asked.realm)?;
        expect("uri", given("uri")?, asked.uri)?;
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
        let right = response(&Secret {
            user: asked.user,
            password: asked.password,
            realm: asked.realm,
            method: asked.method,
            uri: asked.uri,
            nonce,
            with: Some((count, client)),
        });
        expect("response", given("response")?, &right)?;
        let mut nonces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = nonces.iter_mut().find(|known| known.value == nonce);
        let Some(known) = known.filter(|known| known.used < number) else {
            return Ok(Verdict::Stale);
        };
        known.used = if once { u32::MAX } else { number };
        Ok(Verdict::Accepted)
    }
}

/// What a request must prove to know.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) realm: &'a str,
    pub(super) user: &'a str,
    pub(super) password: &'a str,
}

/// What goes into a response.
#[derive(Debug)]
pub(super) struct Secret<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    pub(super) realm: &'a str,
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) nonce: &'a str,
    /// Count and client nonce, where the server asks for `qop=auth`.
    pub(super) with: Option<(&'a str, &'a str)>,
}

/// Computes the response of RFC 7616 for MD5, with or without `qop=auth`.
pub(super) fn response(secret: &Secret<'_>) -> String {
    let Secret {
        user,
        password,
        realm,
        method,
        uri,
        nonce,
        with,
    } = secret;
    let who = md5(&format!("{user}:{realm}:{password}"));
    let what = md5(&format!("{method}:{uri}"));
    match with {
        Some((count, client)) => md5(&format!("{who}:{nonce}:{count}:{client}:auth:{what}")),
        None => md5(&format!("{who}:{nonce}:{what}")),
    }
}

/// Splits `name=value, name="value"`; a comma may stand in quotes.
pub(super) fn parameters(text: &str) -> Result<Vec<(String, String)>, String> {
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
pub(super) fn random_hex() -> String {
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

    const ASKED: Asked<'_> = Asked {
        method: "GET",
        uri: "/dir/index.html",
        realm: "testrealm@host.com",
        user: "Mufasa",
        password: "Circle Of Life",
    };

    fn header(nonce: &str, count: &str, change: (&str, &str)) -> String {
        let response = response(&Secret {
            user: ASKED.user,
            password: ASKED.password,
            realm: ASKED.realm,
            method: ASKED.method,
            uri: ASKED.uri,
            nonce,
            with: Some((count, "0a4f113b")),
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
        let secret = Secret {
            user: ASKED.user,
            password: ASKED.password,
            realm: ASKED.realm,
            method: ASKED.method,
            uri: ASKED.uri,
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            with: Some(("00000001", "0a4f113b")),
        };
        assert_eq!(response(&secret), "6629fae49393a05397450978507c4ef1");
    }

    #[test]
    fn a_count_counts_once() {
        let nonces = Nonces::default();
        let nonce = nonces.issue();
        let judge = |count| nonces.judge(&header(&nonce, count, ("", "")), &ASKED, false);
        assert_eq!(judge("00000001"), Verdict::Accepted);
        assert_eq!(judge("00000001"), Verdict::Stale);
        assert_eq!(judge("00000002"), Verdict::Accepted);
        assert_eq!(
            nonces.judge(&header("unknown", "00000001", ("", "")), &ASKED, false),
            Verdict::Stale
        );
    }

    #[test]
    fn a_nonce_that_expires_is_good_for_one_request() {
        let nonces = Nonces::default();
        let nonce = nonces.issue();
        let judge = |count| nonces.judge(&header(&nonce, count, ("", "")), &ASKED, true);
        assert_eq!(judge("00000001"), Verdict::Accepted);
        assert_eq!(judge("00000002"), Verdict::Stale);
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
            let verdict = nonces.judge(&header(&nonce, "00000001", change), &ASKED, false);
            assert!(
                matches!(verdict, Verdict::Wrong(_)),
                "{change:?}: {verdict:?}"
            );
        }
    }
}
