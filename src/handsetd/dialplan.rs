//! The script behind every `AGI(agi://…/VERB,…)`.
//!
//! A call is never hung up and never waits longer than its budget, which counts from the moment when
//! its connection was accepted. Deliveries are separate tasks, which continue when the call no longer
//! waits for them.

mod arguments;
mod asterisk;
mod targets;

pub(crate) use arguments::pairs;
pub use arguments::read;

use std::time::Duration;

use handset_agi::{self as agi, Channel, LogThrottle, Script};
use handset_phones::verb::{Action, Request};
use tokio::time::{Instant, timeout_at};
use tracing::{debug, error, warn};

use crate::dispatch::{Delivery, Dispatcher};
use crate::history::{RequestInfo, Requester, without_secrets};
use crate::metrics::DeliveryMetrics;
use crate::outcome::{Outcome, Report, Status};
use crate::resolver::PhoneResolver;
use crate::roster::CallOrigin;

/// The configuration of the dialplan interface.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// How long a call waits at most (`agi.budget`).
    pub budget: Duration,
}

impl Config {
    /// Returns how long a session may last at most: the budget, and [`OVERTIME`].
    pub(crate) fn max_session(&self) -> Duration {
        self.budget.saturating_add(OVERTIME)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(5),
        }
    }
}

/// Serves calls of the dialplan.
#[derive(Debug)]
pub(crate) struct Dialplan {
    /// Accepts the requests; deliveries may outlast their call.
    pub dispatcher: Dispatcher,
    pub(crate) resolver: PhoneResolver,
    pub(crate) metrics: DeliveryMetrics,
    /// How long a call waits at most.
    pub budget: Duration,
    /// Limits the log of calls that could not receive their result.
    pub(crate) unreported: LogThrottle,
}

impl Script for Dialplan {
    async fn run(&self, request: &agi::Request, channel: &mut Channel) -> Result<(), agi::Error> {
        let _session = self.metrics.session();
        let requester = Requester::Call {
            channel: request.channel().to_owned(),
            extension: [request.extension(), "@", request.context()].concat(),
        };
        let mut info = RequestInfo::new(requester, request.script().trim_matches('/'), Vec::new());
        let id = info.id.clone();
        // The rest of the budget is for setting the variables.
        let until = channel.since() + self.budget - (self.budget / 10).min(RESERVE);
        let report = self.execute(request, &mut info, channel, until).await;
        let Report {
            status,
            reason,
            phone,
            ..
        } = &report;
        let script = request.script();
        let redacted = without_secrets(reason);
        if *status == Status::Error {
            error!(%id, verb = script, %status, reason = redacted, "A request failed because of an internal error.");
        } else {
            debug!(%id, verb = script, phone, %status, reason = redacted, "Answered a call.");
        }
        let assigned = set_variables(channel, &report, id.as_str()).await;
        if let Err(agi::Error::ReplyTimeout { command, .. }) = &assigned
            && let Some(suppressed) = self.unreported.admit()
        {
            warn!(
                %id, verb = script, %status, command, suppressed,
                "Asterisk did not accept the result of a call within agi.budget; released the call."
            );
            return Ok(());
        }
        assigned
    }
}

impl Dialplan {
    async fn execute(
        &self,
        call: &agi::Request,
        info: &mut RequestInfo,
        channel: &mut Channel,
        until: Instant,
    ) -> Report {
        let read = read(call).and_then(|(verb, pairs)| {
            info.keys = pairs.into();
            Request::parse(
                verb.name(),
                info.keys.iter().map(|(key, value)| (key, value)),
            )
        });
        let request = match read {
            Ok(request) => request,
            Err(refusal) => return self.dispatcher.refuse(info, refusal.to_string()),
        };
        if request.action == Action::Ping {
            return Outcome::new(Status::Ok, String::new()).into();
        }
        let wait = request.wait;
        if Dispatcher::needs_no_phone(&request) {
            let deliveries = vec![self.dispatcher.start_alone(request, info)];
            return report(deliveries, wait, channel, until).await;
        }
        let finding = async {
            let origin = CallOrigin {
                peer: channel.peer(),
                channel: call.channel(),
                uniqueid: call.uniqueid(),
            };
            let home = self.resolver.server_of_call(origin, until).await;
            let mut finder = targets::Finder {
                resolver: &self.resolver,
                call,
                channel,
                home,
                until,
            };
            finder.find(&request).await
        };
        let Ok(found) = timeout_at(until, finding).await else {
            let reason = "Asterisk did not report the phone of the caller in time";
            let outcome = Outcome::new(Status::NotFound, reason);
            let deliveries = self
                .dispatcher
                .start(vec![Err(outcome.into())], request, info);
            return Report::of(&Delivery::outcomes(deliveries));
        };
        let deliveries = self.dispatcher.start(found, request, info);
        report(deliveries, wait, channel, until).await
    }
}

