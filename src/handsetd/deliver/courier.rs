//! The courier: delivers an action to a phone.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::thread::available_parallelism;

use bytes::Bytes;
use handset_phones::documents::{Document, StoredContent};
use handset_phones::phone::{Phone, RegistrationInfo, Vendor};
use handset_phones::screen::{Screen, Source};
use handset_phones::vendor::{
    self, Auth, CstaSession, Plan, PlanContext, PlanError, PreparedContent, Task,
};
use handset_phones::verb::{Action, Control, Fit, Mobility, Push, Request, Via};
use tokio::time::Instant;
use url::Url;

use super::circuit_breakers::CircuitBreakers;
use super::config::Config;
use super::contactable::Contactable;
use super::conversion_cache::ConversionCache;
use super::execution::{ExecutionLog, PlanExecution};
use super::expected_fetches::{ExpectedFetches, explained};
use super::failure::Failure;
use super::form_address::FormAddress;
use super::local_address;
use super::look_up::look_up;
use super::media_source::MediaSource;
use super::media_store::MediaStore;
use super::mobility::Service;
use super::originate::OriginatedCalls;
use super::phone_client::{Accounts, PhoneClient};
use super::prepare::{MediaPipeline, Prepared, background_png, prepare};
use super::push_credentials::{OpenPush, PushCredentials};
use super::read_files::read_files;
use super::registration::{self, Sends};
use super::shared_plans::{Planned, SharedPlans};
use crate::commit_point::CommitPoint;
use crate::content_store::{ContentPublisher, ContentStore};
use crate::fleet::CarriedFiles;
use crate::outcome::{Outcome, Status};
use crate::roster::Roster;
use crate::uacsta::Sessions;

/// Delivers actions to phones. Clones share their state.
#[derive(Clone, Debug)]
pub(crate) struct Courier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    content_store: ContentStore,
    push_credentials: PushCredentials,
    roster: Roster,
    http: PhoneClient,
    breakers: CircuitBreakers,
    calls: OriginatedCalls,
    call_manager: Service,
    media: Arc<MediaPipeline>,
    sessions: Sessions,
}

impl Courier {
    /// Creates a courier. Blocks while it reads the directory of stored tones and backgrounds, and
    /// fails if it cannot.
    ///
    /// Phones fetch from `content_store`, `push_credentials` has the passwords of pushes in progress,
    /// `roster` knows which server sends a NOTIFY to a phone, and `sessions` are those over which CSTA
    /// requests travel.
    pub(crate) fn open(
        config: Config,
        content_store: ContentStore,
        push_credentials: PushCredentials,
        roster: Roster,
        sessions: Sessions,
    ) -> io::Result<Self> {
        let media_dir = config.media_dir.clone();
        let store = MediaStore::open(content_store.clone(), media_dir, config.media_lifetime)?;
        let media = Arc::new(MediaPipeline {
            source: MediaSource::new(config.folders.clone(), config.hosts.clone()),
            store,
            cache: ConversionCache::new(available_parallelism().map_or(1, Into::into)),
        });
        Ok(Self(Arc::new(Inner {
            call_manager: Service::new(config.call_manager.clone()),
            config,
            content_store,
            push_credentials,
            roster,
            http: PhoneClient::default(),
            breakers: CircuitBreakers::default(),
            calls: OriginatedCalls::default(),
            media,
            sessions,
        })))
    }

