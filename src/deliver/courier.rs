//! The courier: takes an action to a phone.

use std::io;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::time::Instant;

use super::config::Config;
use super::durable::Durable;
use super::http::{Client, Failure};
use super::library::Library;
use super::login::{Login, Logins};
use super::made::Made;
use super::notify;
use super::prepare::{Prepared, Workshop, prepare};
use super::route;
use crate::outcome::{Outcome, Status};
use crate::phone::{Credentials, Phone, Vendor};
use crate::roster::Roster;
use crate::sendoff::Sendoff;
use crate::shelf::{Shelf, Stand};
use crate::vendor::{self, Auth, Exchange, Plan, Refused, Step, Verdict, Way};
use crate::verb::{Action, Request, Via};

/// Takes actions to phones. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Courier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    shelf: Shelf,
    logins: Logins,
    roster: Roster,
    http: Client,
    workshop: Arc<Workshop>,
}

impl Courier {
    /// Creates a courier. Blocks while it reads the folder that tones and backgrounds are kept in.
    ///
    /// What phones are to fetch lies on `shelf`; the passwords of open pushes stand in `logins`;
    /// `roster` tells which server takes a NOTIFY.
    pub fn open(config: Config, shelf: Shelf, logins: Logins, roster: Roster) -> io::Result<Self> {
        let durable = Durable::open(shelf.clone(), config.keep.clone(), config.media_lifetime)?;
        let sources = Library::new(config.folders.clone(), config.hosts.clone());
        let made = Made::new(available_parallelism().map_or(1, Into::into));
        let workshop = Arc::new(Workshop {
            sources,
            durable,
            made,
        });
        Ok(Self(Arc::new(Inner {
            config,
            shelf,
            logins,
            roster,
            http: Client::new(),
            workshop,
        })))
    }

    /// Takes what `request` asks for to `phone`, and says what came of it.
    ///
    /// `sendoff` is told before anything is sent, and then nothing may call it back. Dropping the
    /// future after that may leave the phone with half of it; it is meant to be run to its end.
    pub async fn deliver(&self, phone: &Phone, request: &Request, sendoff: &Sendoff) -> Outcome {
        let outcome =
            |status, reason: String| Outcome::at(&phone.name, Some(phone.vendor), status, reason);
        let way = match way(request) {
            Ok(way) => way,
            Err(why) => return outcome(Status::Unsupported, why),
        };
        if request.action == Action::Ping {
            return outcome(Status::Ok, String::new());
        }
        let Some(stand) = self.stand(phone).await else {
            let reason = format!("no route to {}", phone.address.host);
            return outcome(Status::Unreachable, reason);
        };
        let Prepared { task, note } =
            match prepare(&self.0.workshop, phone, &request.action, &stand).await {
                Ok(prepared) => prepared,
                Err(unprepared) => return outcome(unprepared.status, unprepared.reason),
            };
        let plan = match vendor::plan(phone, &task, way, &stand) {
            Ok(plan) => plan,
            Err(refused @ Refused::Invalid(_)) => {
                return outcome(Status::Invalid, refused.to_string());
            }
            Err(refused) => return outcome(Status::Unsupported, refused.to_string()),
        };
        if !sendoff.begin() {
            return outcome(
                Status::Unreachable,
                "called back before it was sent".to_owned(),
            );
        }
        match self.send(phone, &plan, request.deadline).await {
            Ok(sent) => {
                let notes = [plan.note.as_deref(), note, sent];
                let notes: Vec<_> = notes.into_iter().flatten().collect();
                outcome(Status::Ok, notes.join("; "))
            }
            Err((status, reason)) => outcome(status, reason),
        }
    }

    /// Sends the steps of a plan, in order, until one fails; returns what there is to say of them
    /// although all went well.
    async fn send(
        &self,
        phone: &Phone,
        plan: &Plan,
        deadline: Option<Duration>,
    ) -> Result<Option<&'static str>, Failed> {
        let login = self.login(phone, plan);
        let credentials: Option<&Credentials> = phone
            .credentials
            .as_ref()
            .or_else(|| login.as_ref().map(Login::credentials));
        let until = deadline.map(|deadline| Instant::now() + deadline);
        let mut note = None;
        for step in &plan.steps {
            match step {
                Step::Http(exchange) => {
                    let usual = exchange.patience.unwrap_or(PATIENCE);
                    let until = until.unwrap_or_else(|| Instant::now() + usual);
                    self.exchange(phone, exchange, credentials, until).await?;
                }
                Step::Notify(notify) => {
                    let until = until.unwrap_or_else(|| Instant::now() + PATIENCE);
                    note = notify::send(&self.0.roster, phone, notify, until).await?;
                }
            }
        }
        Ok(note)
    }

    /// Sends one HTTP request and reads its answer.
    async fn exchange(
        &self,
        phone: &Phone,
        exchange: &Exchange,
        credentials: Option<&Credentials>,
        until: Instant,
    ) -> Result<(), Failed> {
        let patience = until.saturating_duration_since(Instant::now());
        let sent = self
            .0
            .http
            .send(phone, &exchange.request, credentials, patience)
            .await;
        let reply = sent.map_err(|failure| match failure {
            Failure::NoAnswer(why) => (Status::Unknown, why),
            Failure::NotSent(why) => (Status::Unreachable, why),
            Failure::RefusedBefore(why) => (Status::Denied, why),
        })?;
        match (exchange.read)(&reply) {
            Verdict::Done => Ok(()),
            Verdict::Denied(why) if credentials.is_none() => {
                let vendor = phone.vendor;
                let hint = format!("no password is configured ([vendor.{vendor}] or [[phone]])");
                Err((Status::Denied, format!("{hint}; {why}")))
            }
            Verdict::Denied(why) => Err((Status::Denied, why)),
            Verdict::Rejected(why) => Err((Status::Rejected, why)),
        }
    }

    /// Makes up a password for a push to a Cisco phone for which none is configured: the phone asks
    /// our own door whether it is good.
    fn login(&self, phone: &Phone, plan: &Plan) -> Option<Login> {
        let passes_on = plan
            .exchanges()
            .any(|exchange| exchange.request.auth == Auth::Basic);
        let wanted = phone.vendor == Vendor::Cisco && passes_on && phone.credentials.is_none();
        wanted.then(|| self.0.logins.open())
    }

    /// Returns the shelf as the phone reaches it.
    async fn stand(&self, phone: &Phone) -> Option<Stand> {
        let config = &self.0.config;
        let base = match &config.url {
            Some(url) => url.clone(),
            None => route::door(&phone.address, config.port).await?,
        };
        Some(Stand::new(
            self.0.shelf.clone(),
            base,
            config.screen_lifetime,
        ))
    }
}

/// A status that is not `OK`, and why.
pub(super) type Failed = (Status, String);

/// Returns the way that is asked for, or why there is no such way.
fn way(request: &Request) -> Result<Option<Way>, String> {
    if request.keep.is_some() {
        return Err("keep: this version holds nothing for phones that are away".to_owned());
    }
    match request.via {
        None => Ok(None),
        Some(Via::Http) => Ok(Some(Way::Http)),
        Some(Via::Notify) => Ok(Some(Way::Notify)),
        Some(via @ (Via::Csta | Via::Pbx)) => Err(format!(
            "via: this version reaches phones by http and notify, not by {}",
            via.name()
        )),
    }
}

/// How long a phone may take to answer, connecting and asking for a password included.
const PATIENCE: Duration = Duration::from_secs(10);
