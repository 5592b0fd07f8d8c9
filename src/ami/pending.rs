//! Which action is waiting for which response (pure).
//!
//! No socket, no task and no clock: callers pass the current time.

use std::collections::{BTreeMap, VecDeque};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::action::Action;
use super::error::Error;
use super::event::Event;
use super::list::{List, ListLimits, Progress};
use super::response::Response;
use super::wire::{Kind, Packet};

/// Receives the outcome of an action.
pub(crate) type Reply = oneshot::Sender<Result<Response, Error>>;

/// The actions of one connection that have been written and not answered yet.
#[derive(Debug)]
pub(crate) struct Pending {
    /// Starts every `ActionID` of this connection; random, so that no foreign event matches.
    prefix: String,
    last_id: u64,
    limit: usize,
    list_limits: ListLimits,
    waiting: BTreeMap<u64, Waiter>,
    /// Lists that may still be arriving although their action has ended.
    abandoned_lists: VecDeque<u64>,
}

impl Pending {
    /// Creates a table for at most `limit` actions.
    pub(crate) fn new(prefix: String, limit: usize, list_limits: ListLimits) -> Self {
        Self {
            prefix,
            last_id: 0,
            limit,
            list_limits,
            waiting: BTreeMap::new(),
            abandoned_lists: VecDeque::new(),
        }
    }

    /// Registers an action and returns the `ActionID` to write it with.
    ///
    /// If the table is full, fails the action with [`Error::Busy`] and returns `None`.
    #[must_use]
    pub(crate) fn register(
        &mut self,
        action: &Action,
        deadline: Instant,
        reply: Reply,
    ) -> Option<String> {
        if self.limit <= self.waiting.len() {
            let _ = reply.send(Err(Error::Busy { limit: self.limit }));
            return None;
        }
        self.last_id = self.last_id.wrapping_add(1);
        let waiter = Waiter {
            action: action.clone(),
            deadline,
            reply,
            list: None,
        };
        self.waiting.insert(self.last_id, waiter);
        Some(format!("{}-{}", self.prefix, self.last_id))
    }

    /// Passes a packet to the action it answers.
    pub(crate) fn resolve(&mut self, packet: Packet) -> Resolved {
        if let Some(name) = packet.event_name() {
            return self.resolve_event(Event::new(packet, name));
        }
        if packet.kind() == Kind::Response
            && let Some(id) = packet.header("ActionID").and_then(|id| self.parse_id(id))
            && let Some(waiter) = self.waiting.remove(&id)
        {
            return self.response(id, waiter, Response::new(packet));
        }
        Resolved::Unsolicited(packet)
    }

    /// Passes an event to the list that it belongs to, if any.
    fn resolve_event(&mut self, event: Event) -> Resolved {
        if self.waiting.is_empty() && self.abandoned_lists.is_empty() {
            // Nearly always: its other headers need not be looked at.
            return Resolved::Event(event);
        }
        let id = event.header("ActionID").and_then(|id| self.parse_id(id));
        match id.or_else(|| self.list_ended_by(&event)) {
            Some(id) => self.event(id, event),
            None => Resolved::Event(event),
        }
    }

