//! A Yealink desk phone: push XML and action URIs, over HTTP and by NOTIFY.
//!
//! No document tells the statuses of push XML, nor whether ring tones and wallpapers can be
//! pushed in a `Configuration`. Here a push that the phone can't read is answered with 400, and
//! such a configuration works, with a remark that this is unproven on real phones. After three
//! wrong passwords the phone lets nobody in for some minutes, whatever they say then.

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
    lock: Arc<Mutex<Lockout>>,
    consent: Arc<Mutex<Consent>>,
    uploads: Arc<Mutex<Uploads>>,
}

/// Who may control the phone, by the word of somebody at it.
#[derive(Debug, Default)]
struct Consent {
    allowed: HashSet<String>,
    /// Whom the question on the screen is about.
    pending: Option<String>,
}

/// What somebody access for, and so how the phone access for the password.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Access {
    Control,
    Push,
}

/// How often the password was wrong, and until when nobody gets in.
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
            lock: Arc::default(),
            consent: Arc::default(),
            uploads: Arc::default(),
        })
    }

    pub(crate) fn display(&self) -> (u32, u32) {
        self.model.display
    }

    /// Answers a request to the phone's web server.
    pub(crate) async fn respond(&self, request: &Request) -> Response {
        match request.method.as_str() {
            "GET" => self.controlled(request),
            "POST" => self.take_push(request).await,
            _ => Response::empty(404).refusing("no such method"),
        }
    }

    async fn take_push(&self, request: &Request) -> Response {
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
            return Response::empty(404).refusing("a push, which Android models do not take");
        }
        if let Some(allowed) = &self.device.options().push_servers
            && !allowed.contains(&request.peer.ip().to_canonical())
        {
            return Response::empty(403).refusing("a server that is not allowed");
        }
        if let Err(answer) = self.admit(request, Access::Push) {
            return answer;
        }
        match self.pushed(request).await {
            Ok(()) => Response::with_body(200, "text/html", ""),
            Err(reason) => Response::empty(400).refusing(reason),
        }
    }

    /// Lets a request pass, unless its password is wrong or too many before were.
    fn admit(&self, request: &Request, access: Access) -> Result<(), Response> {
        let mut options = self.device.options().clone();
        // Whatever a phone does for pushes, its own pages ask for Basic.
        if access == Access::Control && options.scheme == Scheme::Digest {
            options.scheme = Scheme::Basic;
        }
        let mut lock = self.lock.lock();
        if lock.until.is_some_and(|until| Instant::now() < until) {
            return Err(Response::empty(403).refusing("locked after too many wrong passwords"));
        }
        match self.login.check(request, &options) {
            Ok(()) => {
                *lock = Lockout::default();
                Ok(())
            }
            Err(Denial::Challenge(answer)) => Err(answer),
            Err(Denial::WrongCredentials(answer)) => {
                self.device.change(|state| state.bad_credentials += 1);
                lock.failures += 1;
                if lock.failures >= MAX_FAILURES {
                    *lock = Lockout {
                        failures: 0,
                        until: Some(Instant::now() + LOCKED),
                    };
                }
                Err(answer)
            }
        }
    }
}

/// The identifiers of calls are greater, as observed on real phones.
const LAST_CALL_ID: u32 = 33_092;

/// How many wrong passwords lock the phone.
const MAX_FAILURES: u32 = 3;

/// For how long it is locked.
const LOCKED: Duration = Duration::from_mins(10);
