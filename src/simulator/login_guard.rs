//! How the web server of a Snom or Yealink phone asks for a name and a password.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::digest::{Expectation, Nonces, Verification};
use crate::options::{Options, Scheme};
use crate::request::{Request, Response};

/// The guard of a web server. Cheap to clone; all clones know the same nonces.
#[derive(Clone, Debug)]
pub(crate) struct LoginGuard {
    realm: String,
    nonces: Arc<Nonces>,
}

/// Why a request may not pass, with the answer to it.
#[derive(Debug)]
pub(crate) enum Denial {
    /// It carried no credentials, or a digest that is out of date.
    Challenge(Response),
    /// It carried wrong credentials.
    WrongCredentials(Response),
}

impl LoginGuard {
    /// Creates a guard that calls itself `realm`.
    pub(crate) fn new(realm: &str) -> Self {
        Self {
            realm: realm.to_owned(),
            nonces: Arc::default(),
        }
    }

    /// Lets a request pass, or says why not.
    pub(crate) fn check(&self, request: &Request, options: &Options) -> Result<(), Denial> {
        let Some((user, password)) = &options.credentials else {
            return Ok(());
        };
        let scheme = match options.scheme {
            Scheme::Basic => "Basic",
            Scheme::Digest => "Digest",
            Scheme::None => return Ok(()),
        };
        let challenge = |stale| self.challenge(options.scheme, stale);
        let Some(header) = request.header("authorization") else {
            return Err(Denial::Challenge(
                challenge(false).refusing("no Authorization"),
            ));
        };
        let wrong = |reason: &str| Err(Denial::WrongCredentials(challenge(false).refusing(reason)));
        let Some((given, rest)) = header.split_once(' ').filter(|(given, _)| *given == scheme)
        else {
            return wrong(&format!("an Authorization that is not {scheme}"));
        };
        if given == "Basic" {
            let right = STANDARD.encode(format!("{user}:{password}"));
            return if rest.trim() == right {
                Ok(())
            } else {
                wrong("wrong credentials")
            };
        }
        let target = request.target();
        let expected = Expectation {
            method: &request.method,
            uri: &target,
            realm: &self.realm,
            user,
            password,
        };
        match self.nonces.verify(rest, &expected, options.nonces_expire) {
            Verification::Accepted => Ok(()),
            Verification::Stale => {
                Err(Denial::Challenge(challenge(true).refusing("a stale nonce")))
            }
            Verification::Wrong(reason) => wrong(&reason),
        }
    }

    fn challenge(&self, scheme: Scheme, stale: bool) -> Response {
        let realm = &self.realm;
        let challenge = if scheme == Scheme::Digest {
            let nonce = self.nonces.issue();
            let stale = if stale { ", stale=true" } else { "" };
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
