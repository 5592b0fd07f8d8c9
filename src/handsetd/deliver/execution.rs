//! Carries a plan out: step by step, until one fails, with a record of what was done.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::circuit_breakers::{Breakers, Permit};
use super::originate::OriginatedCalls;
use super::phone_client::{self, PhoneClient};
use super::{notify, reply_data};
use crate::commit_point::CommitPoint;
use crate::content_store::ContentPublisher;
use crate::outcome::{Status, StepRecord};
use crate::roster::Roster;
use handset_phones::phone::{Credentials, Phone};
use handset_phones::vendor::{Exchange, Method, Plan, Reply, ReplyOutcome, Request, Step};

/// By what a plan is carried out.
#[derive(Debug)]
pub(super) struct PlanExecution<'a> {
    pub(super) http: &'a PhoneClient,
    /// Which phones are spared; `None` spares none.
    pub(super) breakers: Option<&'a Breakers>,
    pub(super) roster: &'a Roster,
    pub(super) calls: &'a OriginatedCalls,
    pub(super) phone: &'a Phone,
    pub(super) publisher: &'a ContentPublisher,
    pub(super) credentials: Option<&'a Credentials>,
    /// Asked before anything is sent.
    pub(super) commit_point: &'a CommitPoint,
    /// When it must be over; `None` gives each step what is usual.
    pub(super) until: Option<Instant>,
    /// What was done so far.
    pub(super) record: ExecutionLog,
}

/// What was done, and what came of it.
#[derive(Debug, Default)]
pub(super) struct ExecutionLog {
    pub(super) steps: Vec<StepRecord>,
    /// How many of them went well.
    done: usize,
    pub(super) notes: Vec<&'static str>,
    pub(super) result: Option<Value>,
}

/// A status that is not `OK`, and why.
pub(super) type Failed = (Status, String);

