//! What is still to be asked of a server, each question once.

use std::collections::{HashSet, VecDeque};

use handset_ami::{Action, InvalidAction, ListQuery};
use handset_phones::phone::{Endpoint, Technology};

/// Something to ask of Asterisk.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Query {
    /// What it can be asked.
    Commands,
    /// All contacts of PJSIP.
    Contacts,
    /// The contacts of one endpoint, the registration of one peer, or the model of one SCCP device.
    Endpoint(Endpoint),
    /// All peers of `chan_sip`.
    Peers,
    /// All devices of chan-sccp.
    SccpDevices,
}

impl Query {
    /// Returns the action that asks it.
    pub(super) fn action(&self) -> Result<Action, InvalidAction> {
        Ok(match self {
            Self::Commands => Action::list_commands(),
            Self::Contacts => Action::list(ListQuery::PjsipContacts),
            Self::Peers => Action::list(ListQuery::SipPeers),
            Self::SccpDevices => Action::list(ListQuery::SccpDevices),
            Self::Endpoint(endpoint) => match endpoint.technology {
                Technology::Sip => Action::builder("SIPshowpeer")
                    .with("Peer", endpoint.name())
                    .build()?,
                Technology::Pjsip => Action::pjsip_show_endpoint(endpoint.name())?,
                Technology::Sccp => {
                    let model = format!("SCCPDevice({},skinny_type)", endpoint.name());
                    Action::getvar(None, &model)?
                }
            },
        })
    }

    fn is_pjsip_endpoint(&self) -> bool {
        matches!(self, Self::Endpoint(endpoint) if endpoint.technology == Technology::Pjsip)
    }
}

/// The questions that wait, in order. Many single endpoints become one question for all.
#[derive(Debug, Default)]
pub(super) struct QueryQueue {
    order: VecDeque<Query>,
    waiting: HashSet<Query>,
    singles: usize,
}

impl QueryQueue {
    /// Adds a question, unless it waits already.
    pub(super) fn add(&mut self, question: Query) {
        if question.is_pjsip_endpoint() && self.waiting.contains(&Query::Contacts) {
            return;
        }
        if !self.waiting.insert(question.clone()) {
            return;
        }
        self.singles += usize::from(question.is_pjsip_endpoint());
        self.order.push_back(question);
        if MAX_SINGLES < self.singles {
            self.order.retain(|question| !question.is_pjsip_endpoint());
            self.waiting
                .retain(|question| !question.is_pjsip_endpoint());
            self.singles = 0;
            self.add(Query::Contacts);
        }
    }

    /// Takes the question that waits for the longest time.
    pub(super) fn next(&mut self) -> Option<Query> {
        let question = self.order.pop_front()?;
        self.waiting.remove(&question);
        self.singles -= usize::from(question.is_pjsip_endpoint());
        Some(question)
    }

    /// Returns whether no question waits.
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Forgets all questions.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// How many PJSIP endpoints are asked for one by one; with more, asking for all is less work.
const MAX_SINGLES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn single(number: usize) -> Query {
        Query::Endpoint(format!("PJSIP/{number}").parse().unwrap())
    }

    #[test]
    fn a_question_waits_once_and_can_be_asked_again() {
        let mut agenda = QueryQueue::default();
        agenda.add(single(1));
        agenda.add(Query::Peers);
        agenda.add(single(1));
        assert_eq!(agenda.next(), Some(single(1)));
        agenda.add(single(1));
        assert!(!agenda.is_empty());
        assert_eq!(agenda.next(), Some(Query::Peers));
        assert_eq!(agenda.next(), Some(single(1)));
        assert_eq!(agenda.next(), None);
        assert!(agenda.is_empty());
    }

    #[test]
    fn a_crowd_becomes_one_question() {
        let mut agenda = QueryQueue::default();
        (0..10_000).for_each(|number| agenda.add(single(number)));
        assert_eq!(agenda.next(), Some(Query::Contacts));
        assert_eq!(agenda.next(), None);
    }
}
