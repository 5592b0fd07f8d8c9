//! What is to be done when something happens: events in, requests out.
//!
//! [`Engine`] is made from the `[[rule]]` sections, is told each [`Fact`], and answers what to
//! start and what to give up. It reads no clock, sends nothing and runs no task: `now` comes as an
//! argument, and whoever does the work tells it when a run is over.
//!
//! For a fact whose name a rule waits for, the rule asks in this order, and the first `no` is what
//! its [`Trace`] says: is the condition met; has the limit passed; can every request be made; is it
//! no echo of what the rule did itself; does the mode allow another run now.
//!
//! Conditions and templates see two names:
//!
//! - `event`: what happened; `event.NAME` is the first value of a header, whatever the case of its
//!   name, and an error if there is none (`event.NAME is defined` asks);
//! - `values`: `values.NAME` is the list of all values of a header that may repeat, and is empty if
//!   there is none: `'a=1' in values.ChanVariable`.

mod concurrency;
mod condition;
pub mod config;
mod engine;
mod error;
mod expiring;
mod fact;
mod filters;
mod loop_guard;
mod plan;
mod rule;
mod rule_test;
mod scope;
mod template;
mod trace;

#[cfg(test)]
mod tests;

pub use concurrency::{Rejection, Run, RunId};
pub use engine::{Decision, Engine};
pub use error::{Error, Fault, Place};
pub use fact::Fact;
pub use plan::Step;
pub use rule_test::{TestFailure, attempt};
pub use trace::{Counters, Seen, Trace, Verdict};
