//! Call control, transfer, do-not-disturb and forwarding.
//!
//! Phones reply 200 whether or not the call exists, so notes name effects that may be missing. Call
//! ids are the small numbers that the phone's action URLs report (`$call_id`).

use std::time::Duration;

use super::action_uri::{ActionUri, OutgoingUri};
use super::handset::Handset;
use super::keys::NO_OK;
use super::model::Kind;
use super::pages;
use super::phonecfg;
use crate::screen::Number;
use crate::vendor::{Plan, PlanError, ReplyOutcome, Task, pbx};
use crate::verb::{CallControl, CallId, Control, Forward, ForwardKind, TransferKind, Via};

impl Handset<'_> {
    /// Places a call; to select a line, its account is read first.
    pub(super) fn dial(&self, number: &Number, line: Option<u8>) -> Result<Plan, PlanError> {
        if self.model.kind() == Kind::Dect {
            return self.dial_by_call(number, line);
        }
        let Some(line) = line else {
            return Ok(self.remote()?.plan(&ActionUri::dial(number, None)));
        };
        self.require_http(
            "line",
            "a NOTIFY cannot look up the account of a line; omit via or line",
        )?;
        let known = self.model.action_pages();
        let number = number.clone();
        let step = phonecfg::fetch(known, move |config| {
            let Some(account) = config.account(line) else {
                return ReplyOutcome::Rejected(format!("the phone has no account for line {line}"));
            };
            let Some(from) = OutgoingUri::parse(&account.address) else {
                let why =
                    format!("the phone does not report the address of the account of line {line}");
                return ReplyOutcome::Rejected(why);
            };
            let uri = ActionUri::dial(&number, Some(from));
            ReplyOutcome::Then(vec![pages::http(known, &uri)])
        });
        Ok(Plan::new([step]))
    }

    /// Places a call through Asterisk, since DECT bases do not support action URIs.
    fn dial_by_call(&self, number: &Number, line: Option<u8>) -> Result<Plan, PlanError> {
        if self.context.via.is_some() || !self.context.asterisk {
            return Err(PlanError::unsupported(
                "Yealink DECT bases do not support action URIs; use a call by Asterisk (via=pbx)",
            ));
        }
        let task = Task::Control(Control::Dial {
            number: number.clone(),
            line,
        });
        let plan = pbx::plan(self.phone, &task)?;
        Ok(plan.with_note("unverified on real phones: auto-answer of DECT handsets"))
    }

    /// Answers, ends, holds or resumes a call.
    pub(super) fn call(
        &self,
        control: CallControl,
        call: Option<&CallId>,
    ) -> Result<Plan, PlanError> {
        if let Some(call) = call {
            return self.one_call(control, call);
        }
        let name = match control {
            CallControl::Answer => self.answer_key(),
            CallControl::Hangup => "CALLEND",
            CallControl::Hold | CallControl::Resume => "F_HOLD",
        };
        let plan = self.remote()?.plan(&ActionUri::command(name));
        Ok(match control {
            CallControl::Hold | CallControl::Resume => plan.with_note(TOGGLES),
            CallControl::Answer | CallControl::Hangup => plan,
        })
    }

    fn one_call(&self, control: CallControl, call: &CallId) -> Result<Plan, PlanError> {
        let id = id(call)?;
        let name = match control {
            CallControl::Answer => "ASW",
            CallControl::Hangup => "CANCEL",
            CallControl::Hold => "HOLD",
            CallControl::Resume => "UNHOLD",
        };
        self.model.require_release(80, "call=")?;
        let uri = ActionUri::of_call(name, id);
        if !matches!(control, CallControl::Hold | CallControl::Resume) {
            return Ok(self.remote()?.plan(&uri));
        }
        // A T53W ignores these two by NOTIFY, so HTTP is preferred.
        if self.context.via != Some(Via::Notify) && self.phone.behind_nat.is_none() {
            return Ok(self.require_http("call", "")?.plan(&uri));
        }
        let plan = self.remote()?.plan(&uri);
        Ok(plan.with_note("a T53W ignores HOLD and UNHOLD by NOTIFY"))
    }

    /// Returns the key that answers a call. On a T53W with V86, ANSWER has no effect, but OK does.
    fn answer_key(&self) -> &'static str {
        let has_ok = !self.model.is_one_of(NO_OK);
        if self.model.is_one_of(&["T5"]) && self.model.is_at_least(86) {
            return if has_ok { "OK" } else { "ASW" };
        }
        // ANSWER requires V73; before, OK answered.
        if has_ok && !self.model.is_at_least(73) {
            return "OK";
        }
        "ANSWER"
    }

    /// Transfers the selected call.
    pub(super) fn transfer(
        &self,
        number: &Number,
        kind: TransferKind,
        call: Option<&CallId>,
    ) -> Result<Plan, PlanError> {
        if call.is_some() {
            return Err(PlanError::unsupported(
                "call: Yealink phones transfer the call on the screen; omit call",
            ));
        }
        let name = match kind {
            TransferKind::Attended => "ATrans",
            TransferKind::Blind => "BTrans",
        };
        let plan = self.remote()?.plan(&ActionUri::with_number(name, number));
        Ok(plan.with_note("has no effect without an answered call"))
    }

    /// Switches do-not-disturb; the phone's settings must allow it.
    pub(super) fn dnd(&self, on: bool) -> Result<Plan, PlanError> {
        let name = if on { "DNDOn" } else { "DNDOff" };
        Ok(self.remote()?.plan(&ActionUri::command(name)))
    }

    /// Forwards the calls of the whole phone.
    pub(super) fn forward(&self, forward: &Forward) -> Result<Plan, PlanError> {
        self.model.require_release(80, "forward")?;
        let [on, off] = match forward.kind {
            ForwardKind::All => ["AlwaysFwdOn", "AlwaysFwdOff"],
            ForwardKind::Busy => ["BusyFwdOn", "BusyFwdOff"],
            ForwardKind::NoAnswer => ["NoAnswFwdOn", "NoAnswFwdOff"],
        };
        let uri = match (&forward.to, forward.kind) {
            (None, _) => ActionUri::command(off),
            (Some(number), ForwardKind::NoAnswer) => {
                ActionUri::with_delay(on, number, seconds(forward.after)?)
            }
            (Some(number), ForwardKind::All | ForwardKind::Busy) => {
                ActionUri::with_number(on, number)
            }
        };
        let plan = self.remote()?.plan(&uri);
        let plan = plan.with_note("requires the phone's forward mode to be Phone");
        let uses_default = forward.to.is_some() && forward.after.is_none();
        Ok(match forward.kind {
            ForwardKind::NoAnswer if uses_default => plan.with_note(format!(
                "the phone rings for {DEFAULT_SECONDS} seconds first"
            )),
            _ => plan,
        })
    }
}

/// Returns how many seconds the phone rings before it forwards a call.
fn seconds(after: Option<Duration>) -> Result<u64, PlanError> {
    let seconds = after.map_or(DEFAULT_SECONDS, |after| after.as_secs());
    if seconds == 0 || !seconds.is_multiple_of(6) {
        return Err(PlanError::Invalid(format!(
            "after: Yealink phones count rings of 6 seconds; use a multiple of 6, not {seconds}"
        )));
    }
    Ok(seconds)
}

/// Parses the id of a call.
fn id(call: &CallId) -> Result<u64, PlanError> {
    let digits = call.as_str();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number).ok_or_else(|| {
        PlanError::Invalid(format!(
            "call: invalid call id {digits:?}; use $call_id of the action URL"
        ))
    })
}

/// The default time that a phone rings before it forwards a call.
const DEFAULT_SECONDS: u64 = 24;

const TOGGLES: &str =
    "pressed F_HOLD, which toggles between hold and resume; set call to avoid that";
