//! Extension Mobility: the verbs that the call manager does, not the phone.
//!
//! One request may take several questions: who logs a user out asks first where they are. Only a
//! service that says it is busy is asked the same again; it has done nothing then.

mod client;
mod config;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::execution::Failed;
use crate::outcome::{Status, StepRecord};
use client::Client;
use handset_net::backoff::Backoff;
use handset_phones::phone::{Phone, Vendor};
use handset_phones::vendor::mobility::{Cause, Fault, Query, Response, Spelling, UserDevices};
use handset_phones::verb::{DeviceName, Mobility, UserId};

pub use config::{CallManager, Encoding};

/// Speaks to the call manager, if one is configured.
#[derive(Debug)]
pub(super) struct Service(Option<Client>);

/// One request on its way.
#[derive(Debug)]
pub(super) struct PlanExecution<'a> {
    client: &'a Client,
    until: Instant,
    /// What was done so far.
    pub(super) steps: Vec<StepRecord>,
}

impl Service {
    pub(super) fn new(manager: Option<CallManager>) -> Self {
        Self(manager.map(Client::new))
    }

    /// Begins a request that must be over by `until`.
    pub(super) fn begin(&self, until: Instant) -> Result<PlanExecution<'_>, Failed> {
        let Some(client) = &self.0 else {
            let reason = "no call manager is configured; write a [cucm] section with url, app_id \
                          and password";
            return Err((Status::Unsupported, reason.to_owned()));
        };
        Ok(PlanExecution {
            client,
            until,
            steps: Vec::new(),
        })
    }
}

impl PlanExecution<'_> {
    /// Does what is asked; `phone` is the one that it is about unless a device is named.
    pub(super) async fn run(
        &mut self,
        mobility: &Mobility,
        phone: Option<&Phone>,
    ) -> Result<Option<Value>, Failed> {
        match mobility {
            Mobility::Login {
                user,
                profile,
                device,
                time,
            } => {
                let ask = Query::Login {
                    device: named(device.as_ref(), phone)?,
                    user: user.clone(),
                    profile: profile.clone(),
                    time: *time,
                };
                self.ask(&ask).await?;
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
                let reason = "user and device can't be given together: who asks about one of them";
                Err((Status::Invalid, reason.to_owned()))
            }
            Mobility::Who {
                user: Some(user), ..
            } => self.devices_told(user).await.map(Some),
            Mobility::Who { user: None, device } => {
                let device = named(device.as_ref(), phone)?;
                self.user_told(&device).await.map(Some)
            }
        }
    }

    async fn log_out(
        &mut self,
        user: Option<&UserId>,
        device: Option<&DeviceName>,
        phone: Option<&Phone>,
    ) -> Result<(), Failed> {
        let devices = match (user, device) {
            (None, device) => vec![named(device, phone)?],
            (Some(user), device) => {
                let known = self.devices_of(user).await?.devices;
                let wanted = |name: &DeviceName| device.is_none_or(|device| device == name);
                let known = known.iter().filter_map(|name| name.parse().ok());
                let found: Vec<DeviceName> = known.filter(wanted).collect();
                if found.is_empty() {
                    let there = device.map_or_else(String::new, |device| format!(" at {device}"));
                    let reason = format!("{} is not logged in{there}", user.as_str());
                    return Err((Status::Rejected, reason));
                }
                found
            }
        };
        for (at, device) in devices.into_iter().enumerate() {
            let done = self.ask(&Query::Logout(device)).await;
            done.map_err(|(status, why)| match at {
                0 => (status, why),
                at => (status, format!("after {at} devices: {why}")),
            })?;
        }
        Ok(())
    }

    async fn user_told(&mut self, device: &DeviceName) -> Result<Value, Failed> {
        let answer = self.ask(&Query::UserOf(device.clone())).await?;
        let Response::Users(users) = answer else {
            return Err(strange());
        };
        let known = users.into_iter().find(|one| one.device == device.as_str());
        let known = known.ok_or_else(strange)?;
        if !known.exists {
            let reason = format!("the call manager knows no device {device}");
            return Err((Status::NotFound, reason));
        }
        let mut told = json!({ "device": known.device, "user": known.user });
        if let Some(last) = known.last_login {
            told["last_login"] = last.into();
        }
        Ok(told)
    }

    async fn devices_told(&mut self, user: &UserId) -> Result<Value, Failed> {
        let known = self.devices_of(user).await?;
        let mut told = json!({ "user": known.user, "devices": known.devices });
        // The profiles come on top; a call manager that does not tell them tells enough.
        if let Some(profiles) = self.profiles_of(user).await {
            told["profiles"] = profiles;
        }
        Ok(told)
    }

    async fn devices_of(&mut self, user: &UserId) -> Result<UserDevices, Failed> {
        let answer = self.ask(&Query::DevicesOf(user.clone())).await?;
        let Response::Devices(users) = answer else {
            return Err(strange());
        };
        let is_it = |one: &UserDevices| one.user.eq_ignore_ascii_case(user.as_str());
        let known = users.into_iter().find(is_it).ok_or_else(strange)?;
        if !known.exists {
            let reason = format!("the call manager knows no user {}", user.as_str());
            return Err((Status::NotFound, reason));
        }
        Ok(known)
    }

    /// Asks by the name that the example has, then by that of the DTD.
    async fn profiles_of(&mut self, user: &UserId) -> Option<Value> {
        let ask = |spelling| Query::ProfilesOf(user.clone(), spelling);
        let answer = match self.once(&ask(Spelling::Example)).await.ok()? {
            Err(fault) if fault.is_unknown_query() => {
                self.once(&ask(Spelling::Dtd)).await.ok()?.ok()?
            }
            answer => answer.ok()?,
        };
        let Response::Profiles(profiles) = answer else {
            return None;
        };
        let one = |profile: handset_phones::vendor::mobility::Profile| json!({ "name": profile.name, "default": profile.is_default });
        Some(profiles.into_iter().map(one).collect())
    }

    /// Asks until the service has time for it.
    async fn ask(&mut self, ask: &Query) -> Result<Response, Failed> {
        let mut waits = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        for _ in 1..MAX_TRIES {
            let fault = match self.once(ask).await? {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            let wait = waits.next_delay();
            if fault.cause() != Cause::Busy || Instant::now() + wait >= self.until {
                return Err(failed(&fault));
            }
            sleep(wait).await;
        }
        self.once(ask).await?.map_err(|fault| failed(&fault))
    }

    async fn once(&mut self, ask: &Query) -> Result<Result<Response, Fault>, Failed> {
        let begun = Instant::now();
        let answer = self.client.ask(ask, self.until).await;
        let said = match &answer {
            Ok(Ok(_)) => "done".to_owned(),
            Ok(Err(fault)) => fault.to_string(),
            Err((status, why)) => format!("{status}: {why}"),
        };
        self.steps.push(StepRecord {
            way: "http",
            sent: ask.summary(),
            said,
            took: begun.elapsed(),
        });
        answer
    }
}

