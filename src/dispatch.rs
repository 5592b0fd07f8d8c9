//! From a request to deliveries: one for each phone, each a task of its own.
//!
//! A delivery goes on when nobody waits for it any more, and a fault in one ends no other; those to
//! the same phone come one after the other. Each is
//! noted in the [`History`], with who asked; until something is sent it can be called back.

mod queue;
mod under_way;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{Instrument, info, info_span};

use crate::deliver::Courier;
use crate::finder::Finder;
use crate::history::{Asked, Asker, History};
use crate::meters::Meters;
use crate::outcome::{Answer, Outcome, Status};
use crate::phone::Phone;
use crate::sendoff::Sendoff;
use crate::shutdown::Tasks;
use crate::verb::{Action, Request};
use queue::{Come, Queues};
use under_way::UnderWay;

/// Starts deliveries. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    finder: Finder,
    courier: Courier,
    history: History,
    meters: Meters,
    under_way: UnderWay,
    queues: Queues,
    tasks: Tasks,
}

impl Dispatcher {
    /// Creates a dispatcher. `finder` knows whose phone is meant, `courier` takes it there, what
    /// came of it is kept in `history`, and deliveries run among `tasks`.
    pub fn new(finder: Finder, courier: Courier, history: History, tasks: Tasks) -> Self {
        Self {
            finder,
            courier,
            history,
            meters: Meters::default(),
            under_way: UnderWay::default(),
            queues: Queues::default(),
            tasks,
        }
    }

    /// Returns what was delivered before.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Returns what is counted.
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Returns how many deliveries are under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Returns who takes requests to phones.
    pub fn courier(&self) -> &Courier {
        &self.courier
    }

    /// Returns how many deliveries wait for another one to the same phone.
    pub fn waiting(&self) -> usize {
        self.queues.len()
    }

    /// Calls back what was asked under the number `id` and is not sent yet; returns the phones that
    /// will hear nothing of it.
    pub fn call_back(&self, id: &str, asker: &Asker) -> Vec<String> {
        self.under_way.call_back(id, asker)
    }

    /// Notes a request that is wrong, and says so.
    pub fn refuse(&self, asked: &Asked, why: impl Into<String>) -> Answer {
        self.note(asked, Outcome::new(Status::Invalid, why)).into()
    }

    /// Notes what came of a request for which nothing was started.
    fn note(&self, asked: &Asked, outcome: Outcome) -> Outcome {
        let entry = self.history.begin(asked, &outcome.phone, outcome.vendor);
        self.history.end(entry, &outcome);
        let (vendor, status) = (outcome.vendor, outcome.status);
        self.meters
            .delivered(vendor, &asked.verb, status, Duration::ZERO);
        outcome
    }

    /// Returns who knows whose phone is meant.
    pub fn finder(&self) -> &Finder {
        &self.finder
    }

    /// Takes a request to all phones that it names, and waits until all is done.
    ///
    /// There is no caller here, so a request that names no phone is `INVALID`.
    pub async fn dispatch(&self, request: Request, asked: &Asked) -> Answer {
        match self.launch(request, asked) {
            Ok(mut deliveries) => {
                join_all(deliveries.iter_mut().map(Delivery::end)).await;
                Answer::of(&Delivery::outcomes(deliveries))
            }
            Err(answer) => answer,
        }
    }

    /// Starts the deliveries to all phones that a request names; where there is nothing to start,
    /// returns the answer.
    pub fn launch(&self, request: Request, asked: &Asked) -> Result<Vec<Delivery>, Answer> {
        if request.action == Action::Ping {
            return Err(Outcome::new(Status::Ok, String::new()).into());
        }
        if Self::needs_no_phone(&request) {
            return Ok(vec![self.start_alone(request, asked)]);
        }
        let Some(names) = &request.phone else {
            let why = "phone is missing; there is no caller whose phone it could be";
            return Err(self.refuse(asked, why));
        };
        let found = self.finder.find(names);
        Ok(self.start(found, request, asked))
    }

    /// Returns whether a request is about a device or user that the call manager knows by name, so
    /// that no phone has to be found.
    pub fn needs_no_phone(request: &Request) -> bool {
        matches!(&request.action, Action::Mobility(mobility) if !mobility.is_about_the_phone())
    }

