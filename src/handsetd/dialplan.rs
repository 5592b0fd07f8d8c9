//! What dialplans call: the script behind every `AGI(agi://…/VERB,…)`.
//!
//! A call is never hung up and never held longer than its budget. Deliveries are tasks of their own,
//! so they go on when the call does not wait for them.

mod asterisk;
mod whom;
mod words;

pub(crate) use words::pair;
pub use words::read;

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, error, info, info_span};

use crate::dispatch::{Delivery, Dispatcher};
use crate::history::{RequestInfo, Requester, without_secrets};
use crate::outcome::{Answer, Outcome, Status};
use handset_agi::{self as agi, Channel, Script};
use handset_phones::verb::{Action, Request, Verb};

/// The configuration of the dialplan interface.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// How long a call may be held (`agi.budget`).
    pub budget: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(5),
        }
    }
}

/// Serves the dialplan.
#[derive(Debug)]
pub struct Dialplan {
    /// Who takes requests to phones; deliveries may outlast their call.
    pub dispatcher: Dispatcher,
    /// How long a call may be held.
    pub budget: Duration,
}

impl Script for Dialplan {
    async fn run(&self, request: &agi::Request, channel: &mut Channel) -> Result<(), agi::Error> {
        let _session = self.dispatcher.metrics().session();
        let asker = Requester::Call {
            channel: request.channel().to_owned(),
            extension: format!("{}@{}", request.extension(), request.context()),
        };
        let mut asked = RequestInfo::new(asker, request.script().trim_matches('/'), Vec::new());
        let id = asked.id.clone();
        let span = info_span!("delivery", %id);
        async {
            // What is left of the budget is for telling the channel.
            let until = Instant::now() + self.budget - (self.budget / 10).min(TELLING);
            let answer = self.answer(request, &mut asked, channel, until).await;
            let Answer { status, reason, phone, vendor, .. } = &answer;
            let (caller, script) = (request.channel(), request.script());
            let why = without_secrets(reason);
            if *status == Status::Error {
                error!(caller, verb = script, %status, reason = why, "A delivery failed by our own fault.");
            } else {
                info!(caller, verb = script, phone, %status, reason = why, "Answered a call.");
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
            // Verbs that read nothing leave the variable alone; of one that failed to read nothing
            // may stay that was read before.
            let reads = Verb::find(script.trim_matches('/')).is_some_and(|verb| verb.row().returns_result);
            let result = answer.result_line();
            if let Some(result) = result.or_else(|| reads.then(String::new)) {
                channel.set_variable("HANDSET_RESULT", &result).await?;
            }
            Ok(())
        }
        .instrument(span)
        .await
    }
}

impl Dialplan {
    async fn answer(
        &self,
        call: &agi::Request,
        asked: &mut RequestInfo,
        channel: &mut Channel,
        until: Instant,
    ) -> Answer {
        let read = read(call).and_then(|(verb, pairs)| {
            asked.keys = pairs;
            Request::parse(
                verb.name(),
                asked.keys.iter().map(|(key, value)| (key, value)),
            )
        });
        let request = match read {
            Ok(request) => request,
            Err(refusal) => return self.dispatcher.refuse(asked, refusal.to_string()),
        };
        if request.action == Action::Ping {
            return Outcome::new(Status::Ok, String::new()).into();
        }
        let wait = request.wait;
        if Dispatcher::needs_no_phone(&request) {
            let deliveries = vec![self.dispatcher.start_alone(request, asked)];
            return waited_or_not(deliveries, wait, channel, until).await;
        }
        let finding = timeout_at(
            until,
            whom::find(self.dispatcher.resolver(), &request, call, channel),
        );
        let Ok(found) = finding.await else {
            let reason = "Asterisk did not tell whose phone it is in time";
            let outcome = Outcome::new(Status::NotFound, reason);
            let deliveries = self
                .dispatcher
                .start(vec![Err(outcome.into())], request, asked);
            return Answer::of(&Delivery::outcomes(deliveries));
        };
        let deliveries = self.dispatcher.start(found, request, asked);
        waited_or_not(deliveries, wait, channel, until).await
    }
}

async fn waited_or_not(
    mut deliveries: Vec<Delivery>,
    wait: bool,
    channel: &mut Channel,
    until: Instant,
) -> Answer {
    if wait {
        waited(deliveries, channel, until).await
    } else {
        let settled = join_all(deliveries.iter_mut().map(Delivery::settle));
        // Each tells by itself whether it was in time.
        let _ = timeout_at(until, settled).await;
        Delivery::queued(deliveries, "")
    }
}

/// Waits for deliveries, but no longer than the call may be held, nor when it is over.
async fn waited(mut all: Vec<Delivery>, channel: &mut Channel, until: Instant) -> Answer {
    let late = {
        let ended = join_all(all.iter_mut().map(Delivery::end));
        tokio::select! {
            _ = ended => None,
            () = channel.wait_for_hangup() => Some("the caller hung up; delivery goes on"),
            () = tokio::time::sleep_until(until) => Some("delivery goes on"),
        }
    };
    match late {
        None => Answer::of(&Delivery::outcomes(all)),
        Some(reason) => Delivery::queued(all, reason),
    }
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
