//! Notices that events of registrations do not arrive: a phone appears, and no event has announced it.

use std::collections::HashSet;
use std::time::Duration;

use handset_phones::phone::Endpoint;
use tokio::time::Instant;

use super::query_queue::Query;
use super::table::Table;

/// A phone that appeared without an event, which may still arrive.
#[derive(Debug)]
pub(super) struct Suspect {
    endpoint: Endpoint,
    /// How many of its registrations events had announced.
    count: u64,
    /// When it is certain that no event arrives.
    pub(super) due: Instant,
}

impl Suspect {
    /// Returns the phone that the response to `query` has shown, if `before` it was not registered.
    pub(super) fn find(table: &Table, query: &Query, before: &HashSet<Endpoint>) -> Option<Self> {
        let is_new = |endpoint: &&Endpoint| !before.contains(*endpoint);
        let appeared = match query {
            Query::Question(endpoint) => {
                let found = !table.contacts(endpoint).is_empty();
                found.then_some(endpoint).filter(is_new)
            }
            _ => table.all().map(|contact| &contact.endpoint).find(is_new),
        };
        let endpoint = appeared?.clone();
        Some(Self {
            count: table.registration_count(&endpoint),
            endpoint,
            due: Instant::now() + EVENT_DELAY,
        })
    }

    /// Returns its endpoint if no event has announced it until now.
    pub(super) fn convict(self, table: &Table) -> Option<Endpoint> {
        let is_silent = table.registration_count(&self.endpoint) == self.count;
        is_silent.then_some(self.endpoint)
    }
}

/// Returns the endpoints that are registered before the response to a query that may show others; of a
/// single one, only itself.
pub(super) fn registered(table: &Table, query: &Query) -> Option<HashSet<Endpoint>> {
    match query {
        Query::Question(endpoint) => {
            let is_known = !table.contacts(endpoint).is_empty();
            Some(is_known.then(|| endpoint.clone()).into_iter().collect())
        }
        Query::Contacts | Query::Peers if table.is_current() => {
            let all = table.all().map(|contact| contact.endpoint.clone());
            Some(all.collect())
        }
        _ => None,
    }
}

/// How late the event of a registration may be, compared with a response that has it already.
const EVENT_DELAY: Duration = Duration::from_secs(5);
