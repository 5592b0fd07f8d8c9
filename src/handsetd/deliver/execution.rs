//! Executes a plan step by step, until one fails, and records what was done.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;

use handset_phones::phone::Phone;
use handset_phones::vendor::{
    CstaExchange, Exchange, Method, Plan, Reply, ReplyOutcome, Request, Step,
};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::circuit_breakers::{CircuitBreakers, Permit};
use super::contactable::Contactable;
use super::failure::Failure;
use super::originate::OriginatedCalls;
use super::phone_client::{Accounts, Error, PhoneClient};
use super::push_credentials::OpenPush;
use super::{channel, notify, reply_data};
use crate::commit_point::CommitPoint;
use crate::content_store::ContentPublisher;
use crate::outcome::{Status, StepRecord};
use crate::roster::Roster;
use crate::uacsta::{RequestError, Sessions};

/// A plan being executed for one phone.
#[derive(Debug)]
pub(super) struct PlanExecution<'a> {
    pub(super) http: &'a PhoneClient,
    /// `None` if circuit breakers are switched off.
    pub(super) breakers: Option<&'a CircuitBreakers>,
    pub(super) roster: &'a Roster,
    pub(super) calls: &'a OriginatedCalls,
    pub(super) sessions: &'a Sessions,
    pub(super) phone: &'a Phone,
    /// The same as its web server, or why that may not be contacted.
    pub(super) contactable: Result<&'a Contactable<'a>, &'a Failure>,
    pub(super) publisher: &'a ContentPublisher,
    pub(super) accounts: Accounts<'a>,
    /// Committed before anything is sent.
    pub(super) commit_point: &'a CommitPoint,
    /// Deadline of all steps; `None` gives each its default timeout.
    pub(super) until: Option<Instant>,
    pub(super) log: ExecutionLog,
}

/// The steps taken so far, and their result.
#[derive(Debug, Default)]
pub(super) struct ExecutionLog {
    pub(super) steps: Vec<StepRecord>,
    /// How many steps succeeded.
    succeeded: usize,
    pub(super) notes: Vec<&'static str>,
    pub(super) result: Option<Value>,
}