    /// Starts a request that needs no phone.
    pub fn start_alone(&self, request: Request, asked: &Asked) -> Delivery {
        let courier = self.courier.clone();
        let history = self.history.clone();
        let entry = history.begin(asked, "", None);
        let delivery = async move {
            let outcome = courier.deliver_to_call_manager(&request).await;
            history.end(entry, &outcome);
            let Outcome { status, reason, .. } = &outcome;
            info!(verb = %request.verb, %status, reason, "Delivered.");
            outcome
        };
        let span = info_span!("call manager");
        Delivery {
            outcome: Outcome::new(Status::Queued, ""),
            task: Some(self.tasks.spawn("delivery", delivery.instrument(span))),
        }
    }

    /// Starts the deliveries to the phones that were found.
    pub fn start(
        &self,
        found: Vec<Result<Phone, Outcome>>,
        request: Request,
        asked: &Asked,
    ) -> Vec<Delivery> {
        let request = Arc::new(request);
        found
            .into_iter()
            .map(|found| match found {
                Ok(phone) => self.start_one(phone, Arc::clone(&request), asked),
                Err(outcome) => Delivery {
                    outcome: self.note(asked, outcome),
                    task: None,
                },
            })
            .collect()
    }

    fn start_one(&self, phone: Phone, request: Arc<Request>, asked: &Asked) -> Delivery {
        let outcome = Outcome::at(&phone.name, Some(phone.vendor), Status::Queued, "");
        let Ok(mut turn) = self.queues.enter(&phone, &request) else {
            let outcome = Outcome {
                status: Status::Unreachable,
                reason: "too much waits for this phone already".to_owned(),
                ..outcome
            };
            let outcome = self.note(asked, outcome);
            return Delivery {
                outcome,
                task: None,
            };
        };
        let courier = self.courier.clone();
        let (history, meters) = (self.history.clone(), self.meters.clone());
        let entry = history.begin(asked, &phone.name, Some(phone.vendor));
        let sendoff = Sendoff::default();
        let place = self.under_way.enter(&asked.id, &phone.name, &sendoff);
        let span = info_span!("phone", name = %phone.name, vendor = %phone.vendor, address = %phone.address);
        let delivery = async move {
            let since = Instant::now();
            let outcome = tokio::select! {
                biased;
                () = sendoff.called_back() => place.withdrawn(&phone),
                outcome = async {
                    match turn.come().await {
                        Come::Now => courier.deliver(&phone, &request, &sendoff).await,
                        Come::Replaced => {
                            let reason = "a newer screen took its place before it was sent";
                            Outcome::at(&phone.name, Some(phone.vendor), Status::Unreachable, reason)
                        }
                    }
                } => outcome,
            };
            drop(turn);
            drop(place);
            history.end(entry, &outcome);
            let Outcome { status, reason, .. } = &outcome;
            let (vendor, verb) = (Some(phone.vendor), request.verb.name());
            meters.delivered(vendor, verb, *status, since.elapsed());
            info!(verb = %request.verb, %status, reason, "Delivered.");
            outcome
        };
        Delivery {
            outcome,
            task: Some(self.tasks.spawn("delivery", delivery.instrument(span))),
        }
    }
}

/// A delivery that may still go on.
#[derive(Debug)]
pub struct Delivery {
    /// What came of it, so far.
    outcome: Outcome,
    task: Option<JoinHandle<Outcome>>,
}

impl Delivery {
    /// Waits for the end. Cancel safe.
    pub async fn end(&mut self) {
        let Some(task) = &mut self.task else { return };
        self.outcome = match task.await {
            Ok(outcome) => outcome,
            Err(error) => Outcome {
                status: Status::Error,
                reason: format!("the delivery broke off: {error}; see the log"),
                ..self.outcome.clone()
            },
        };
        self.task = None;
    }

    /// Sums up deliveries of which some go on, for which `reason` is given.
    pub fn queued(deliveries: Vec<Self>, reason: &str) -> Answer {
        let told = |delivery: Self| {
            let mut outcome = delivery.outcome;
            if delivery.task.is_some() {
                reason.clone_into(&mut outcome.reason);
            }
            outcome
        };
        Answer::of(&deliveries.into_iter().map(told).collect::<Vec<_>>())
    }

    /// Returns what came of each, so far.
    pub fn outcomes(deliveries: Vec<Self>) -> Vec<Outcome> {
        deliveries.into_iter().map(|one| one.outcome).collect()
    }
}
