//! Extension Mobility: the verbs that the call manager executes, not the phone.
//!
//! One request may take several queries: logging a user out first queries their devices. A query is
//! repeated only if the service reports that it is busy, since it has done nothing then.

mod client;
mod config;

use std::time::Duration;

use handset_net::backoff::Backoff;
use handset_phones::phone::{Phone, Vendor};
use handset_phones::vendor::mobility::{
    Cause, Fault, Profile, Query, Response, Spelling, UserDevices,
};
use handset_phones::verb::{DeviceName, Mobility, Request, UserId};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::failure::Failure;
use crate::commit_point::CommitPoint;
use crate::outcome::{Outcome, Status, StepRecord};
use client::Client;

pub(crate) use config::{CallManager, Encoding};

/// The client of the call manager, if one is configured.
#[derive(Debug)]
pub(super) struct Service(Option<Client>);

/// The queries of one request.
#[derive(Debug)]
struct Session<'a> {
    client: &'a Client,
    until: Instant,
    steps: Vec<StepRecord>,
}

impl Service {
    pub(super) fn new(manager: Option<CallManager>) -> Self {
        Self(manager.map(Client::new))
    }

    /// Executes `mobility`, which concerns `phone` unless it names a device. Commits before anything
    /// is sent.
    pub(super) async fn execute(
        &self,
        phone: Option<&Phone>,
        mobility: &Mobility,
        request: &Request,
        commit_point: &CommitPoint,
    ) -> Outcome {
        let outcome = |status, reason: String| match phone {
            Some(phone) => Outcome::at(&phone.name, Some(phone.vendor), status, reason),
            None => Outcome::new(status, reason),
        };
        let until = Instant::now() + request.deadline.unwrap_or(TIMEOUT);
        let mut session = match self.session(request, until, commit_point).await {
            Ok(session) => session,
            Err(Failure { status, reason }) => return outcome(status, reason),
        };
        let outcome = match session.run(mobility, phone).await {
            Ok(result) => outcome(Status::Ok, String::new()).with_result(result),
            Err(Failure { status, reason }) => outcome(status, reason),
        };
        Outcome {
            steps: session.steps.into(),
            ..outcome
        }
    }

    async fn session(
        &self,
        request: &Request,
        until: Instant,
        commit_point: &CommitPoint,
    ) -> Result<Session<'_>, Failure> {
        commit_point.commit().await?;
        if request.via.is_some() {
            let reason = "via: the request goes to the call manager, not to the phone; omit via";
            return Err(Failure::new(Status::Unsupported, reason));
        }
        let client = self.0.as_ref().ok_or_else(|| {
            let reason = "no call manager is configured; add a [cucm] section with url, app_id and \
                          password";
            Failure::new(Status::Unsupported, reason)
        })?;
        Ok(Session {
            client,
            until,
            steps: Vec::new(),
        })
    }
}