    /// Delivers `request` to `phone`, and returns the outcome.
    ///
    /// The files that it names are those of `files`, if it was made at another daemon. Its other deliveries share
    /// `plans`. Commits before anything is sent. Dropping the future after that may leave the phone with half of
    /// the request.
    pub(crate) async fn deliver(
        &self,
        phone: &Phone,
        request: &Request,
        files: &CarriedFiles,
        plans: &SharedPlans,
        commit_point: &CommitPoint,
    ) -> Outcome {
        let outcome =
            |status, reason: String| Outcome::at(&phone.name, Some(phone.vendor), status, reason);
        if request.action == Action::Ping {
            return outcome(Status::Ok, String::new());
        }
        let contactable = Contactable::check(phone, &self.0.config.networks, look_up).await;
        let phone = contactable.as_deref().unwrap_or(phone);
        let Some(publisher) = self.publisher(phone).await else {
            let reason = match contactable {
                Err(Failure { status, reason }) => return outcome(status, reason),
                Ok(_) => format!("no route to {}", phone.address.host),
            };
            return outcome(Status::Unreachable, reason);
        };
        let phone = &*self.with_call_id(phone);
        let contactable = contactable.as_ref();
        let planned = self
            .planned((phone, contactable), request, (files, plans), &publisher)
            .await;
        let planned = match planned {
            Ok(planned) => planned,
            Err(Failure { status, reason }) => return outcome(status, reason),
        };
        let Planned {
            plan,
            note,
            expected,
        } = &*planned;
        let started = Instant::now();
        let until = request.deadline.map(|deadline| started + deadline);
        let (result, log) = self
            .execute((phone, contactable), plan, until, &publisher, commit_point)
            .await;
        let result = match result {
            Ok(()) => expected.wait(until, started, phone, &publisher).await,
            Err(failure) => Err(explained(failure, started, phone, &publisher).await),
        };
        // A phone that restarts does not always reply first.
        let may_restart = match &result {
            Ok(()) => true,
            Err(failure) => failure.status == Status::Unknown,
        };
        if restarts(&request.action) && may_restart {
            self.0.breakers.grant_grace(&phone.address);
        }
        let outcome = match result {
            Ok(()) => {
                let notes = plan.note.as_deref().into_iter().chain(note.as_deref());
                let notes = notes.chain(log.notes).chain(expected.note());
                let notes: Vec<_> = notes.collect();
                outcome(Status::Ok, notes.join("; ")).with_result(log.result)
            }
            Err(Failure { status, reason }) => outcome(status, reason),
        };
        Outcome {
            steps: log.steps.into(),
            fetches: expected.fetches().into(),
            ..outcome
        }
    }

