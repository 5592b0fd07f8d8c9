//! The courier: takes an action to a phone.

use std::io;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::circuit_breakers::Breakers;
use super::config::Config;
use super::conversion_cache::ConversionCache;
use super::execution::{ExecutionLog, Failed, PlanExecution, begin};
use super::local_address;
use super::media_source::MediaSource;
use super::media_store::MediaStore;
use super::mobility::Service;
use super::originate::OriginatedCalls;
use super::phone_client::PhoneClient;
use super::prepare::{MediaPipeline, Prepared, background_png, prepare};
use super::push_credentials::{OneTimeCredentials, PushCredentials};
use super::registration::{self, Sends};
use crate::commit_point::CommitPoint;
use crate::content_store::{ContentPublisher, ContentStore};
use crate::outcome::{Outcome, Status};
use crate::roster::Roster;
use handset_phones::documents::Document;
use handset_phones::phone::{Phone, RegistrationInfo, Vendor};
use handset_phones::screen::Source;
use handset_phones::vendor::{self, Auth, Plan, PlanContext, PlanError, Task};
use handset_phones::verb::{Action, Control, Fit, Mobility, Request, Via};

/// Takes actions to phones. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Courier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    content_store: ContentStore,
    logins: PushCredentials,
    roster: Roster,
    http: PhoneClient,
    breakers: Breakers,
    calls: OriginatedCalls,
    mobility: Service,
    workshop: Arc<MediaPipeline>,
}

impl Courier {
    /// Creates a courier. Blocks while it reads the folder that tones and backgrounds are kept in.
    ///
    /// What phones are to fetch lies on `content_store`; the passwords of open pushes stand in `logins`;
    /// `roster` tells which server takes a NOTIFY.
    pub fn open(
        config: Config,
        content_store: ContentStore,
        logins: PushCredentials,
        roster: Roster,
    ) -> io::Result<Self> {
        let durable = MediaStore::open(
            content_store.clone(),
            config.keep.clone(),
            config.media_lifetime,
        )?;
        let sources = MediaSource::new(config.folders.clone(), config.hosts.clone());
        let made = ConversionCache::new(available_parallelism().map_or(1, Into::into));
        let workshop = Arc::new(MediaPipeline {
            sources,
            durable,
            made,
        });
        let mobility = Service::new(config.call_manager.clone());
        Ok(Self(Arc::new(Inner {
            mobility,
            config,
            content_store,
            logins,
            roster,
            http: PhoneClient::default(),
            breakers: Breakers::default(),
            calls: OriginatedCalls::default(),
            workshop,
        })))
    }

    /// Takes what `request` asks for to `phone`, and says what came of it.
    ///
    /// `commit_point` is asked before anything is sent, and from then on nothing may call it back. Dropping the
    /// future after that may leave the phone with half of it; it is meant to be run to its end.
    pub async fn deliver(
        &self,
        phone: &Phone,
        request: &Request,
        commit_point: &CommitPoint,
    ) -> Outcome {
        let outcome =
            |status, reason: String| Outcome::at(&phone.name, Some(phone.vendor), status, reason);
        if request.action == Action::Ping {
            return outcome(Status::Ok, String::new());
        }
        if let Action::Mobility(mobility) = &request.action {
            if let Err((status, reason)) = begin(commit_point).await {
                return outcome(status, reason);
            }
            return self.mobility(Some(phone), mobility, request).await;
        }
        let Some(publisher) = self.publisher(phone).await else {
            let reason = format!("no route to {}", phone.address.host);
            return outcome(Status::Unreachable, reason);
        };
        let Prepared { task, note } =
            match prepare(&self.0.workshop, phone, &request.action, &publisher).await {
                Ok(prepared) => prepared,
                Err(unprepared) => return outcome(unprepared.status, unprepared.reason),
            };
        let phone = &self.registered(phone);
        let plan = match self.plan(phone, &task, request.via, &publisher) {
            Ok((plan, documents)) => {
                publisher.publish(documents);
                plan
            }
            Err(refused @ PlanError::Invalid(_)) => {
                return outcome(Status::Invalid, refused.to_string());
            }
            Err(refused) => return outcome(Status::Unsupported, refused.to_string()),
        };
        let told = plan.note.clone();
        let (done, record) = self
            .send(phone, plan, request.deadline, &publisher, commit_point)
            .await;
        // A phone that restarts does not always answer before.
        if restarts(&request.action) && matches!(done, Ok(()) | Err((Status::Unknown, _))) {
            self.0.breakers.excuse(&phone.address);
        }
        let outcome = match done {
            Ok(()) => {
                let notes = told.as_deref().into_iter().chain(note);
                let notes: Vec<_> = notes.chain(record.notes).collect();
                outcome(Status::Ok, notes.join("; ")).with_result(record.result)
            }
            Err((status, reason)) => outcome(status, reason),
        };
        Outcome {
            steps: record.steps,
            ..outcome
        }
    }

    /// Makes the background that `phone` would be given, as a PNG file; `None` if the phone fetches
    /// the picture as it is, and what stands against it if it can't be made. Nothing is sent.
    pub async fn background(
        &self,
        phone: &Phone,
        image: &Source,
        fit: Fit,
    ) -> Result<Option<Bytes>, String> {
        let made = background_png(&self.0.workshop, phone, image, fit).await;
        made.map_err(|unprepared| unprepared.reason)
    }

    /// Says whether Asterisk could send a call or a NOTIFY to `phone`, without doing so.
    pub async fn try_out(&self, phone: &Phone, sends: Sends, until: Instant) -> Outcome {
        let tried = registration::try_out(&self.0.roster, phone, sends, until).await;
        let (status, reason) = match tried {
            Ok(words) => (Status::Ok, words),
            Err(failed) => failed,
        };
        Outcome::at(&phone.name, Some(phone.vendor), status, reason)
    }

