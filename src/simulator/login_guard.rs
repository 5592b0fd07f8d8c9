//! How the web server of a phone asks for a name and a password.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::digest::{Expectation, Nonces, Verification};
use crate::options::{Options, Scheme};
use crate::request::{Request, Response};

/// Guards a web server. Cheap to clone; all clones share their nonces.
#[derive(Clone, Debug)]
pub(crate) struct LoginGuard {
    realm: String,
    nonces: Arc<Nonces>,
}

/// Why a request may not pass, with the response to it.
#[derive(Debug)]
pub(crate) enum Denial {
    /// It carried no credentials, or a digest with a stale nonce.
    Challenge(Response),
    /// It carried wrong credentials.
    WrongCredentials(Response),
}

impl LoginGuard {
    pub(crate) fn new(realm: &str) -> Self {
        Self {
            realm: realm.to_owned(),
            nonces: Arc::default(),
        }
    }

    /// Checks the credentials of a request.
    pub(crate) fn check(&self, request: &Request, options: &Options) -> Result<(), Denial> {
        let Some((user, password)) = &options.credentials else {
            return Ok(());
        };
        let scheme = match options.scheme {
            Scheme::Basic => "Basic",
            Scheme::Digest => "Digest",
            Scheme::None => return Ok(()),
        };
        let challenge = |is_stale| self.challenge(options.scheme, is_stale);
        let Some(header) = request.header("authorization") else {
            let response = challenge(false).refusing("no Authorization header");
            return Err(Denial::Challenge(response));
        };
        let wrong = |reason: &str| Err(Denial::WrongCredentials(challenge(false).refusing(reason)));
        let Some((_, credentials)) = header.split_once(' ').filter(|(given, _)| *given == scheme)
        else {
            return wrong(&format!("Authorization is not {scheme}"));
        };
        if scheme == "Basic" {
            let expected = STANDARD.encode(format!("{user}:{password}"));
            return if credentials.trim() == expected {
                Ok(())
            } else {
                wrong("wrong credentials")
            };
        }
        let target = request.target();
        let expectation = Expectation {
            method: &request.method,
            uri: &target,
            realm: &self.realm,
            user,
            password,
        };
        match self
            .nonces
            .verify(credentials, &expectation, options.one_time_nonces)
        {
            Verification::Accepted => Ok(()),
            Verification::Stale => {
                let response = challenge(true).refusing("stale nonce");
                Err(Denial::Challenge(response))
            }
            Verification::Wrong(reason) => wrong(&reason),
        }
    }

    fn challenge(&self, scheme: Scheme, is_stale: bool) -> Response {
        let realm = &self.realm;
        let challenge = if scheme == Scheme::Digest {
            let nonce = self.nonces.issue();
            let stale = if is_stale { ", stale=true" } else { "" };
            format!("Digest realm=\"{realm}\", qop=\"auth\", nonce=\"{nonce}\"{stale}")
        } else {
            format!("Basic realm=\"{realm}\"")
        };
        Response::with_body(
            401,
            "text/html",
            "<html><body>401 Unauthorized</body></html>\n",
        )
        .header("WWW-Authenticate", challenge)
    }
}
