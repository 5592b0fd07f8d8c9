//! How the web server of a Snom or Yealink phone asks for a name and a password.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::digest::{Asked, Nonces, Verdict};
use super::options::{Options, Scheme};
use super::request::{Answer, Request};

/// The guard of a web server. Cheap to clone; all clones know the same nonces.
#[derive(Clone, Debug)]
pub(super) struct Login {
    realm: String,
    nonces: Arc<Nonces>,
}

/// Why a request may not pass, with the answer to it.
#[derive(Debug)]
pub(super) enum Denied {
    /// It carried no credentials, or a digest that is out of date.
    Asked(Answer),
    /// It carried wrong credentials.
    Wrong(Answer),
}

impl Login {
    /// Creates a guard that calls itself `realm`.
    pub(super) fn new(realm: &str) -> Self {
        Self {
            realm: realm.to_owned(),
            nonces: Arc::default(),
        }
    }

    /// Lets a request pass, or says why not.
    pub(super) fn check(&self, request: &Request, options: &Options) -> Result<(), Denied> {
        let Some((user, password)) = &options.credentials else {
            return Ok(());
        };
        let scheme = match options.scheme {
            Scheme::Basic => "Basic",
            Scheme::Digest => "Digest",
            Scheme::None => return Ok(()),
        };
        let ask = |stale| self.challenge(options.scheme, stale);
        let Some(header) = request.header("authorization") else {
            return Err(Denied::Asked(ask(false).refusing("no Authorization")));
        };
        let wrong = |reason: &str| Err(Denied::Wrong(ask(false).refusing(reason)));
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
        let asked = Asked {
            method: &request.method,
            uri: &target,
            realm: &self.realm,
            user,
            password,
        };
        match self.nonces.judge(rest, &asked, options.nonces_expire) {
            Verdict::Accepted => Ok(()),
            Verdict::Stale => Err(Denied::Asked(ask(true).refusing("a stale nonce"))),
            Verdict::Wrong(reason) => wrong(&reason),
        }
    }

    fn challenge(&self, scheme: Scheme, stale: bool) -> Answer {
        let realm = &self.realm;
        let challenge = if scheme == Scheme::Digest {
            let nonce = self.nonces.issue();
            let stale = if stale { ", stale=true" } else { "" };
            format!("Digest realm=\"{realm}\", qop=\"auth\", nonce=\"{nonce}\"{stale}")
        } else {
            format!("Basic realm=\"{realm}\"")
        };
        Answer::with_body(
            401,
            "text/html",
            "<html><body>401 Unauthorized</body></html>\n",
        )
        .header("WWW-Authenticate", challenge)
    }
}