    /// Returns how many phones give no sign of life and are spared.
    pub fn spared(&self) -> usize {
        self.0.breakers.open()
    }

    /// Adds what only the registration of the phone tells.
    fn registered(&self, phone: &Phone) -> Phone {
        let known = || {
            let facts = self.0.roster.facts(phone.endpoint.as_ref()?);
            let is_it = |facts: &&RegistrationInfo| {
                let is_there = facts.address.is_some() && facts.address == phone.address.ip();
                is_there || facts.contact.is_some() && facts.contact == phone.contact
            };
            match facts.as_slice() {
                [only] => only.call_id.clone(),
                several => several.iter().find(is_it)?.call_id.clone(),
            }
        };
        Phone {
            call_id: phone.call_id.clone().or_else(known),
            ..phone.clone()
        }
    }

    /// Does what a request to the call manager asks for that names its device or user itself.
    pub async fn deliver_to_call_manager(&self, request: &Request) -> Outcome {
        match &request.action {
            Action::Mobility(mobility) => self.mobility(None, mobility, request).await,
            _ => Outcome::new(Status::Invalid, "phone is missing"),
        }
    }

    async fn mobility(
        &self,
        phone: Option<&Phone>,
        mobility: &Mobility,
        request: &Request,
    ) -> Outcome {
        let outcome = |status, reason: String| match phone {
            Some(phone) => Outcome::at(&phone.name, Some(phone.vendor), status, reason),
            None => Outcome::new(status, reason),
        };
        if request.via.is_some() {
            let reason = "via: the call manager is asked, not the phone; leave via out";
            return outcome(Status::Unsupported, reason.to_owned());
        }
        let patience = request.deadline.unwrap_or(CALL_MANAGER);
        let mut errand = match self.0.mobility.begin(Instant::now() + patience) {
            Ok(errand) => errand,
            Err((status, reason)) => return outcome(status, reason),
        };
        let outcome = match errand.run(mobility, phone).await {
            Ok(result) => outcome(Status::Ok, String::new()).with_result(result),
            Err((status, reason)) => outcome(status, reason),
        };
        Outcome {
            steps: errand.steps,
            ..outcome
        }
    }

    /// Asks the vendor's backend for a plan, and returns it with the documents that the phone will
    /// fetch. The transport that the request names must be used; the one that the configuration
    /// prefers for the phone is used where it can do what is asked.
    fn plan(
        &self,
        phone: &Phone,
        task: &Task,
        via: Option<Via>,
        publisher: &ContentPublisher,
    ) -> Result<(Plan, Vec<Document>), PlanError> {
        let endpoint = phone.endpoint.as_ref();
        let asterisk = endpoint.is_some_and(|endpoint| self.0.roster.knows(endpoint));
        let plan = |via| {
            let documents = publisher.documents();
            let context = PlanContext {
                via,
                asterisk,
                documents: &documents,
            };
            let plan = vendor::plan(phone, task, &context)?;
            Ok((plan, documents.into_items()))
        };
        if via.is_some() {
            return plan(via);
        }
        match phone.via.map(|via| plan(Some(via))) {
            Some(Ok(planned)) => Ok(planned),
            Some(Err(refused @ PlanError::Invalid(_))) => Err(refused),
            Some(Err(_)) | None => plan(None),
        }
    }

    /// Carries a plan out; returns what came of it, and what was done.
    async fn send(
        &self,
        phone: &Phone,
        plan: Plan,
        deadline: Option<Duration>,
        publisher: &ContentPublisher,
        commit_point: &CommitPoint,
    ) -> (Result<(), Failed>, ExecutionLog) {
        let login = self.login(phone, &plan);
        let mut errand = PlanExecution {
            http: &self.0.http,
            breakers: self.0.config.spare_the_silent.then_some(&self.0.breakers),
            roster: &self.0.roster,
            calls: &self.0.calls,
            phone,
            publisher,
            credentials: phone
                .credentials
                .as_ref()
                .or_else(|| login.as_ref().map(OneTimeCredentials::credentials)),
            commit_point,
            until: deadline.map(|deadline| Instant::now() + deadline),
            record: ExecutionLog::default(),
        };
        let done = errand.run(plan).await;
        (done, errand.record)
    }

    /// Makes up a password for a push to a Cisco phone for which none is configured: the phone asks
    /// our own door whether it is good.
    fn login(&self, phone: &Phone, plan: &Plan) -> Option<OneTimeCredentials> {
        let passes_on = plan
            .exchanges()
            .any(|exchange| exchange.request.auth == Auth::PreemptiveBasic);
        let wanted = phone.vendor == Vendor::Cisco && passes_on && phone.credentials.is_none();
        wanted.then(|| self.0.logins.open())
    }

    /// Returns the content_store as the phone reaches it.
    async fn publisher(&self, phone: &Phone) -> Option<ContentPublisher> {
        let config = &self.0.config;
        let base = match &config.url {
            Some(url) => url.clone(),
            None => local_address::door(&phone.address, config.port).await?,
        };
        Some(ContentPublisher::new(
            self.0.content_store.clone(),
            base,
            config.screen_lifetime,
        ))
    }
}

/// Returns whether a phone that does this is away for a while.
fn restarts(action: &Action) -> bool {
    use Control::{Firmware, Reboot, Resync};
    matches!(action, Action::Control(Firmware(_) | Reboot | Resync))
}

/// How long the call manager may take, all questions together.
const CALL_MANAGER: Duration = Duration::from_secs(15);
