//! From a request to deliveries: one for each phone, each a task of its own.
//!
//! A delivery goes on when nobody waits for it any more, and a fault in one ends no other.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tracing::{Instrument, info, info_span};

use crate::deliver::Courier;
use crate::finder::Finder;
use crate::outcome::{Answer, Outcome, Status};
use crate::phone::Phone;
use crate::shutdown::Tasks;
use crate::verb::{Action, Request};

/// Starts deliveries. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    finder: Finder,
    courier: Courier,
    tasks: Tasks,
}

impl Dispatcher {
    /// Creates a dispatcher. `finder` knows whose phone is meant, `courier` takes it there, and
    /// deliveries run among `tasks`.
    pub fn new(finder: Finder, courier: Courier, tasks: Tasks) -> Self {
        Self {
            finder,
            courier,
            tasks,
        }
    }

    /// Returns who knows whose phone is meant.
    pub fn finder(&self) -> &Finder {
        &self.finder
    }

    /// Takes a request to all phones that it names, and waits until all is done.
    ///
    /// There is no caller here, so a request that names no phone is `INVALID`.
    pub async fn dispatch(&self, request: Request) -> Answer {
        if request.action == Action::Ping {
            return Outcome::new(Status::Ok, String::new()).into();
        }
        if Self::needs_no_phone(&request) {
            let mut deliveries = vec![self.start_alone(request)];
            join_all(deliveries.iter_mut().map(Delivery::end)).await;
            return Answer::of(&Delivery::outcomes(deliveries));
        }
        let Some(names) = &request.phone else {
            let reason = "phone is missing; there is no caller whose phone it could be";
            return Outcome::new(Status::Invalid, reason).into();
        };
        let found = self.finder.find(names);
        let mut deliveries = self.start(found, request);
        join_all(deliveries.iter_mut().map(Delivery::end)).await;
        Answer::of(&Delivery::outcomes(deliveries))
    }

    /// Returns whether a request is about a device or user that the call manager knows by name, so
    /// that no phone has to be found.
    pub fn needs_no_phone(request: &Request) -> bool {
        matches!(&request.action, Action::Mobility(mobility) if !mobility.is_about_the_phone())
    }

    /// Starts a request that needs no phone.
    pub fn start_alone(&self, request: Request) -> Delivery {
        let courier = self.courier.clone();
        let delivery = async move {
            let outcome = courier.deliver_to_call_manager(&request).await;
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
    pub fn start(&self, found: Vec<Result<Phone, Outcome>>, request: Request) -> Vec<Delivery> {
        let request = Arc::new(request);
        found
            .into_iter()
            .map(|found| match found {
                Ok(phone) => self.start_one(phone, Arc::clone(&request)),
                Err(outcome) => Delivery {
                    outcome,
                    task: None,
                },
            })
            .collect()
    }

    fn start_one(&self, phone: Phone, request: Arc<Request>) -> Delivery {
        let outcome = Outcome::at(&phone.name, Some(phone.vendor), Status::Queued, "");
        let courier = self.courier.clone();
        let span = info_span!("phone", name = %phone.name, vendor = %phone.vendor, address = %phone.address);
        let delivery = async move {
            let outcome = courier.deliver(&phone, &request).await;
            let Outcome { status, reason, .. } = &outcome;
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
