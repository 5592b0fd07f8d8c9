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
use super::prepare::{Prepared, Workshop, prepare};
use super::route;
use crate::outcome::{Outcome, Status};
use crate::phone::{Credentials, Phone, Vendor};
use crate::shelf::{Shelf, Stand};
use crate::vendor::{self, Auth, Plan, Refused, Verdict};
use crate::verb::{Action, Request, Via};

/// Takes actions to phones. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Courier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    shelf: Shelf,
    logins: Logins,
    http: Client,
    workshop: Arc<Workshop>,
}

impl Courier {
    /// Creates a courier. Blocks while it reads the folder that tones and backgrounds are kept in.
    ///
    /// What phones are to fetch lies on `shelf`; the passwords of open pushes stand in `logins`.
    pub fn open(config: Config, shelf: Shelf, logins: Logins) -> io::Result<Self> {
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
            http: Client::new(),
            workshop,
        })))
    }

    /// Takes what `request` asks for to `phone`, and says what came of it.
    ///
    /// Dropping the future may leave the phone with half of it; it is meant to be run to its end.
    pub async fn deliver(&self, phone: &Phone, request: &Request) -> Outcome {
        let outcome =
            |status, reason: String| Outcome::at(&phone.name, Some(phone.vendor), status, reason);
        if let Some(why) = unavailable(request) {
            return outcome(Status::Unsupported, why);
        }
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
        let plan = match vendor::backend(phone.vendor).plan(phone, &task, &stand) {
            Ok(plan) => plan,
            Err(refused @ Refused::Invalid(_)) => {
                return outcome(Status::Invalid, refused.to_string());
            }
            Err(refused) => return outcome(Status::Unsupported, refused.to_string()),
        };
        match self.send(phone, &plan, request.deadline).await {
            Ok(()) => {
                let notes = [plan.note.as_deref(), note];
                let notes: Vec<_> = notes.into_iter().flatten().collect();
                outcome(Status::Ok, notes.join("; "))
            }
            Err((status, reason)) => outcome(status, reason),
        }
    }

    /// Sends the steps of a plan, in order, until one fails.
    async fn send(
        &self,
        phone: &Phone,
        plan: &Plan,
        deadline: Option<Duration>,
    ) -> Result<(), (Status, String)> {
        let login = self.login(phone, plan);
        let credentials: Option<&Credentials> = phone
            .credentials
            .as_ref()
            .or_else(|| login.as_ref().map(Login::credentials));
        let until = deadline.map(|deadline| Instant::now() + deadline);
        for step in &plan.steps {
            let usual = step.patience.unwrap_or(PATIENCE);
            let patience = until.map_or(usual, |until| {
                until.saturating_duration_since(Instant::now())
            });
            let sent = self
                .0
                .http
                .send(phone, &step.request, credentials, patience)
                .await;
            let reply = sent.map_err(|failure| match failure {
                Failure::NoAnswer(why) => (Status::Unknown, why),
                Failure::NotSent(why) => (Status::Unreachable, why),
                Failure::RefusedBefore(why) => (Status::Denied, why),
            })?;
            match (step.read)(&reply) {
                Verdict::Done => {}
                Verdict::Denied(why) if credentials.is_none() => {
                    let vendor = phone.vendor;
                    let hint =
                        format!("no password is configured ([vendor.{vendor}] or [[phone]])");
                    return Err((Status::Denied, format!("{hint}; {why}")));
                }
                Verdict::Denied(why) => return Err((Status::Denied, why)),
                Verdict::Rejected(why) => return Err((Status::Rejected, why)),
            }
        }
        Ok(())
    }

    /// Makes up a password for a push to a Cisco phone for which none is configured: the phone asks
    /// our own door whether it is good.
    fn login(&self, phone: &Phone, plan: &Plan) -> Option<Login> {
        let passes_on = plan
            .steps
            .iter()
            .any(|step| step.request.auth == Auth::Basic);
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

/// Returns why what is asked can't be done by any phone yet.
fn unavailable(request: &Request) -> Option<String> {
    if request.keep.is_some() {
        return Some("keep: this version holds nothing for phones that are away".to_owned());
    }
    match request.via {
        None | Some(Via::Http) => None,
        Some(via) => {
            let via = via.name();
            Some(format!(
                "via: this version reaches phones by http only, not by {via}"
            ))
        }
    }
}

/// How long a phone may take to answer, connecting and asking for a password included.
const PATIENCE: Duration = Duration::from_secs(10);
