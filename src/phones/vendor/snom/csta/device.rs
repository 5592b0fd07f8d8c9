//! Which identity of the phone is meant: by its number since 8.7.4, by its address before, which the
//! phone's own settings tell.

use std::sync::Arc;

use super::super::{http, settings_page};
use crate::phone::Phone;
use crate::screen::Number;
use crate::vendor::{Plan, PlanError, ReplyOutcome, Step};

/// An identity of the phone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    number: u8,
    /// Whether the phone knows its identities by number.
    by_number: bool,
}

/// What is done once it is known how the phone calls an identity.
pub(super) type Next = Arc<dyn Fn(&str) -> Vec<Step> + Send + Sync>;

impl Line {
    pub(super) fn new(phone: &Phone, number: u8) -> Result<Self, PlanError> {
        Ok(Self {
            number: http::identity(number)?,
            by_number: !phone.firmware.is_older_than(&[8, 7, 4]),
        })
    }

    /// Returns the identity after this one, if the phone can have it and knows it by number.
    pub(super) fn next(self) -> Option<Self> {
        let number = self.number.saturating_add(1);
        (self.by_number && number <= MAX_LINES).then_some(Self { number, ..self })
    }

    /// Returns whether it is the first.
    pub(super) fn is_first(self) -> bool {
        self.number == 1
    }

    /// Does what is to be done with the identity.
    pub(super) fn steps(self, next: &Next) -> Vec<Step> {
        let number = self.number;
        if self.by_number {
            return next(&number.to_string());
        }
        let next = Arc::clone(next);
        vec![settings_page::ask(move |dump| match dump.address(number) {
            Some(address) => ReplyOutcome::Then(next(&format!("sip:{address}"))),
            None => ReplyOutcome::Rejected(format!(
                "the phone's settings user_name{number} and user_host{number} tell no identity"
            )),
        })]
    }

    /// Does what is to be done with whom a call goes to. To a Snom phone that is a SIP address, of the
    /// identity's own server unless the number names one.
    pub(super) fn target(
        self,
        number: &Number,
        then: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static,
    ) -> Vec<Step> {
        if number.as_str().contains('@') {
            let address = number.as_str().trim_start_matches("sip:");
            return then(&format!("sip:{address}"));
        }
        let number = number.clone();
        vec![settings_page::ask_if_shown(move |dump| {
            ReplyOutcome::Then(match dump.host(self.number) {
                Some(host) => then(&format!("sip:{number}@{host}")),
                None => then(number.as_str()),
            })
        })]
    }

    /// Does only that.
    pub(super) fn plan(self, next: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Plan {
        Plan::new(self.steps(&(Arc::new(next) as Next)))
    }
}

/// How many identities a phone has.
const MAX_LINES: u8 = 12;
