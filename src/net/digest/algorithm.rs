//! The algorithms, and what they compute.

use md5::Md5;
use sha2::{Digest as _, Sha256};

/// The supported algorithms, the weakest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// MD5, the default.
    Md5,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// Reads the value of a parameter `algorithm`, and whether it is the variant for a session; `None` if
    /// it is not supported.
    pub(super) fn parse(value: Option<&str>) -> Option<(Self, bool)> {
        let name = value.unwrap_or("MD5").to_ascii_uppercase();
        let (name, session) = match name.strip_suffix("-SESS") {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        match name {
            "MD5" => Some((Self::Md5, session)),
            "SHA-256" => Some((Self::Sha256, session)),
            _ => None,
        }
    }

    /// Returns the value of the parameter `algorithm`.
    pub fn name(self, session: bool) -> &'static str {
        match (self, session) {
            (Self::Md5, false) => "MD5",
            (Self::Md5, true) => "MD5-sess",
            (Self::Sha256, false) => "SHA-256",
            (Self::Sha256, true) => "SHA-256-sess",
        }
    }

    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hex::encode(Md5::digest(text)),
            Self::Sha256 => hex::encode(Sha256::digest(text)),
        }
    }
}

/// What a response depends on beside the password and the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Protection<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) session: bool,
    pub(super) nonce: &'a str,
    pub(super) cnonce: &'a str,
    /// The eight digits of `nc`, with `qop=auth`; `None` as in RFC 2069, without `qop`.
    pub(super) count: Option<&'a str>,
}

/// Computes `response` (RFC 7616, section 3.4.1) from user, realm and password, and from the method and
/// the target of the request.
pub(super) fn response(
    (user, realm, pass): (&str, &str, &str),
    (method, target): (&str, &str),
    protection: Protection<'_>,
) -> String {
    let Protection {
        algorithm,
        session,
        nonce,
        cnonce,
        count,
    } = protection;
    let mut secret = algorithm.hash(&format!("{user}:{realm}:{pass}"));
    if session {
        secret = algorithm.hash(&format!("{secret}:{nonce}:{cnonce}"));
    }
    let request = algorithm.hash(&format!("{method}:{target}"));
    algorithm.hash(&match count {
        Some(count) => format!("{secret}:{nonce}:{count}:{cnonce}:auth:{request}"),
        None => format!("{secret}:{nonce}:{request}"),
    })
}
