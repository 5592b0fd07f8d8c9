//! A Yealink desk phone: push XML and action URIs, over HTTP and by NOTIFY.
//!
//! No document describes the status codes of push XML, nor whether ring tones and wallpapers can be
//! pushed in a `Configuration`. Here an invalid push gets 400, and such a configuration works, with a
//! remark that this is unverified on real phones. After three wrong passwords the phone refuses every
//! login for ten minutes.

mod action;
mod call;
mod configuration;
mod key;
mod model;
mod notify;
mod object;
mod page;
mod phonecfg;
mod remote;
mod schema;
mod screenshot;
#[cfg(test)]
mod tests;
mod uploads;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use self::model::{Model, release};
use self::uploads::Uploads;
use crate::calls::Calls;
use crate::device::Device;
use crate::error::Error;
use crate::login_guard::{Denial, LoginGuard};
use crate::options::Scheme;
use crate::request::{Request, Response};

/// A Yealink phone. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Yealink {
    device: Device,
    model: &'static Model,
    login: LoginGuard,
    lockout: Arc<Mutex<Lockout>>,
    consent: Arc<Mutex<Consent>>,
    uploads: Arc<Mutex<Uploads>>,
}

/// Sources that the user has allowed to control the phone.
#[derive(Debug, Default)]
struct Consent {
    allowed: HashSet<String>,
    /// The source that the question on the screen is about.
    pending: Option<String>,
}

/// What a request accesses, which decides the authentication scheme.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Access {
    Control,
    Push,
}

/// Consecutive wrong passwords, and until when logins are refused.
#[derive(Debug, Default)]
struct Lockout {
    failures: u32,
    until: Option<Instant>,
}

impl Yealink {
    pub(crate) fn new(device: &Device) -> Result<Self, Error> {
        let model = Model::find(&device.options().model)?;
        device.change(|state| state.calls = Calls::numbered_after(LAST_CALL_ID));
        let realm = format!("Enterprise IP phone {}", device.options().model);
        Ok(Self {
            device: device.clone(),
            model,
            login: LoginGuard::new(&realm),
            lockout: Arc::default(),
            consent: Arc::default(),
            uploads: Arc::default(),
        })
    }

    pub(crate) fn display(&self) -> (u32, u32) {
        self.model.display
    }

    /// Responds to a request to the phone's web server.
    pub(crate) async fn respond(&self, request: &Request) -> Response {
        match request.method.as_str() {
            "GET" => self.controlled(request),
            "POST" => self.receive_push(request).await,
            _ => Response::empty(404).refusing("unsupported method"),
        }
    }

    async fn receive_push(&self, request: &Request) -> Response {
        let query = request.query.as_deref().unwrap_or_default();
        let page = if release(&self.device.options().firmware) > 70 {
            ("/servlet", "push=xml")
        } else {
            ("/", "")
        };
        if (request.path.as_str(), query) != page {
            return Response::empty(404).refusing("no such page");
        }
        if self.model.is_android() {
            return Response::empty(404).refusing("Android models do not accept pushes");
        }
        if let Some(allowed) = &self.device.options().push_servers
            && !allowed.contains(&request.peer.ip().to_canonical())
        {
            return Response::empty(403).refusing("the server is not in push_xml.server");
        }
        if let Err(response) = self.authenticate(request, Access::Push) {
            return response;
        }
        match self.pushed(request).await {
            Ok(()) => Response::with_body(200, "text/html", ""),
            Err(reason) => Response::empty(400).refusing(reason),
        }
    }

    /// Checks the credentials of a request, and locks the phone after too many wrong ones.
    fn authenticate(&self, request: &Request, access: Access) -> Result<(), Response> {
        let mut options = self.device.options().clone();
        // The phone's own pages use Basic, whatever pushes use.
        if access == Access::Control && options.scheme == Scheme::Digest {
            options.scheme = Scheme::Basic;
        }
        let mut lockout = self.lockout.lock();
        if lockout.until.is_some_and(|until| Instant::now() < until) {
            return Err(Response::empty(403).refusing("locked after too many wrong passwords"));
        }
        match self.login.check(request, &options) {
            Ok(()) => {
                *lockout = Lockout::default();
                Ok(())
            }
            Err(Denial::Challenge(response)) => Err(response),
            Err(Denial::WrongCredentials(response)) => {
                self.device.change(|state| state.bad_credentials += 1);
                lockout.failures += 1;
                if lockout.failures >= MAX_FAILURES {
                    *lockout = Lockout {
                        failures: 0,
                        until: Some(Instant::now() + LOCKOUT_DURATION),
                    };
                }
                Err(response)
            }
        }
    }
}

/// The identifiers of calls are greater, as observed on real phones.
const LAST_CALL_ID: u32 = 33_092;

/// Number of wrong passwords that lock the phone.
const MAX_FAILURES: u32 = 3;

/// How long it stays locked.
const LOCKOUT_DURATION: Duration = Duration::from_mins(10);
