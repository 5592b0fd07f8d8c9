//! Rules: decide which requests to make when an event occurs.
//!
//! [`Engine`] compiles the `[[rule]]` sections, receives each [`Fact`], and returns which runs to start
//! and which to cancel. It is pure: it takes the time as an argument, sends nothing and spawns no task;
//! the caller executes runs and reports their end.
//!
//! For a fact whose name a rule handles, the rule checks in this order, and its [`Trace`] names the first
//! check that failed: is the condition true; has the limit elapsed; are all requests valid; is the event
//! not caused by the rule itself, directly or through other rules; does the mode admit another run.
//!
//! Conditions and templates can use three names:
//!
//! - `event`: `event.NAME` is the first value of a header, compared case-insensitively, and an error if
//!   there is none (`event.NAME is defined` tests for it);
//! - `values`: `values.NAME` is the list of all values of a header that may repeat, empty if there is
//!   none: `'a=1' in values.ChanVariable`;
//! - `phone`: the phone that the event is about: `phone.name`, `phone.activity`, `phone.hook` and
//!   `phone.dnd`.

mod causes;
mod concurrency;
mod condition;
pub(crate) mod config;
mod consequences;
mod context;
mod description;
mod engine;
mod error;
mod event_index;
mod event_value;
mod fact;
mod failure;
mod filled;
mod filters;
mod language;
mod limits;
mod loop_guard;
mod names;
mod page;
mod page_links;
mod request_subjects;
mod rule;
pub(crate) mod rule_test;
mod run_record;
mod schedule;
mod scope;
mod script;
mod size;
mod step;
mod subject;
mod template;
mod time_zone;
mod timetable;
mod trace;
mod triggers;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

/// The events of handsetd itself that rules may wait for, without `handsetd.`.
pub(crate) const OWN_EVENTS: &[&str] = &[
    "damaged",
    "delivery",
    "expired",
    "gap",
    "rule_failed",
    "start",
];

pub(crate) use causes::Causes;
pub(crate) use concurrency::{Run, RunId};
pub(crate) use consequences::Consequences;
pub use context::Moment;
pub(crate) use context::{PhoneDescription, Phones};
pub(crate) use description::Description;
pub(crate) use engine::Decision;
pub use engine::Engine;
pub(crate) use error::{Error, RulePart};
pub use fact::Fact;
pub(crate) use failure::{Failure, FailureKind};
pub(crate) use page::{FilledPage, PagePhones, PageRequest, PageTemplate};
pub(crate) use page_links::linked_pages;
pub(crate) use run_record::{Cancellation, RunState, StepFailure, StepRecord};
pub(crate) use step::{
    AmiCall, Outline, Reached, Step, StepAction, StepResult, StepResults, VerbCall, WebhookCall,
    is_step, server_of,
};
pub(crate) use timetable::{Done, Due, Schedules, Timetable};
pub(crate) use trace::{Counters, Trace, Verdict};