/// Sets the result on the channel, until the session has to end.
///
/// A peer that has closed its sending side receives the commands, although it cannot confirm them.
async fn set_variables(channel: &mut Channel, report: &Report, id: &str) -> Result<(), agi::Error> {
    // Set without a result, too, since that of an earlier request must not remain.
    let result = report.result_line().unwrap_or_default();
    let variables = [
        ("HANDSET_STATUS", report.status.word().to_owned()),
        ("HANDSET_REASON", reason(report, &result)),
        ("HANDSET_PHONE", report.phone.clone()),
        ("HANDSET_VENDOR", report.vendor.clone()),
        ("HANDSET_ID", id.to_owned()),
        ("HANDSET_RESULT", result),
    ];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    channel.set_variables(&variables).await
}

/// Returns the reason in one line. What does not fit into a variable is cut, and the reason names it.
fn reason(report: &Report, result: &str) -> String {
    let values = [
        ("HANDSET_PHONE", report.phone.as_str()),
        ("HANDSET_RESULT", result),
    ];
    let is_cut =
        |(name, value): &&(&str, &str)| !agi::Command::fits("SET VARIABLE", &[name, value]);
    let cut = values.iter().filter(is_cut);
    let cut: Vec<_> = cut.map(|(name, _)| *name).collect();
    if cut.is_empty() {
        return one_line(&report.reason);
    }
    let separator = if report.reason.is_empty() { "" } else { "; " };
    let note = format!(
        "{} cut, too long for a channel variable{separator}{}",
        cut.join(" and "),
        report.reason
    );
    one_line(&note)
}

/// Returns the report of deliveries, after waiting for them if `wait`.
async fn report(
    mut deliveries: Vec<Delivery>,
    wait: bool,
    channel: &mut Channel,
    until: Instant,
) -> Report {
    if wait {
        wait_for_end(deliveries, channel, until).await
    } else {
        let persisted = Delivery::all_persisted(&mut deliveries);
        // The report shows which were persisted in time.
        let _ = timeout_at(until, persisted).await;
        Delivery::queued(deliveries, "")
    }
}

/// Waits for the end of deliveries, until `until` or the end of the call.
async fn wait_for_end(mut all: Vec<Delivery>, channel: &mut Channel, until: Instant) -> Report {
    let late = {
        let ended = Delivery::all_ended(&mut all);
        tokio::select! {
            () = ended => None,
            () = hangup(channel) => Some("the caller hung up; delivery continues"),
            () = tokio::time::sleep_until(until) => Some("delivery continues"),
        }
    };
    match late {
        None => Report::of(&Delivery::outcomes(all)),
        Some(reason) => Delivery::late(all, reason),
    }
}

/// Waits until Asterisk reports a hang-up. A peer that only closed its sending side still waits for the
/// result.
async fn hangup(channel: &mut Channel) {
    channel.wait_for_hangup().await;
    if !channel.hangup_reported() {
        std::future::pending::<()>().await;
    }
}

/// Folds a reason into one line that fits a channel variable.
fn one_line(reason: &str) -> String {
    let words = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= MAX_REASON {
        return words;
    }
    let mut cut: String = words.chars().take(MAX_REASON - 1).collect();
    cut.push('…');
    cut
}

/// Maximum length of `HANDSET_REASON`, in characters.
const MAX_REASON: usize = 200;

/// Maximum part of the budget that is reserved for setting the variables.
const RESERVE: Duration = Duration::from_millis(200);

/// How long a session may last beyond the budget, if Asterisk is slow to accept the result.
const OVERTIME: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
