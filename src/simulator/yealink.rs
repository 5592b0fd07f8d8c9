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

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use self::configuration::Uploads;
use self::model::{Model, release};
use super::device::Device;
use super::error::Error;
use super::login::{Denied, Login};
use super::options::Scheme;
use super::request::{Answer, Request};

/// A Yealink phone. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Yealink {
    device: Device,
    model: &'static Model,
    login: Login,
    lock: Arc<Mutex<Lock>>,
    trust: Arc<Mutex<Trust>>,
    uploads: Arc<Mutex<Uploads>>,
}

/// Who may control the phone, by the word of somebody at it.
#[derive(Debug, Default)]
struct Trust {
    allowed: HashSet<String>,
    /// Whom the question on the screen is about.
    asking: Option<String>,
}

/// What somebody asks for, and so how the phone asks for the password.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Asks {
    Control,
    Push,
}

/// How often the password was wrong, and until when nobody gets in.
#[derive(Debug, Default)]
struct Lock {
    failures: u32,
    until: Option<Instant>,
}

impl Yealink {
    pub(super) fn new(device: &Device) -> Result<Self, Error> {
        let model = Model::find(&device.options().model)?;
        let realm = format!("Enterprise IP phone {}", device.options().model);
        Ok(Self {
            device: device.clone(),
            model,
            login: Login::new(&realm),
            lock: Arc::default(),
            trust: Arc::default(),
            uploads: Arc::default(),
        })
    }

    pub(super) fn display(&self) -> (u32, u32) {
        self.model.display
    }

    /// Answers a request to the phone's web server.
    pub(super) async fn answer(&self, request: &Request) -> Answer {
        match request.method.as_str() {
            "GET" => self.controlled(request),
            "POST" => self.take_push(request).await,
            _ => Answer::empty(404).refusing("no such method"),
        }
    }

    async fn take_push(&self, request: &Request) -> Answer {
        let query = request.query.as_deref().unwrap_or_default();
        let page = if release(&self.device.options().firmware) > 70 {
            ("/servlet", "push=xml")
        } else {
            ("/", "")
        };
        if (request.path.as_str(), query) != page {
            return Answer::empty(404).refusing("no such page");
        }
        if self.model.is_android() {
            return Answer::empty(404).refusing("a push, which Android models do not take");
        }
        if let Some(allowed) = &self.device.options().allow
            && !allowed.contains(&request.peer.ip().to_canonical())
        {
            return Answer::empty(403).refusing("a server that is not allowed");
        }
        if let Err(answer) = self.admit(request, Asks::Push) {
            return answer;
        }
        match self.pushed(request).await {
            Ok(()) => Answer::with_body(200, "text/html", ""),
            Err(reason) => Answer::empty(400).refusing(reason),
        }
    }

    /// Lets a request pass, unless its password is wrong or too many before were.
    fn admit(&self, request: &Request, asks: Asks) -> Result<(), Answer> {
        let mut options = self.device.options().clone();
        // Whatever a phone does for pushes, its own pages ask for Basic.
        if asks == Asks::Control && options.scheme == Scheme::Digest {
            options.scheme = Scheme::Basic;
        }
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.until.is_some_and(|until| Instant::now() < until) {
            return Err(Answer::empty(403).refusing("locked after too many wrong passwords"));
        }
        match self.login.check(request, &options) {
            Ok(()) => {
                *lock = Lock::default();
                Ok(())
            }
            Err(Denied::Asked(answer)) => Err(answer),
            Err(Denied::Wrong(answer)) => {
                self.device.change(|state| state.bad_credentials += 1);
                lock.failures += 1;
                if lock.failures >= MAX_FAILURES {
                    *lock = Lock {
                        failures: 0,
                        until: Some(Instant::now() + LOCKED),
                    };
                }
                Err(answer)
            }
        }
    }
}

/// How many wrong passwords lock the phone.
const MAX_FAILURES: u32 = 3;

/// For how long it is locked.
const LOCKED: Duration = Duration::from_mins(10);
