//! Identities of the phone: by number since firmware 8.7.4, before that by address, which is in the
//! settings of the phone.

use std::sync::Arc;

use super::super::{settings_page, web};
use crate::phone::Phone;
use crate::screen::Number;
use crate::vendor::{Plan, PlanError, ReplyOutcome, Step};

/// An identity of the phone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    number: u8,
    /// Whether the phone addresses identities by number.
    by_number: bool,
}

/// The steps for an identity once its CSTA device id is known.
pub(super) type Next = Arc<dyn Fn(&str) -> Vec<Step> + Send + Sync>;

impl Line {
    pub(super) fn new(phone: &Phone, number: u8) -> Result<Self, PlanError> {
        Ok(Self {
            number: web::identity(number)?,
            by_number: !phone.firmware.is_older_than(&[8, 7, 4]),
        })
    }

    /// Returns the next identity, if identities have numbers and there can be another.
    pub(super) fn next(self) -> Option<Self> {
        let number = self.number.saturating_add(1);
        (self.by_number && number <= MAX_LINES).then_some(Self { number, ..self })
    }

    /// Returns whether it is the first identity.
    pub(super) fn is_first(self) -> bool {
        self.number == 1
    }

    /// Returns the steps of `next` for the identity.
    pub(super) fn steps(self, next: &Next) -> Vec<Step> {
        let number = self.number;
        if self.by_number {
            return next(&number.to_string());
        }
        let next = Arc::clone(next);
        vec![settings_page::fetch(move |dump| {
            match dump.address(number) {
                Some(address) => ReplyOutcome::Then(next(&format!("sip:{address}"))),
                None => ReplyOutcome::Rejected(format!(
                    "line {number} has no identity: the phone's settings user_name{number} and user_host{number} are not set"
                )),
            }
        })]
    }

    /// Returns the steps of `then` for the target of a call, a SIP address at the server of the identity
    /// unless the number names another.
    pub(super) fn target(
        self,
        number: &Number,
        then: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static,
    ) -> Vec<Step> {
        if let Some(address) = number.address() {
            return then(&address);
        }
        let number = number.clone();
        vec![settings_page::fetch_if_shown(move |dump| {
            ReplyOutcome::Then(match dump.host(self.number) {
                Some(host) => then(&format!("sip:{number}@{host}")),
                None => then(number.as_str()),
            })
        })]
    }

    /// Plans the steps of `next` for the identity.
    pub(super) fn plan(self, next: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Plan {
        Plan::new(self.steps(&(Arc::new(next) as Next)))
    }
}

/// The most identities of a phone.
const MAX_LINES: u8 = 12;
