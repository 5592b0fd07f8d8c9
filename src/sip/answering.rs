//! Answers to digest challenges of a peer (RFC 3261, section 22; RFC 8760).

use handset_net::digest::{Digest, challenges};
use handset_net::random::hex_token;
use secrecy::ExposeSecret;

use super::credentials::Credentials;
use super::wire::{Method, Name, Request, Response, Status, Uri, Value};

/// Credentials, and the last challenge that they answer.
#[derive(Debug)]
pub(crate) struct Answering {
    credentials: Option<Credentials>,
    known: Option<Known>,
}

#[derive(Debug)]
struct Known {
    digest: Digest,
    is_proxy: bool,
    /// How many answers were given to it.
    count: u32,
}

/// The answer that a request carries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carried {
    nonce: Option<String>,
}

impl Answering {
    pub(crate) fn new(credentials: Option<Credentials>) -> Self {
        Self {
            credentials,
            known: None,
        }
    }

    /// Adds an answer to the last challenge, if there is one.
    pub(crate) fn authorize(&mut self, request: &mut Request) -> Carried {
        let (Some(credentials), Some(mut known)) = (&self.credentials, self.known.take()) else {
            return Carried::default();
        };
        known.count = known.count.saturating_add(1);
        let name = if known.is_proxy {
            Name::PROXY_AUTHORIZATION
        } else {
            Name::AUTHORIZATION
        };
        let value = answer(&known, credentials, &request.method, &request.uri);
        request.headers.set(name, Value::lossy(&value));
        let nonce = known.digest.nonce().to_owned();
        // An answer that cannot be counted is given once.
        self.known = known.digest.counts().then_some(known);
        Carried { nonce: Some(nonce) }
    }

    /// Reads a response; returns whether it is a challenge that the same request should answer. `attempts` is how
    /// often the request was sent.
    pub(crate) fn learn(&mut self, response: &Response, carried: &Carried, attempts: u32) -> bool {
        let (name, is_proxy) = match response.status {
            Status::UNAUTHORIZED => (Name::WWW_AUTHENTICATE, false),
            Status::PROXY_AUTHENTICATION_REQUIRED => (Name::PROXY_AUTHENTICATE, true),
            _ => return false,
        };
        self.known = None;
        let fields = response.headers.all(name).flat_map(challenges);
        let digests = fields.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Digest"));
        let digests = digests.filter_map(|(_, params)| Digest::parse(&params));
        // The last of the strongest would be `max_by_key`; servers list what they prefer first.
        let mut strongest: Option<Digest> = None;
        for digest in digests {
            if strongest
                .as_ref()
                .is_none_or(|known| known.algorithm() < digest.algorithm())
            {
                strongest = Some(digest);
            }
        }
        let (Some(digest), Some(_)) = (strongest, &self.credentials) else {
            return false;
        };
        let is_worth_it = match &carried.nonce {
            None => true,
            // The answer was to an earlier challenge, which may have expired.
            Some(nonce) if attempts == 1 => digest.nonce() != nonce,
            Some(nonce) => attempts <= MAX_ATTEMPTS && digest.is_renewal_of(nonce),
        };
        if is_worth_it {
            self.known = Some(Known {
                digest,
                is_proxy,
                count: 0,
            });
        }
        is_worth_it
    }
}

fn answer(known: &Known, credentials: &Credentials, method: &Method, uri: &Uri) -> String {
    let pair = (
        credentials.user.as_str(),
        credentials.password.expose_secret(),
    );
    let request = (method.as_str(), uri.as_str());
    known
        .digest
        .answer(pair, request, known.count, &hex_token::<8>())
}

/// How often a request may have been sent before a stale nonce is answered once more.
const MAX_ATTEMPTS: u32 = 2;