impl PlanExecution<'_> {
    /// Executes all steps of `plan`, in order, until one fails.
    pub(super) async fn run(&mut self, plan: &Plan) -> Result<(), Failure> {
        let mut steps: VecDeque<Cow<'_, Step>> = plan.steps.iter().map(Cow::Borrowed).collect();
        let mut count: usize = 0;
        while let Some(step) = steps.pop_front() {
            count = count.saturating_add(1);
            if count > MAX_STEPS {
                let reason = format!("the phone asks for more than {MAX_STEPS} steps");
                return Err(Failure::new(Status::Rejected, reason));
            }
            let result = self.step(&step).await;
            let next = result.map_err(|failure| self.after_partial(failure))?;
            let (Next::Then(more) | Next::Instead(more)) = next else {
                continue;
            };
            for step in more.into_iter().rev() {
                steps.push_front(Cow::Owned(step));
            }
        }
        Ok(())
    }

    /// Adjusts a failure after other steps have succeeded: `UNREACHABLE` means that nothing was sent,
    /// so it becomes `UNKNOWN` and the delivery is not repeated.
    fn after_partial(&self, Failure { status, reason }: Failure) -> Failure {
        let succeeded = self.log.succeeded;
        let status = match status {
            Status::Unreachable if succeeded > 0 => Status::Unknown,
            status => status,
        };
        match succeeded {
            0 => Failure::new(status, reason),
            1 => Failure::new(status, format!("after the first step: {reason}")),
            _ => Failure::new(status, format!("after {succeeded} steps: {reason}")),
        }
    }

    /// Executes one step; returns the steps that the reply asks for.
    async fn step(&mut self, step: &Step) -> Result<Next, Failure> {
        let started = Instant::now();
        let until = self.until.unwrap_or(started + STEP_TIMEOUT);
        let (transport, request, result) = match step {
            Step::Pause(pause) => {
                self.pause(started + *pause).await?;
                return Ok(Next::Done);
            }
            Step::Http(exchange) => {
                let request = summary(&exchange.request);
                let result = self.exchange(exchange).await;
                (exchange.request.transport, request, result)
            }
            Step::Notify(notify) => {
                let request = format!("NOTIFY {}", notify.event);
                let sent =
                    notify::send(self.roster, self.phone, notify, until, self.commit_point).await;
                let result = sent.map(|note| {
                    self.add_note(note);
                    Next::Done
                });
                ("notify", request, result)
            }
            Step::Call(call) => {
                let request = "INVITE through Asterisk".to_owned();
                let placed = self
                    .calls
                    .place(self.roster, self.phone, call, until, self.commit_point)
                    .await;
                ("pbx", request, placed.map(|()| Next::Done))
            }
            Step::Channel(action) => {
                let request = match &action.transfer_to {
                    None => "hangup through Asterisk".to_owned(),
                    Some(_) => "blind transfer through Asterisk".to_owned(),
                };
                let done =
                    channel::act(self.roster, self.phone, action, until, self.commit_point).await;
                ("pbx", request, done.map(|()| Next::Done))
            }
            Step::Csta(exchange) => {
                let request = format!("INFO {}", exchange.message.name());
                ("csta", request, self.in_session(exchange, until).await)
            }
            Step::HangUp => {
                let request = "hangup through Asterisk".to_owned();
                let ended = self
                    .calls
                    .hang_up(self.phone, until, self.commit_point)
                    .await;
                ("pbx", request, ended.map(|()| Next::Done))
            }
        };
        let reply = match &result {
            // Nothing has happened yet.
            Ok(Next::Instead(_)) => "no such page".to_owned(),
            Ok(_) => {
                self.log.succeeded = self.log.succeeded.saturating_add(1);
                "done".to_owned()
            }
            Err(Failure { status, reason }) => format!("{status}: {reason}"),
        };
        self.log.steps.push(StepRecord {
            transport,
            request,
            reply,
            duration: started.elapsed(),
        });
        result
    }

    fn add_note(&mut self, note: Option<&'static str>) {
        let new = note.filter(|note| !self.log.notes.contains(note));
        self.log.notes.extend(new);
    }

    async fn pause(&self, end: Instant) -> Result<(), Failure> {
        if self.until.is_some_and(|until| until < end) {
            let reason = "the deadline expires before the last step";
            return Err(Failure::new(Status::Unknown, reason));
        }
        sleep_until(end).await;
        Ok(())
    }

    /// Asks the circuit breaker of the phone. It does not interrupt a plan that has begun.
    fn permit(&self, request: &Request) -> Result<Option<Permit>, Failure> {
        let Some(breakers) = self.breakers.filter(|_| self.log.succeeded == 0) else {
            return Ok(None);
        };
        let endpoint = self.phone.endpoint.as_ref();
        let registrations = endpoint.map_or(0, |endpoint| {
            let server = self.phone.server.as_ref();
            self.roster.registration_count(endpoint, server)
        });
        let address = PhoneClient::address(self.phone, request);
        let permit = breakers.try_acquire(address, registrations);
        permit
            .map(Some)
            .map_err(|open| Failure::new(Status::Unreachable, open.to_string()))
    }

    /// Sends one HTTP request and interprets the reply.
    async fn exchange(&mut self, exchange: &Exchange) -> Result<Next, Failure> {
        let Exchange {
            request, parser, ..
        } = exchange;
        let usual = exchange.timeout.unwrap_or(STEP_TIMEOUT);
        let timeout = self.until.map_or(usual, |until| {
            until.saturating_duration_since(Instant::now())
        });
        let phone = self.contactable.map_err(Clone::clone)?;
        let permit = self.permit(request)?;
        let commit_point = self.commit_point;
        let sent = self
            .http
            .send(phone, request, self.accounts, timeout, commit_point)
            .await;
        if let Some(permit) = permit {
            report(permit, &sent);
        }
        let reply = sent.map_err(|error| {
            let status = match error {
                Error::Interrupted(_) | Error::TimedOut(_) => Status::Unknown,
                Error::ConnectFailed(_) | Error::NotSent(_) => Status::Unreachable,
                Error::BasicRefused(_) | Error::LockedOut(_) => Status::Denied,
            };
            Failure::new(status, error.to_string())
        })?;
        self.interpret(parser.parse(&reply), reply.status).await
    }

    /// Sends one CSTA request in the session of the phone, and interprets the answer.
    async fn in_session(
        &mut self,
        exchange: &CstaExchange,
        until: Instant,
    ) -> Result<Next, Failure> {
        let CstaExchange { message, parser } = exchange;
        let commit_point = self.commit_point;
        let answered = self
            .sessions
            .request(self.phone, message.clone(), until, commit_point)
            .await;
        let reply = answered.map_err(|error| {
            let status = match error {
                RequestError::NoAnswer(_) => Status::Unknown,
                RequestError::NotCommitted(_) | RequestError::NotSent(_) => Status::Unreachable,
            };
            Failure::new(status, error.to_string())
        })?;
        self.interpret(parser.parse(&reply), reply.status).await
    }

    /// Draws the consequence of a reply, which came with `status`.
    async fn interpret(&mut self, outcome: ReplyOutcome, status: u16) -> Result<Next, Failure> {
        match outcome {
            ReplyOutcome::Done => Ok(Next::Done),
            ReplyOutcome::Then(steps) => Ok(Next::Then(steps)),
            ReplyOutcome::Instead(steps) => Ok(Next::Instead(steps)),
            ReplyOutcome::Data(data) => {
                let value = reply_data::to_json(data, self.publisher).await?;
                reply_data::merge(&mut self.log.result, value);
                Ok(Next::Done)
            }
            ReplyOutcome::Denied(why) => Err(self.denied(status, why)),
            ReplyOutcome::Rejected(why) => Err(Failure::new(Status::Rejected, why)),
            ReplyOutcome::Unconfirmed(why) => Err(Failure::new(Status::Unknown, why)),
        }
    }

    /// Creates the failure of a phone that refuses access with an HTTP status; `why` is the vendor's
    /// explanation.
    fn denied(&self, status: u16, why: String) -> Failure {
        let vendor = self.phone.vendor;
        let reason = match self.accounts.push.and_then(OpenPush::diagnosis) {
            Some(diagnosis) => format!("{diagnosis}; {why}"),
            None if self.phone.is_denied_credentials => format!(
                "vendor.{vendor}.password is sent only to phones that a [[phone]] lists, since \
                 phones.networks is not set; {why}"
            ),
            None if self.accounts.is_empty() && status == UNAUTHORIZED => {
                let account = vendor.account();
                format!(
                    "the phone asks for a password (HTTP {status}) and none is configured: put {account} \
                     into [vendor.{vendor}], or into its [[phone]], as username and password"
                )
            }
            None if self.accounts.is_empty() => {
                format!("no password is configured ([vendor.{vendor}] or [[phone]]); {why}")
            }
            None => why,
        };
        Failure::new(Status::Denied, reason)
    }
}

/// What follows a step.
enum Next {
    /// The next step of the plan.
    Done,
    /// Steps that take its place, since the phone has not acted.
    Instead(Vec<Step>),
    /// Steps that the reply asks for.
    Then(Vec<Step>),
}

/// Reports to the circuit breaker whether the phone responded, with whatever reply.
fn report(permit: Permit, sent: &Result<Reply, Error>) {
    match sent {
        Ok(_) | Err(Error::BasicRefused(_) | Error::Interrupted(_)) => permit.success(),
        Err(Error::ConnectFailed(_) | Error::TimedOut(_)) => permit.failure(),
        Err(Error::NotSent(_) | Error::LockedOut(_)) => permit.release(),
    }
}

/// Returns method and path. Query and body may be private, and the name of the page says enough.
fn summary(request: &Request) -> String {
    let method = match request.method {
        Method::Get => "GET ",
        Method::Post => "POST ",
    };
    let target = request.target.as_str();
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    [method, path].concat()
}

/// The HTTP status of a reply that asks for a user name and password.
const UNAUTHORIZED: u16 = 401;

/// How long a phone may take for one step, connecting and authenticating included.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// How many steps one request may take, including those that replies ask for.
const MAX_STEPS: usize = 256;