impl Session<'_> {
    async fn run(
        &mut self,
        mobility: &Mobility,
        phone: Option<&Phone>,
    ) -> Result<Option<Value>, Failure> {
        match mobility {
            Mobility::Login {
                user,
                profile,
                device,
                time,
            } => {
                let query = Query::Login {
                    device: device_name(device.as_ref(), phone)?,
                    user: user.clone(),
                    profile: profile.clone(),
                    time: *time,
                };
                self.query(&query).await?;
                Ok(None)
            }
            Mobility::Logout { user, device } => {
                self.log_out(user.as_ref(), device.as_ref(), phone).await?;
                Ok(None)
            }
            Mobility::Who {
                user: Some(_),
                device: Some(_),
            } => {
                let reason = "user and device cannot be combined; who takes one of them";
                Err(Failure::new(Status::Invalid, reason))
            }
            Mobility::Who {
                user: Some(user), ..
            } => self.user_devices(user).await.map(Some),
            Mobility::Who { user: None, device } => {
                let device = device_name(device.as_ref(), phone)?;
                self.device_user(&device).await.map(Some)
            }
        }
    }

    async fn log_out(
        &mut self,
        user: Option<&UserId>,
        device: Option<&DeviceName>,
        phone: Option<&Phone>,
    ) -> Result<(), Failure> {
        let devices = match (user, device) {
            (None, device) => vec![device_name(device, phone)?],
            (Some(user), device) => {
                let known = self.devices_of(user).await?.devices;
                let wanted = |name: &DeviceName| device.is_none_or(|device| device == name);
                let known = known.iter().filter_map(|name| name.parse().ok());
                let found: Vec<DeviceName> = known.filter(wanted).collect();
                if found.is_empty() {
                    let at_device =
                        device.map_or_else(String::new, |device| format!(" at {device}"));
                    let reason = format!("{} is not logged in{at_device}", user.as_str());
                    return Err(Failure::new(Status::Rejected, reason));
                }
                found
            }
        };
        for (at, device) in devices.into_iter().enumerate() {
            let done = self.query(&Query::Logout(device)).await;
            done.map_err(|Failure { status, reason }| match at {
                0 => Failure::new(status, reason),
                at => Failure::new(status, format!("after {at} devices: {reason}")),
            })?;
        }
        Ok(())
    }

    async fn device_user(&mut self, device: &DeviceName) -> Result<Value, Failure> {
        let answer = self.query(&Query::UserOf(device.clone())).await?;
        let Response::Users(users) = answer else {
            return Err(unexpected_answer());
        };
        let known = users
            .into_iter()
            .find(|entry| entry.device == device.as_str());
        let known = known.ok_or_else(unexpected_answer)?;
        if !known.exists {
            let reason = format!("the call manager has no device {device}");
            return Err(Failure::new(Status::NotFound, reason));
        }
        let mut value = json!({ "device": known.device, "user": known.user });
        if let Some(last) = known.last_login {
            value["last_login"] = last.into();
        }
        Ok(value)
    }

    async fn user_devices(&mut self, user: &UserId) -> Result<Value, Failure> {
        let known = self.devices_of(user).await?;
        let mut value = json!({ "user": known.user, "devices": known.devices });
        // The profiles are an extra; call managers may not report them.
        if let Some(profiles) = self.profiles_of(user).await {
            value["profiles"] = profiles;
        }
        Ok(value)
    }

    async fn devices_of(&mut self, user: &UserId) -> Result<UserDevices, Failure> {
        let answer = self.query(&Query::DevicesOf(user.clone())).await?;
        let Response::Devices(users) = answer else {
            return Err(unexpected_answer());
        };
        let is_user = |entry: &UserDevices| entry.user.eq_ignore_ascii_case(user.as_str());
        let known = users
            .into_iter()
            .find(is_user)
            .ok_or_else(unexpected_answer)?;
        if !known.exists {
            let reason = format!("the call manager has no user {}", user.as_str());
            return Err(Failure::new(Status::NotFound, reason));
        }
        Ok(known)
    }

    /// Queries by the spelling of Cisco's example, then by that of the DTD.
    async fn profiles_of(&mut self, user: &UserId) -> Option<Value> {
        let query = |spelling| Query::ProfilesOf(user.clone(), spelling);
        let answer = match self.query_once(&query(Spelling::Example)).await.ok()? {
            Err(fault) if fault.is_unknown_query() => {
                self.query_once(&query(Spelling::Dtd)).await.ok()?.ok()?
            }
            answer => answer.ok()?,
        };
        let Response::Profiles(profiles) = answer else {
            return None;
        };
        let one = |profile: Profile| json!({ "name": profile.name, "default": profile.is_default });
        Some(profiles.into_iter().map(one).collect())
    }

    /// Queries, again while the service is busy and another answer can be expected in time: of a query that is cut off
    /// it is not known whether it was executed.
    async fn query(&mut self, query: &Query) -> Result<Response, Failure> {
        let mut delays = Backoff::new(FIRST_DELAY, MAX_DELAY);
        for _ in 1..MAX_TRIES {
            let started = Instant::now();
            let fault = match self.query_once(query).await? {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            let (delay, took) = (delays.next_delay(), started.elapsed());
            let end = Instant::now() + delay + 2 * took.max(MIN_TIME);
            if fault.cause() != Cause::Busy || end >= self.until {
                return Err(failure(&fault));
            }
            sleep(delay).await;
        }
        self.query_once(query)
            .await?
            .map_err(|fault| failure(&fault))
    }

    async fn query_once(&mut self, query: &Query) -> Result<Result<Response, Fault>, Failure> {
        let started = Instant::now();
        let answer = self.client.query(query, self.until).await;
        let reply = match &answer {
            Ok(Ok(_)) => "done".to_owned(),
            Ok(Err(fault)) => fault.to_string(),
            Err(Failure { status, reason }) => format!("{status}: {reason}"),
        };
        self.steps.push(StepRecord {
            transport: "http",
            request: query.summary(),
            reply,
            duration: started.elapsed(),
        });
        answer
    }
}

/// Returns `device`, or the device name that follows from the hardware address of `phone`.
fn device_name(device: Option<&DeviceName>, phone: Option<&Phone>) -> Result<DeviceName, Failure> {
    if let Some(device) = device {
        return Ok(device.clone());
    }
    let Some(phone) = phone else {
        let reason = "device is missing, and the request concerns no phone";
        return Err(Failure::new(Status::Invalid, reason));
    };
    let name = &phone.name;
    if phone.vendor != Vendor::Cisco {
        let title = phone.vendor.title();
        let reason = format!("Extension Mobility requires a Cisco phone; {name} is a {title}");
        return Err(Failure::new(Status::Unsupported, reason));
    }
    let device = phone.mac.and_then(|mac| mac.digits().parse().ok());
    device.ok_or_else(|| {
        let reason = format!(
            "cannot determine the device name of {name}: its hardware address is unknown; set mac in \
             its [[phone]], or name the device with device=SEP…"
        );
        Failure::new(Status::NotFound, reason)
    })
}

fn failure(fault: &Fault) -> Failure {
    let status = match fault.cause() {
        Cause::Busy | Cause::Down => Status::Unreachable,
        Cause::Denied => Status::Denied,
        Cause::NotFound => Status::NotFound,
        Cause::Other => Status::Rejected,
    };
    Failure::new(status, fault.to_string())
}

fn unexpected_answer() -> Failure {
    let reason = "the call manager answered a different query";
    Failure::new(Status::Rejected, reason)
}

/// How long the call manager may take, all queries together.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How often a query is sent to a busy service.
const MAX_TRIES: u32 = 4;

/// How long an answer may take, at the least.
const MIN_TIME: Duration = Duration::from_millis(100);

const FIRST_DELAY: Duration = Duration::from_millis(400);
const MAX_DELAY: Duration = Duration::from_secs(3);
