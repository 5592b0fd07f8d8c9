//! Which action waits for which answer (pure).
//!
//! No socket, no task, no clock of its own: whoever drives it passes the time in.

use std::collections::{BTreeMap, VecDeque};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::action::Action;
use super::error::Error;
use super::event::Event;
use super::list::{Limits, List, Progress};
use super::response::Response;
use super::wire::{Kind, Packet};

/// Where the answer to an action goes.
pub(crate) type Reply = oneshot::Sender<Result<Response, Error>>;

/// The actions of one connection that are written and not answered yet.
#[derive(Debug)]
pub(crate) struct Pending {
    /// Starts every `ActionID` of this connection; random, so that no stranger's event fits.
    prefix: String,
    next: u64,
    limit: usize,
    lists: Limits,
    waiting: BTreeMap<u64, Waiter>,
    /// Lists that nobody waits for any more and that may still be arriving.
    muted: VecDeque<u64>,
}

impl Pending {
    /// Creates a table for at most `limit` actions.
    pub(crate) fn new(prefix: String, limit: usize, lists: Limits) -> Self {
        let (waiting, muted) = (BTreeMap::new(), VecDeque::new());
        Self {
            prefix,
            next: 0,
            limit,
            lists,
            waiting,
            muted,
        }
    }

    /// Registers an action and returns the `ActionID` to write it with; `None` if there is no
    /// room, which the action's owner is told.
    #[must_use]
    pub(crate) fn admit(
        &mut self,
        action: &Action,
        deadline: Instant,
        reply: Reply,
    ) -> Option<String> {
        if self.limit <= self.waiting.len() {
            let _ = reply.send(Err(Error::Busy { limit: self.limit }));
            return None;
        }
        self.next = self.next.wrapping_add(1);
        let waiter = Waiter {
            action: action.clone(),
            deadline,
            reply,
            list: None,
        };
        self.waiting.insert(self.next, waiter);
        Some(format!("{}-{}", self.prefix, self.next))
    }

    /// Hands a packet to whoever waits for it.
    pub(crate) fn resolve(&mut self, packet: Packet) -> Resolved {
        let kind = packet.kind();
        let id = packet.header("ActionID").and_then(|id| self.number(id));
        match (kind, id) {
            (Kind::Other, _) => Resolved::Stray(packet),
            (Kind::Event, id) => {
                let event = Event::new(packet);
                match id.or_else(|| self.ended_by(&event)) {
                    Some(id) => self.event(id, event),
                    None => Resolved::Event(event),
                }
            }
            (Kind::Response, id) => match id.and_then(|id| Some((id, self.waiting.remove(&id)?))) {
                Some((id, waiter)) => self.response(id, waiter, Response::new(packet)),
                None => Resolved::Stray(packet),
            },
        }
    }

    /// Fails every action whose deadline is `now` or earlier.
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
                // Whether a list comes is not known before the response.
                self.mute(id);
            }
        }
    }

    /// Fails everything: the connection that carried the actions is gone.
    pub(crate) fn abandon(&mut self) {
        for waiter in std::mem::take(&mut self.waiting).into_values() {
            waiter.fail();
        }
    }

    /// Returns the earliest deadline, if anything waits.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.waiting.values().map(|waiter| waiter.deadline).min()
    }

    /// Returns the latest deadline, if anything waits.
    pub(crate) fn last_deadline(&self) -> Option<Instant> {
        self.waiting.values().map(|waiter| waiter.deadline).max()
    }

    fn response(&mut self, id: u64, waiter: Waiter, response: Response) -> Resolved {
        if waiter.list.is_some() {
            // A second response to the same action ends it, whatever it says.
            self.mute(id);
            waiter.answer(Ok(response));
            return Resolved::Taken;
        }
        match List::start(response) {
            Ok(list) => {
                self.waiting.insert(
                    id,
                    Waiter {
                        list: Some(list),
                        ..waiter
                    },
                );
            }
            Err(response) => waiter.answer(Ok(response)),
        }
        Resolved::Taken
    }

    /// Returns the one list that an event without `ActionID` ends, as chan-sccp ends its lists.
    fn ended_by(&self, event: &Event) -> Option<u64> {
        let is_end = event
            .header("EventList")
            .is_some_and(|word| word.eq_ignore_ascii_case("complete"));
        if !is_end || event.header("ActionID").is_some() {
            return None;
        }
        let ends =
            |waiter: &Waiter| waiter.list.is_some() && waiter.action.is_answered_by(event.name());
        let mut ended = self.waiting.iter().filter(|(_, waiter)| ends(waiter));
        let (id, _) = ended.next()?;
        ended.next().is_none().then_some(*id)
    }

    fn event(&mut self, id: u64, event: Event) -> Resolved {
        let ends = event
            .header("EventList")
            .is_some_and(|word| !word.eq_ignore_ascii_case("start"));
        if let Some(at) = self.muted.iter().position(|muted| *muted == id)
            && !event.is("UserEvent")
            && !event.is("OriginateResponse")
        {
            if ends {
                self.muted.remove(at);
            }
            return Resolved::Taken;
        }
        let Some(mut waiter) = self.waiting.remove(&id) else {
            return Resolved::Event(event);
        };
        let Some(list) = waiter.list.take() else {
            self.waiting.insert(id, waiter);
            return Resolved::Event(event);
        };
        match list.take(event, &waiter.action, self.lists) {
            Progress::Arriving(list) => {
                self.waiting.insert(
                    id,
                    Waiter {
                        list: Some(list),
                        ..waiter
                    },
                );
            }
            Progress::Foreign(list, event) => {
                self.waiting.insert(
                    id,
                    Waiter {
                        list: Some(list),
                        ..waiter
                    },
                );
                return Resolved::Event(event);
            }
            Progress::Over(response) => waiter.answer(Ok(response)),
            Progress::TooLong(limit) => {
                self.mute(id);
                let action = waiter.action.name().to_owned();
                waiter.answer(Err(Error::ListTooLong { action, limit }));
            }
        }
        Resolved::Taken
    }

    fn mute(&mut self, id: u64) {
        if MUTED <= self.muted.len() {
            self.muted.pop_front();
        }
        self.muted.push_back(id);
    }

    fn number(&self, id: &str) -> Option<u64> {
        id.strip_prefix(&self.prefix)?
            .strip_prefix('-')?
            .parse()
            .ok()
    }
}

/// What became of a packet.
#[derive(Debug)]
pub(crate) enum Resolved {
    /// It is for everybody.
    Event(Event),
    /// It answers nothing that we asked.
    Stray(Packet),
    /// Whoever waited for it has it, or will when its list is complete.
    Taken,
}

#[derive(Debug)]
struct Waiter {
    action: Action,
    deadline: Instant,
    reply: Reply,
    list: Option<List>,
}

impl Waiter {
    fn answer(self, answer: Result<Response, Error>) {
        // The caller may have gone away meanwhile; that is its business.
        let _ = self.reply.send(answer);
    }

    fn fail(self) {
        let action = self.action.name().to_owned();
        self.answer(Err(Error::OutcomeUnknown { action }));
    }
}

/// How many lists that nobody waits for are kept from being taken for news.
const MUTED: usize = 64;

#[cfg(test)]
mod tests;
