//! Decides about entries whose holder is absent or does not reach the phone.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use handset_cluster::Position;
use tokio::time::Instant;

use super::{EntryOwner, FileState, Held, Ledger, Location, StreamEntry};
use crate::cluster::outbox::message::{Holder, Key, State, is_bound};

/// The input of decisions.
pub(in crate::cluster::outbox) struct View<'a> {
    /// The live daemons, with their incarnations.
    pub(in crate::cluster::outbox) live: &'a BTreeMap<String, String>,
    /// Returns the daemons that reach a phone, by its reference; the preferred one comes first.
    pub(in crate::cluster::outbox) reaching: &'a dyn Fn(&str) -> Vec<String>,
    /// How long a daemon may be absent before its pending entries are taken over.
    pub(in crate::cluster::outbox) pending_timeout: Duration,
    /// How much longer before its entries in flight are.
    pub(in crate::cluster::outbox) in_flight_timeout: Duration,
    pub(in crate::cluster::outbox) now: Instant,
}

/// An attempt to change the holder of an entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::cluster::outbox) enum HolderChange {
    /// Hand over an entry of this daemon to another one.
    HandOver {
        number: u64,
        key: Key,
        position: Position,
        to: Holder,
    },
    /// Take over an entry whose holder is absent.
    TakeOver { key: Key, position: Position },
}

impl Ledger {
    /// Returns the holder of a new entry for a phone: the daemon that has the other entries for it, or the
    /// preferred one that reaches it, or this one.
    pub(in crate::cluster::outbox) fn holder_for(
        &self,
        phone: &str,
        phone_ref: &str,
        view: &View<'_>,
    ) -> Holder {
        let last = self.by_phone.get(phone).and_then(BTreeMap::last_key_value);
        let last = last.and_then(|(_, key)| self.stream.get(key)?.owner.as_ref());
        let same = last.filter(|owner| is_live(&owner.holder, view));
        if let Some(same) = same {
            return same.holder.clone();
        }
        let best = (view.reaching)(phone_ref).into_iter();
        let mut best = best.filter_map(|daemon| live_holder(daemon, view));
        best.next().unwrap_or_else(|| self.own.clone())
    }

    /// Returns the entries to take over from daemons that are absent.
    pub(in crate::cluster::outbox) fn takeovers(&mut self, view: &View<'_>) -> Vec<HolderChange> {
        let holders = self
            .stream
            .values()
            .filter_map(|entry| entry.owner.as_ref());
        let absent = holders.map(|owner| &owner.holder.daemon);
        let absent: HashSet<String> = absent
            .filter(|daemon| !view.live.contains_key(*daemon))
            .cloned()
            .collect();
        self.absent_since
            .retain(|daemon, _| absent.contains(daemon));
        for daemon in absent {
            self.absent_since.entry(daemon).or_insert(view.now);
        }
        let mut changes: Vec<(u64, HolderChange)> = Vec::new();
        for (key, entry) in &self.stream {
            if self.must_take_over(entry, view) {
                let (key, position) = (key.clone(), entry.position);
                changes.push((position.first, HolderChange::TakeOver { key, position }));
            }
        }
        in_order(changes)
    }

    fn must_take_over(&self, entry: &StreamEntry, view: &View<'_>) -> bool {
        let Some(owner) = &entry.owner else {
            return false;
        };
        let holder = &owner.holder;
        if holder.daemon == self.own.daemon {
            // Of an earlier start of this daemon.
            return holder.incarnation != self.own.incarnation;
        }
        let Some(since) = self.absent_since.get(&holder.daemon) else {
            return false;
        };
        let timeout = match owner.state {
            State::Pending => view.pending_timeout,
            State::InFlight => view.pending_timeout.saturating_add(view.in_flight_timeout),
        };
        view.now.saturating_duration_since(*since) >= timeout
            && successor(owner, view).as_deref() == Some(&self.own.daemon)
    }

    /// Returns the entries to hand over, since other daemons reach their phones and this one does not.
    pub(in crate::cluster::outbox) fn handovers(&self, view: &View<'_>) -> Vec<HolderChange> {
        let mut changes = Vec::new();
        for (number, held) in &self.held {
            if held.location != Location::Stream || held.is_claimed || is_bound(&held.entry) {
                continue;
            }
            let Some((position, _)) = self.position(&held.key) else {
                continue;
            };
            let reaching = (view.reaching)(&held.entry.phone_ref);
            if let Some(to) = self.better_holder(held, &reaching, view) {
                let (number, key) = (*number, held.key.clone());
                let change = HolderChange::HandOver {
                    number,
                    key,
                    position,
                    to,
                };
                changes.push((position.first, change));
            }
        }
        in_order(changes)
    }

