//! What dialplans call: the script behind every `AGI(agi://…/VERB,…)`.
//!
//! A call is never hung up and never held longer than its budget. Deliveries are tasks of their own,
//! so they go on when the call does not wait for them.

mod asterisk;
mod whom;
mod words;

use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, error, info, info_span};

use crate::agi::{self, Channel, Script};
use crate::deliver::Courier;
use crate::finder::Finder;
use crate::outcome::{Answer, DeliveryId, Outcome, Status};
use crate::phone::Phone;
use crate::shutdown::Tasks;
use crate::verb::{Action, Request};

/// Serves the dialplan.
#[derive(Debug)]
pub struct Dialplan {
    /// Who knows whose phone is meant.
    pub finder: Finder,
    /// Who takes it to the phones.
    pub courier: Courier,
    /// How long a call may be held.
    pub budget: Duration,
    /// Where deliveries run, which may outlast their call.
    pub tasks: Tasks,
}

impl Script for Dialplan {
    async fn run(&self, request: &agi::Request, channel: &mut Channel) -> Result<(), agi::Error> {
        let id = DeliveryId::random();
        let span = info_span!("delivery", %id);
        async {
            // What is left of the budget is for telling the channel.
            let until = Instant::now() + self.budget - (self.budget / 10).min(TELLING);
            let answer = self.answer(request, channel, until).await;
            let Answer { status, reason, phone, vendor } = &answer;
            let (caller, script) = (request.channel(), request.script());
            if *status == Status::Error {
                error!(caller, verb = script, %status, reason, "A delivery failed by our own fault.");
            } else {
                info!(caller, verb = script, phone, %status, reason, "Answered a call.");
            }
            let variables = [
                ("HANDSET_STATUS", status.word()),
                ("HANDSET_REASON", &one_line(reason)),
                ("HANDSET_PHONE", phone),
                ("HANDSET_VENDOR", vendor),
                ("HANDSET_ID", &id.to_string()),
            ];
            for (name, value) in variables {
                channel.set_variable(name, value).await?;
            }
            Ok(())
        }
        .instrument(span)
        .await
    }
}

impl Dialplan {
    async fn answer(&self, call: &agi::Request, channel: &mut Channel, until: Instant) -> Answer {
        let request = match words::read(call) {
            Ok(request) => request,
            Err(refusal) => return Outcome::new(Status::Invalid, refusal.to_string()).into(),
        };
        if request.action == Action::Ping {
            return Outcome::new(Status::Ok, String::new()).into();
        }
        let finding = timeout_at(until, whom::find(&self.finder, &request, call, channel));
        let Ok(found) = finding.await else {
            let reason = "Asterisk did not tell whose phone it is in time";
            return Outcome::new(Status::NotFound, reason).into();
        };
        let deliveries = found
            .into_iter()
            .map(|found| self.start(found, &request))
            .collect();
        if !request.wait {
            return queued(deliveries, "");
        }
        self.wait(deliveries, channel, until).await
    }

    /// Starts the delivery to a phone, if it was found.
    fn start(&self, found: Result<Phone, Outcome>, request: &Request) -> Delivery {
        let phone = match found {
            Ok(phone) => phone,
            Err(outcome) => {
                return Delivery {
                    outcome,
                    task: None,
                };
            }
        };
        let outcome = Outcome::at(&phone.name, Some(phone.vendor), Status::Queued, "");
        let (courier, request) = (self.courier.clone(), request.clone());
        let span = info_span!("phone", name = %phone.name, vendor = %phone.vendor, address = %phone.address);
        let task = self.tasks.spawn(
            "delivery",
            async move {
                let outcome = courier.deliver(&phone, &request).await;
                let Outcome { status, reason, .. } = &outcome;
                info!(verb = %request.verb, %status, reason, "Delivered.");
                outcome
            }
            .instrument(span),
        );
        Delivery {
            outcome,
            task: Some(task),
        }
    }

    /// Waits for deliveries, but no longer than the call may be held, nor when it is over.
    async fn wait(&self, mut all: Vec<Delivery>, channel: &mut Channel, until: Instant) -> Answer {
        let late = {
            let ended = join_all(all.iter_mut().map(Delivery::end));
            tokio::select! {
                _ = ended => None,
                () = channel.hangup_noticed() => Some("the caller hung up; delivery goes on"),
                () = tokio::time::sleep_until(until) => Some("delivery goes on"),
            }
        };
        match late {
            None => Answer::of(&all.into_iter().map(|one| one.outcome).collect::<Vec<_>>()),
            Some(reason) => queued(all, reason),
        }
    }
}

/// A delivery that may still go on.
#[derive(Debug)]
struct Delivery {
    /// What came of it, so far.
    outcome: Outcome,
    task: Option<JoinHandle<Outcome>>,
}

impl Delivery {
    /// Waits for the end. Cancel safe.
    async fn end(&mut self) {
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
}

/// Sums up deliveries of which some go on.
fn queued(deliveries: Vec<Delivery>, reason: &str) -> Answer {
    let told = |delivery: Delivery| {
        let mut outcome = delivery.outcome;
        if delivery.task.is_some() {
            reason.clone_into(&mut outcome.reason);
        }
        outcome
    };
    Answer::of(&deliveries.into_iter().map(told).collect::<Vec<_>>())
}

/// Makes one line of a reason, short enough for a channel variable.
fn one_line(reason: &str) -> String {
    let words = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= MAX_REASON {
        return words;
    }
    let mut cut: String = words.chars().take(MAX_REASON - 1).collect();
    cut.push('…');
    cut
}

/// The most characters of `HANDSET_REASON`.
const MAX_REASON: usize = 200;

/// The most that is kept of the budget for telling the channel.
const TELLING: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
