//! The pending queries of a server, each at most once.

use std::collections::{HashSet, VecDeque};

use handset_ami::{Action, InvalidAction, ListQuery};
use handset_phones::phone::{Endpoint, Technology};

/// A query to Asterisk.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Query {
    /// The actions that it supports.
    Commands,
    /// All contacts of PJSIP.
    Contacts,
    /// The contacts of one endpoint, the registration of one peer, or the model of one SCCP device.
    Endpoint(Endpoint),
    /// The same, for a request that waits for the answer; never joined with others.
    Question(Endpoint),
    /// All peers of `chan_sip`.
    Peers,
    /// All devices of chan-sccp.
    SccpDevices,
    /// All lines of chan-sccp, with their devices.
    SccpLines,
}

impl Query {
    /// Returns its action.
    pub(super) fn action(&self) -> Result<Action, InvalidAction> {
        Ok(match self {
            Self::Commands => Action::list_commands(),
            Self::Contacts => Action::list(ListQuery::PjsipContacts),
            Self::Peers => Action::list(ListQuery::SipPeers),
            Self::SccpDevices => Action::list(ListQuery::SccpDevices),
            Self::SccpLines => Action::list(ListQuery::SccpLines),
            Self::Endpoint(endpoint) | Self::Question(endpoint) => match endpoint.technology {
                Technology::Sip => Action::builder("SIPshowpeer")
                    .with("Peer", endpoint.name())
                    .build()?,
                Technology::Pjsip => Action::pjsip_show_endpoint(endpoint.name())?,
                // What is unknown is a line; devices are in the list.
                Technology::Sccp if matches!(self, Self::Question(_)) => {
                    Action::list(ListQuery::SccpLines)
                }
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

/// The pending queries, in order. Many queries for single endpoints become one for all.
#[derive(Debug, Default)]
pub(super) struct QueryQueue {
    order: VecDeque<Query>,
    waiting: HashSet<Query>,
    singles: usize,
}

impl QueryQueue {
    /// Adds a query, unless it is pending.
    pub(super) fn add(&mut self, query: Query) {
        if query.is_pjsip_endpoint() && self.waiting.contains(&Query::Contacts) {
            return;
        }
        if !self.waiting.insert(query.clone()) {
            return;
        }
        self.singles += usize::from(query.is_pjsip_endpoint());
        self.order.push_back(query);
        if MAX_SINGLES < self.singles {
            self.order.retain(|query| !query.is_pjsip_endpoint());
            self.waiting.retain(|query| !query.is_pjsip_endpoint());
            self.singles = 0;
            self.add(Query::Contacts);
        }
    }

    /// Removes and returns the oldest query.
    pub(super) fn pop(&mut self) -> Option<Query> {
        let query = self.order.pop_front()?;
        self.waiting.remove(&query);
        self.singles -= usize::from(query.is_pjsip_endpoint());
        Some(query)
    }

    /// Returns whether no query is pending.
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Removes all queries.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// How many PJSIP endpoints are queried one by one; beyond that, one query for all is less work.
const MAX_SINGLES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn single(number: usize) -> Query {
        Query::Endpoint(format!("PJSIP/{number}").parse().unwrap())
    }

    #[test]
    fn query_is_pending_once_and_can_be_added_again() {
        let mut queue = QueryQueue::default();
        queue.add(single(1));
        queue.add(Query::Peers);
        queue.add(single(1));
        assert_eq!(queue.pop(), Some(single(1)));
        queue.add(single(1));
        assert!(!queue.is_empty());
        assert_eq!(queue.pop(), Some(Query::Peers));
        assert_eq!(queue.pop(), Some(single(1)));
        assert_eq!(queue.pop(), None);
        assert!(queue.is_empty());
    }

    #[test]
    fn many_endpoints_become_one_query() {
        let mut queue = QueryQueue::default();
        (0..10_000).for_each(|number| queue.add(single(number)));
        assert_eq!(queue.pop(), Some(Query::Contacts));
        assert_eq!(queue.pop(), None);
    }
}