    /// Fails every action whose deadline has passed at `now`.
    pub(crate) fn expire(&mut self, now: Instant) {
        let late: Vec<u64> = self
            .waiting
            .iter()
            .filter(|(_, waiter)| waiter.deadline <= now)
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            if let Some(waiter) = self.waiting.remove(&id) {
                waiter.fail();
                // Only the response would show whether a list follows.
                self.abandon_list(id);
            }
        }
    }

    /// Fails all actions, because their connection has ended.
    pub(crate) fn fail_all(&mut self) {
        for waiter in std::mem::take(&mut self.waiting).into_values() {
            waiter.fail();
        }
    }

    /// Returns the earliest deadline.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.waiting.values().map(|waiter| waiter.deadline).min()
    }

    /// Returns the latest deadline.
    pub(crate) fn last_deadline(&self) -> Option<Instant> {
        self.waiting.values().map(|waiter| waiter.deadline).max()
    }

    fn response(&mut self, id: u64, waiter: Waiter, response: Response) -> Resolved {
        if waiter.list.is_some() {
            // A second response to the same action ends it, whatever it says.
            self.abandon_list(id);
            waiter.complete(Ok(response));
            return Resolved::Consumed;
        }
        match List::start(response) {
            Ok(list) => self.await_more(id, waiter, list),
            Err(response) => waiter.complete(Ok(response)),
        }
        Resolved::Consumed
    }

    /// Returns the one list that an event without an `ActionID` ends, as chan-sccp ends its lists.
    fn list_ended_by(&self, event: &Event) -> Option<u64> {
        let is_end = event
            .header("EventList")
            .is_some_and(|word| word.eq_ignore_ascii_case("complete"));
        if !is_end || event.header("ActionID").is_some() {
            return None;
        }
        let is_ended =
            |waiter: &Waiter| waiter.list.is_some() && waiter.action.declares_item(event.name());
        let mut ended = self.waiting.iter().filter(|(_, waiter)| is_ended(waiter));
        let (id, _) = ended.next()?;
        ended.next().is_none().then_some(*id)
    }

    fn event(&mut self, id: u64, event: Event) -> Resolved {
        if let Some(at) = self.abandoned_lists.iter().position(|list| *list == id)
            && !event.is("UserEvent")
            && !event.is("OriginateResponse")
        {
            let is_end = event
                .header("EventList")
                .is_some_and(|word| !word.eq_ignore_ascii_case("start"));
            if is_end {
                self.abandoned_lists.remove(at);
            }
            return Resolved::Consumed;
        }
        let Some(mut waiter) = self.waiting.remove(&id) else {
            return Resolved::Event(event);
        };
        let Some(list) = waiter.list.take() else {
            self.waiting.insert(id, waiter);
            return Resolved::Event(event);
        };
        match list.push(event, &waiter.action, self.list_limits) {
            Progress::Incomplete(list) => self.await_more(id, waiter, list),
            Progress::Unrelated(list, event) => {
                self.await_more(id, waiter, list);
                return Resolved::Event(event);
            }
            Progress::Complete(response) => waiter.complete(Ok(response)),
            Progress::TooLong(limit) => {
                self.abandon_list(id);
                let action = waiter.action.name().to_owned();
                waiter.complete(Err(Error::ListTooLong { action, limit }));
            }
        }
        Resolved::Consumed
    }

    fn await_more(&mut self, id: u64, waiter: Waiter, list: List) {
        let list = Some(list);
        self.waiting.insert(id, Waiter { list, ..waiter });
    }

    fn abandon_list(&mut self, id: u64) {
        if MAX_ABANDONED_LISTS <= self.abandoned_lists.len() {
            self.abandoned_lists.pop_front();
        }
        self.abandoned_lists.push_back(id);
    }

    fn parse_id(&self, id: &str) -> Option<u64> {
        id.strip_prefix(&self.prefix)?
            .strip_prefix('-')?
            .parse()
            .ok()
    }
}

/// The destination of a packet.
#[derive(Debug)]
pub(crate) enum Resolved {
    /// It answers a pending action, or is an item of a list.
    Consumed,
    /// An event for all subscribers.
    Event(Event),
    /// It answers no pending action.
    Unsolicited(Packet),
}

#[derive(Debug)]
struct Waiter {
    action: Action,
    deadline: Instant,
    reply: Reply,
    list: Option<List>,
}

impl Waiter {
    fn complete(self, outcome: Result<Response, Error>) {
        // The caller may have stopped waiting.
        let _ = self.reply.send(outcome);
    }

    fn fail(self) {
        let action = self.action.name().to_owned();
        self.complete(Err(Error::OutcomeUnknown { action }));
    }
}

/// Abandoned lists to remember, so that their items are not broadcast as events.
const MAX_ABANDONED_LISTS: usize = 64;

#[cfg(test)]
mod tests;