impl PlanExecution<'_> {
    /// Does all steps of `plan`, in order, until one fails.
    pub(super) async fn run(&mut self, plan: Plan) -> Result<(), Failed> {
        let mut steps: VecDeque<Step> = plan.steps.into();
        let mut done: usize = 0;
        while let Some(step) = steps.pop_front() {
            done = done.saturating_add(1);
            if done > MAX_STEPS {
                let reason = format!("the phone asks for more than {MAX_STEPS} steps");
                return Err((Status::Rejected, reason));
            }
            let more = self
                .step(step)
                .await
                .map_err(|failed| self.midway(failed))?;
            for step in more.into_iter().rev() {
                steps.push_front(step);
            }
        }
        Ok(())
    }

    /// Nothing was sent, says `UNREACHABLE`; that is not so after the first step, and what was done
    /// must not be done again.
    fn midway(&self, (status, why): Failed) -> Failed {
        match self.record.done {
            0 => (status, why),
            1 => (began(status), format!("after the first step: {why}")),
            done => (began(status), format!("after {done} steps: {why}")),
        }
    }

    async fn step(&mut self, step: Step) -> Result<Vec<Step>, Failed> {
        let begun = Instant::now();
        let usual = begun + PATIENCE;
        let (way, sent, done) = match step {
            Step::Pause(pause) => {
                self.pause(begun + pause).await?;
                return Ok(Vec::new());
            }
            Step::Http(exchange) => {
                let sent = shown(&exchange);
                let done = self.exchange(&exchange).await;
                (exchange.request.transport, sent, done)
            }
            Step::Notify(notify) => {
                let sent = format!("NOTIFY {}", notify.event);
                let until = self.until.unwrap_or(usual);
                let note =
                    notify::send(self.roster, self.phone, &notify, until, self.commit_point).await;
                ("notify", sent, note.map(|note| self.note(note)))
            }
            Step::Call(call) => {
                let until = self.until.unwrap_or(usual);
                let placed = self
                    .calls
                    .place(self.roster, self.phone, &call, until, self.commit_point)
                    .await;
                let sent = "INVITE through Asterisk".to_owned();
                ("pbx", sent, placed.map(|()| Vec::new()))
            }
            Step::HangUp => {
                let until = self.until.unwrap_or(usual);
                let ended = self
                    .calls
                    .hang_up(self.phone, until, self.commit_point)
                    .await;
                let sent = "hangup through Asterisk".to_owned();
                ("pbx", sent, ended.map(|()| Vec::new()))
            }
        };
        let said = match &done {
            Ok(_) => {
                self.record.done = self.record.done.saturating_add(1);
                "done".to_owned()
            }
            Err((status, why)) => format!("{status}: {why}"),
        };
        self.record.steps.push(StepRecord {
            way,
            sent,
            said,
            took: begun.elapsed(),
        });
        done
    }

    fn note(&mut self, note: Option<&'static str>) -> Vec<Step> {
        let new = note.filter(|note| !self.record.notes.contains(note));
        self.record.notes.extend(new);
        Vec::new()
    }

    /// Waits, unless that is longer than there is time for.
    async fn pause(&self, end: Instant) -> Result<(), Failed> {
        if self.until.is_some_and(|until| until < end) {
            let reason = "the deadline is over before the last step";
            return Err((Status::Unknown, reason.to_owned()));
        }
        sleep_until(end).await;
        Ok(())
    }

    /// Asks whether the phone is spared just now. What has begun is not broken off by that.
    fn pass(&self, request: &Request) -> Result<Option<Permit>, Failed> {
        let Some(breakers) = self.breakers.filter(|_| self.record.done == 0) else {
            return Ok(None);
        };
        let endpoint = self.phone.endpoint.as_ref();
        let seen = endpoint.map_or(0, |endpoint| self.roster.times_seen(endpoint));
        let pass = breakers.ask(PhoneClient::address(self.phone, request), seen);
        pass.map(Some).map_err(|why| (Status::Unreachable, why))
    }

    /// Sends one HTTP request and reads its answer.
    async fn exchange(&mut self, exchange: &Exchange) -> Result<Vec<Step>, Failed> {
        let now = Instant::now();
        let usual = exchange.timeout.unwrap_or(PATIENCE);
        let patience = self
            .until
            .map_or(usual, |until| until.saturating_duration_since(now));
        let pass = self.pass(&exchange.request)?;
        let sent = self
            .http
            .send(
                self.phone,
                &exchange.request,
                self.credentials,
                patience,
                self.commit_point,
            )
            .await;
        if let Some(pass) = pass {
            note(pass, &sent);
        }
        let reply = sent.map_err(|failure| match failure {
            phone_client::Error::Interrupted(why) | phone_client::Error::TimedOut(why) => {
                (Status::Unknown, why)
            }
            phone_client::Error::ConnectFailed(why) | phone_client::Error::NotSent(why) => {
                (Status::Unreachable, why)
            }
            phone_client::Error::LockedOut(why) => (Status::Denied, why),
        })?;
        match exchange.parser.parse(&reply) {
            ReplyOutcome::Done => Ok(Vec::new()),
            ReplyOutcome::Then(steps) => Ok(steps),
            ReplyOutcome::Data(told) => {
                let value = reply_data::to_json(told, self.publisher).await?;
                reply_data::merge(&mut self.record.result, value);
                Ok(Vec::new())
            }
            ReplyOutcome::Denied(why) if self.credentials.is_none() => {
                let vendor = self.phone.vendor;
                let hint = format!("no password is configured ([vendor.{vendor}] or [[phone]])");
                Err((Status::Denied, format!("{hint}; {why}")))
            }
            ReplyOutcome::Denied(why) => Err((Status::Denied, why)),
            ReplyOutcome::Rejected(why) => Err((Status::Rejected, why)),
        }
    }
}

/// Tells the breaker what came of asking. Whatever the phone answers, it is there.
fn note(pass: Permit, sent: &Result<Reply, phone_client::Error>) {
    match sent {
        Ok(_) | Err(phone_client::Error::Interrupted(_)) => pass.alive(),
        Err(phone_client::Error::ConnectFailed(_) | phone_client::Error::TimedOut(_)) => {
            pass.silent()
        }
        // Nothing was tried; dropping the pass says so.
        Err(phone_client::Error::NotSent(_) | phone_client::Error::LockedOut(_)) => {}
    }
}

/// Asks whether something may be sent now.
pub(super) async fn begin(commit_point: &CommitPoint) -> Result<(), Failed> {
    let begun = commit_point.commit().await;
    begun.map_err(|halt| (Status::Unreachable, halt.to_string()))
}

fn began(status: Status) -> Status {
    match status {
        Status::Unreachable => Status::Unknown,
        other => other,
    }
}

/// Shows a request: method and path. What stands in query and body may be private, and the name of
/// the page says enough.
fn shown(exchange: &Exchange) -> String {
    let method = match exchange.request.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let target = exchange.request.target.as_str();
    format!("{method} {}", target.split('?').next().unwrap_or(target))
}

/// How long a phone may take to answer, connecting and asking for a password included.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many steps one request may take, those that answers ask for included.
const MAX_STEPS: usize = 256;