/// Returns the device that is named, or that a phone is by its hardware address.
fn named(device: Option<&DeviceName>, phone: Option<&Phone>) -> Result<DeviceName, Failed> {
    if let Some(device) = device {
        return Ok(device.clone());
    }
    let Some(phone) = phone else {
        let reason = "device is missing; there is no phone that it could be".to_owned();
        return Err((Status::Invalid, reason));
    };
    let name = &phone.name;
    if phone.vendor != Vendor::Cisco {
        let title = phone.vendor.title();
        let reason = format!("Extension Mobility is for Cisco phones, and {name} is a {title}");
        return Err((Status::Unsupported, reason));
    }
    let device = phone.mac.and_then(|mac| mac.digits().parse().ok());
    device.ok_or_else(|| {
        let reason = format!(
            "the hardware address of {name} is not known, and so not its device name; write mac in \
             its [[phone]], or name it with device=SEP…"
        );
        (Status::NotFound, reason)
    })
}

fn failed(fault: &Fault) -> Failed {
    let status = match fault.cause() {
        Cause::Busy | Cause::Down => Status::Unreachable,
        Cause::Denied => Status::Denied,
        Cause::NotFound => Status::NotFound,
        Cause::Other => Status::Rejected,
    };
    (status, fault.to_string())
}

fn strange() -> Failed {
    let reason = "the call manager answered something else than it was asked".to_owned();
    (Status::Rejected, reason)
}

/// How often the same is asked of a service that is busy.
const MAX_TRIES: u32 = 4;

const FIRST_WAIT: std::time::Duration = std::time::Duration::from_millis(400);
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_secs(3);