    fn better_holder(&self, held: &Held, reaching: &[String], view: &View<'_>) -> Option<Holder> {
        let own = reaching.iter().position(|name| *name == self.own.daemon);
        let next = match own {
            None => reaching.first()?.clone(),
            // Others may succeed where this daemon does not; the last of them returns the entry to the first.
            Some(own) if reaching.len() > 1 && self.has_tried_enough(held, view.now) => {
                let next = own.saturating_add(1);
                let mut turn = reaching.iter().cycle().skip(next);
                turn.next()?.clone()
            }
            Some(_) => return None,
        };
        live_holder(next, view)
    }

    /// Returns whether this daemon has found the phone unreachable for long enough. The first holder hands it
    /// over at once; the others keep it for a while, otherwise they would hand over an entry for a dead phone all the
    /// time.
    fn has_tried_enough(&self, held: &Held, now: Instant) -> bool {
        let is_first = held.home == self.own.daemon;
        let since = held.unreachable_since;
        since.is_some_and(|since| is_first || now.saturating_duration_since(since) >= MIN_HOLD)
    }

    /// Returns why an entry of this daemon must not be attempted at present. The stream has been received up
    /// to the position `received`.
    pub(in crate::cluster::outbox) fn admit(
        &mut self,
        number: u64,
        received: u64,
        now: Instant,
    ) -> Result<(), String> {
        let Some(held) = self.held.get(&number) else {
            return Ok(());
        };
        let first = match held.location {
            Location::File {
                state: FileState::Moving,
                ..
            } => return Err(MOVING.to_owned()),
            Location::Stream => self.stream.get(&held.key).map(|entry| entry.position.first),
            Location::Appending | Location::Deleted | Location::File { .. } => None,
        };
        let Some(first) = first else { return Ok(()) };
        let obstacle = if received < first {
            Some(NOT_RECEIVED.to_owned())
        } else {
            let other = self.other_before(&held.key.phone, first);
            other
                .map(|other| format!("the daemon {other:?} has an earlier delivery for this phone"))
        };
        let Some(held) = self.held.get_mut(&number) else {
            return Ok(());
        };
        let Some(obstacle) = obstacle else {
            held.waiting_since = None;
            return Ok(());
        };
        let since = *held.waiting_since.get_or_insert(now);
        if now.saturating_duration_since(since) >= MAX_ORDER_WAIT {
            return Ok(());
        }
        Err(obstacle)
    }

    /// Returns another daemon that has an entry for a phone before that position.
    fn other_before(&self, phone: &str, first: u64) -> Option<String> {
        let earlier = self.by_phone.get(phone)?.range(..first);
        let owner = earlier.filter_map(|(_, key)| self.stream.get(key)?.owner.as_ref());
        let mut holders = owner.map(|owner| &owner.holder);
        let other = holders.find(|holder| **holder != self.own)?;
        Some(other.daemon.clone())
    }
}

/// Returns the new holder of an entry whose holder is absent: a daemon that reaches the phone, or the one that
/// received the request, or the first by name.
fn successor(owner: &EntryOwner, view: &View<'_>) -> Option<String> {
    let reaching = (view.reaching)(&owner.phone_ref).into_iter();
    let homes = [owner.home.clone(), owner.origin.daemon.clone()];
    let mut candidates = reaching.chain(homes);
    candidates
        .find(|daemon| view.live.contains_key(daemon))
        .or_else(|| view.live.keys().next().cloned())
}

fn is_live(holder: &Holder, view: &View<'_>) -> bool {
    view.live.get(&holder.daemon) == Some(&holder.incarnation)
}

fn live_holder(daemon: String, view: &View<'_>) -> Option<Holder> {
    let incarnation = view.live.get(&daemon)?.clone();
    Some(Holder {
        daemon,
        incarnation,
    })
}

fn in_order(mut changes: Vec<(u64, HolderChange)>) -> Vec<HolderChange> {
    changes.sort_by_key(|(first, _)| *first);
    changes.into_iter().map(|(_, change)| change).collect()
}

/// Reason: the entry is being moved from the file to the stream.
const MOVING: &str = "the delivery is being moved to the outbox of the cluster";

/// Reason: the stream has not reported the entry yet, so earlier ones may be unknown.
const NOT_RECEIVED: &str = "earlier deliveries for this phone may be on their way";

/// How long a holder other than the first keeps an entry: as long as the longest delay between its attempts.
const MIN_HOLD: Duration = Duration::from_secs(50);

/// Maximum time that an entry waits for an earlier one of another daemon: until a lost daemon is certainly no
/// longer sending.
const MAX_ORDER_WAIT: Duration = Duration::from_secs(75);
