//! What is known of the calls of a phone in a session.

use handset_phones::csta::{CallTable, SessionDialect};
use handset_phones::phone::PhoneState;

use crate::uacsta::phone_state;

/// What is known of the calls of a phone in a session.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) calls: CallTable,
    pub(super) dnd: Option<bool>,
}

impl Known {
    pub(super) fn new(dialect: &SessionDialect) -> Self {
        Self {
            calls: CallTable::new(dialect),
            dnd: None,
        }
    }

    pub(super) fn state(&self) -> PhoneState {
        phone_state::of_calls(&self.calls, self.dnd)
    }
}