    /// Returns the plan for `phone`, whose web server is that of `contactable`: one of those of the request, if
    /// that has one for such a phone. What the phone will fetch is published.
    async fn planned(
        &self,
        (phone, contactable): (&Phone, Result<&Contactable<'_>, &Failure>),
        request: &Request,
        (files, plans): (&CarriedFiles, &SharedPlans),
        publisher: &ContentPublisher,
    ) -> Result<Arc<Planned>, Failure> {
        let context = (publisher.base(), self.is_known_to_asterisk(phone));
        let check = |plan: &Plan| match contactable {
            Err(failure) if plan.exchanges().next().is_some() => Err(failure.clone()),
            _ => Ok(()),
        };
        if let Some(planned) = plans.get(phone, context) {
            check(&planned.plan)?;
            return Ok(planned);
        }
        let Prepared { task, note } =
            prepare(&self.0.media, files, phone, &request.action, publisher).await?;
        let Drafted {
            plan,
            documents,
            form_token,
        } = self.plan(phone, &task, request.via, publisher)?;
        check(&plan)?;
        // Before anything is sent: some phones fetch before they reply.
        let expected = ExpectedFetches::of(&task, &plan, &documents, publisher, phone);
        publisher.publish(documents);
        let form = form_token.zip(form_of(&task));
        let is_of_one_phone = form.is_some() || !expected.is_empty();
        if let Some((token, form)) = form {
            publisher.publish_form(&token, form.clone());
        }
        let planned = Arc::new(Planned {
            plan,
            note,
            expected,
        });
        if matches!(task, Task::Push(..)) && !is_of_one_phone {
            plans.insert(phone, context, &planned);
        }
        Ok(planned)
    }

    /// Reads the files that `action` names, for another daemon that delivers it: a template in each version
    /// that there is for a vendor.
    pub(crate) async fn read_files(
        &self,
        action: &Action,
    ) -> Result<Vec<(String, Bytes)>, Failure> {
        read_files(&self.0.media, action).await
    }

    /// Has the call manager execute `mobility`, the action of `request`, and returns the outcome.
    /// Concerns `phone` unless it names a device or a user. Commits before anything is sent.
    pub(crate) async fn ask_call_manager(
        &self,
        phone: Option<&Phone>,
        mobility: &Mobility,
        request: &Request,
        commit_point: &CommitPoint,
    ) -> Outcome {
        let call_manager = &self.0.call_manager;
        call_manager
            .execute(phone, mobility, request, commit_point)
            .await
    }

    /// Converts the background that `phone` would get, as a PNG file; `None` if the phone fetches
    /// the original itself. Nothing is sent.
    pub(crate) async fn background(
        &self,
        phone: &Phone,
        image: &Source,
        fit: Fit,
    ) -> Result<Option<Bytes>, Failure> {
        background_png(&self.0.media, phone, image, fit).await
    }

    /// Writes the document that shows `push` on `phone`, which fetches it by itself, and publishes what it
    /// leads to. A form without another address is sent to `form`.
    pub(crate) async fn document(
        &self,
        phone: &Phone,
        push: &Push,
        form: FormAddress<'_>,
    ) -> Result<StoredContent, Failure> {
        let Some(publisher) = self.publisher(phone).await else {
            let reason = format!("no route to {}", phone.address.host);
            return Err(Failure::new(Status::Unreachable, reason));
        };
        let Prepared { task, .. } = prepare(
            &self.0.media,
            &CarriedFiles::default(),
            phone,
            &Action::Push(push.clone()),
            &publisher,
        )
        .await?;
        let Task::Push(content, _) = task else {
            return Err(Failure::new(Status::Error, "a page only shows something"));
        };
        let documents = publisher.documents();
        let documents = documents.with_form_url(form.url(publisher.base()));
        let written = vendor::document(phone, &content, &documents)?;
        publisher.publish(documents.into_items());
        Ok(written)
    }

    /// Checks whether Asterisk could send a call or a NOTIFY to `phone`, without sending it.
    pub(crate) async fn probe(&self, phone: &Phone, sends: Sends, until: Instant) -> Outcome {
        let probed = registration::probe(&self.0.roster, phone, sends, until).await;
        let (status, reason) = match probed {
            Ok(summary) => (Status::Ok, summary),
            Err(Failure { status, reason }) => (status, reason),
        };
        Outcome::at(&phone.name, Some(phone.vendor), status, reason)
    }

    /// Returns how many connections of phones were refused since the start.
    pub(crate) fn refused_connections(&self) -> u64 {
        self.0.content_store.refused_count()
    }

    /// Returns how many circuit breakers are open.
    pub(crate) fn open_circuit_breakers(&self) -> usize {
        self.0.breakers.open_count()
    }

    /// Adds the `Call-ID` of the phone's registration.
    fn with_call_id<'a>(&self, phone: &'a Phone) -> Cow<'a, Phone> {
        let registered = || {
            let endpoint = phone.endpoint.as_ref()?;
            let registrations = self.0.roster.registrations(endpoint, phone.server.as_ref());
            let is_phone = |info: &&RegistrationInfo| {
                let has_address = info.address.is_some() && info.address == phone.address.ip();
                has_address || info.contact.is_some() && info.contact == phone.contact
            };
            match registrations.as_slice() {
                [only] => only.call_id.clone(),
                several => several.iter().find(is_phone)?.call_id.clone(),
            }
        };
        if phone.call_id.is_some() {
            return Cow::Borrowed(phone);
        }
        match registered() {
            None => Cow::Borrowed(phone),
            call_id => Cow::Owned(Phone {
                call_id,
                ..phone.clone()
            }),
        }
    }

    /// Returns whether the endpoint of a phone is registered with Asterisk.
    fn is_known_to_asterisk(&self, phone: &Phone) -> bool {
        let endpoint = phone.endpoint.as_ref();
        let server = phone.server.as_ref();
        endpoint.is_some_and(|endpoint| self.0.roster.knows(endpoint, server))
    }

    /// Returns the plan of the vendor's backend, and the documents that the phone will fetch. A
    /// transport in the request is mandatory; the one that the configuration prefers for the phone is
    /// used where it supports the task.
    fn plan(
        &self,
        phone: &Phone,
        task: &Task,
        via: Option<Via>,
        publisher: &ContentPublisher,
    ) -> Result<Drafted, PlanError> {
        let asterisk = self.is_known_to_asterisk(phone);
        let dialect = self.0.sessions.dialect(phone);
        let csta = dialect.as_ref().map(|dialect| CstaSession {
            dialect,
            is_expected: self.0.sessions.is_expected(phone),
        });
        let plan = |via| {
            let documents = publisher.documents();
            let context = PlanContext {
                via,
                asterisk,
                csta,
                documents: &documents,
            };
            let plan = vendor::plan(phone, task, &context)?;
            Ok(Drafted {
                plan,
                form_token: documents.form_token().map(ToOwned::to_owned),
                documents: documents.into_items(),
            })
        };
        if via.is_some() {
            return plan(via);
        }
        match phone.via.map(|via| plan(Some(via))) {
            Some(Ok(planned)) => Ok(planned),
            Some(Err(error @ PlanError::Invalid(_))) => Err(error),
            Some(Err(_)) | None => plan(None),
        }
    }

    /// Returns why there is no plan for `task`; its documents are not published.
    pub(super) fn plan_error(
        &self,
        phone: &Phone,
        task: &Task,
        via: Option<Via>,
        publisher: &ContentPublisher,
    ) -> Option<PlanError> {
        self.plan(&self.with_call_id(phone), task, via, publisher)
            .err()
    }

    /// Executes a plan for `phone`, whose web server is that of `contactable`; returns its result, and
    /// what was done.
    async fn execute(
        &self,
        (phone, contactable): (&Phone, Result<&Contactable<'_>, &Failure>),
        plan: &Plan,
        until: Option<Instant>,
        publisher: &ContentPublisher,
        commit_point: &CommitPoint,
    ) -> (Result<(), Failure>, ExecutionLog) {
        let push = self.open_push(phone, plan).await;
        let breakers = &self.0.breakers;
        let mut execution = PlanExecution {
            http: &self.0.http,
            breakers: self.0.config.circuit_breaker.then_some(breakers),
            roster: &self.0.roster,
            calls: &self.0.calls,
            sessions: &self.0.sessions,
            phone,
            contactable,
            publisher,
            accounts: Accounts {
                configured: phone.credentials.as_ref(),
                push: push.as_ref(),
            },
            commit_point,
            until,
            log: ExecutionLog::default(),
        };
        let result = execution.run(plan).await;
        (result, execution.log)
    }

    /// Registers a push to a Cisco phone that asks handsetd's authentication URL about it; `None` for
    /// other phones.
    async fn open_push(&self, phone: &Phone, plan: &Plan) -> Option<OpenPush> {
        let sends_password = plan
            .exchanges()
            .any(|exchange| exchange.request.auth == Auth::PreemptiveBasic);
        if phone.vendor != Vendor::Cisco || !sends_password {
            return None;
        }
        let addresses = local_address::resolve(&phone.address).await;
        Some(self.0.push_credentials.open(phone, &addresses))
    }

    /// Returns the publisher of URLs that the phone reaches; `None` if there is no route to it.
    pub(super) async fn publisher(&self, phone: &Phone) -> Option<ContentPublisher> {
        let config = &self.0.config;
        let base = match &config.url {
            Some(url) => url.clone(),
            None => local_address::base_url_for(&phone.address, config.port).await?,
        };
        Some(self.publisher_at(base))
    }

    /// Returns the publisher of URLs that begin with `base`.
    pub(super) fn publisher_at(&self, base: Url) -> ContentPublisher {
        let content_store = self.0.content_store.clone();
        ContentPublisher::new(content_store, base, self.0.config.screen_lifetime)
    }

    /// Returns `http.url`, if it is configured.
    pub(super) fn own_url(&self) -> Option<Url> {
        self.0.config.url.clone()
    }
}

/// A plan, and what the phone fetches and sends.
struct Drafted {
    plan: Plan,
    documents: Vec<Document>,
    /// The token under which a form comes back to handsetd.
    form_token: Option<String>,
}

/// Returns the screen of a push.
fn form_of(task: &Task) -> Option<&Screen> {
    match task {
        Task::Push(PreparedContent::Screen(screen, _), _) => Some(screen),
        _ => None,
    }
}

/// Returns whether a phone restarts to execute this.
fn restarts(action: &Action) -> bool {
    use Control::{Firmware, Reboot, Resync};
    matches!(action, Action::Control(Firmware(_) | Reboot | Resync))
}
