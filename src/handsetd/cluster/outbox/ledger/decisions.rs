//! Decides about entries whose holder is gone or does not reach the phone.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use handset_cluster::Position;
use tokio::time::Instant;

use super::{FileState, Held, Item, Ledger, Owned, Place};
use crate::cluster::outbox::message::{Holder, Key, State, is_bound};

/// The input of decisions.
pub(in crate::cluster::outbox) struct View<'a> {
    /// The live daemons, with their incarnations.
    pub(in crate::cluster::outbox) live: &'a BTreeMap<String, String>,
    /// Returns the daemons that reach a phone, by its reference; the preferred one comes first.
    pub(in crate::cluster::outbox) reaching: &'a dyn Fn(&str) -> Vec<String>,
    /// How long a daemon may be away without losing what it has not started to send.
    pub(in crate::cluster::outbox) patience: Duration,
    /// How long after that it may still be sending what it has started.
    pub(in crate::cluster::outbox) sending: Duration,
    pub(in crate::cluster::outbox) now: Instant,
}

/// An attempt to change the holder of an entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::cluster::outbox) enum Step {
    /// Give an entry of this daemon to another one.
    HandOver {
        number: u64,
        key: Key,
        position: Position,
        to: Holder,
    },
    /// Take over an entry whose holder is gone.
    Take { key: Key, position: Position },
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
        let last = last.and_then(|(_, key)| self.items.get(key)?.owned.as_ref());
        let same = last.filter(|owned| is_live(&owned.holder, view));
        if let Some(same) = same {
            return same.holder.clone();
        }
        let best = (view.reaching)(phone_ref).into_iter();
        let mut best = best.filter_map(|daemon| live_holder(daemon, view));
        best.next().unwrap_or_else(|| self.own.clone())
    }

    /// Returns the steps for entries of daemons that are gone.
    pub(in crate::cluster::outbox) fn takings(&mut self, view: &View<'_>) -> Vec<Step> {
        let holders = self.items.values().filter_map(|item| item.owned.as_ref());
        let gone = holders.map(|owned| &owned.holder.daemon);
        let gone: HashSet<String> = gone
            .filter(|daemon| !view.live.contains_key(*daemon))
            .cloned()
            .collect();
        self.missing.retain(|daemon, _| gone.contains(daemon));
        for daemon in gone {
            self.missing.entry(daemon).or_insert(view.now);
        }
        let mut steps: Vec<(u64, Step)> = Vec::new();
        for (key, item) in &self.items {
            if self.is_to_take(item, view) {
                let (key, position) = (key.clone(), item.position);
                steps.push((position.first, Step::Take { key, position }));
            }
        }
        in_order(steps)
    }

    fn is_to_take(&self, item: &Item, view: &View<'_>) -> bool {
        let Some(owned) = &item.owned else {
            return false;
        };
        let holder = &owned.holder;
        if holder.daemon == self.own.daemon {
            // Of an earlier start of this daemon.
            return holder.incarnation != self.own.incarnation;
        }
        let Some(since) = self.missing.get(&holder.daemon) else {
            return false;
        };
        let patience = match owned.state {
            State::Pending => view.patience,
            State::InFlight => view.patience.saturating_add(view.sending),
        };
        view.now.saturating_duration_since(*since) >= patience
            && heir(owned, view).as_deref() == Some(&self.own.daemon)
    }

    /// Returns the entries to hand over, since other daemons reach their phones and this one does not.
    pub(in crate::cluster::outbox) fn handovers(&self, view: &View<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        for (number, held) in &self.held {
            if held.place != Place::Stream || held.is_claimed || is_bound(&held.entry) {
                continue;
            }
            let Some((position, _)) = self.position(&held.key) else {
                continue;
            };
            let reaching = (view.reaching)(&held.entry.phone_ref);
            if let Some(to) = self.better_holder(held, &reaching, view) {
                let (number, key) = (*number, held.key.clone());
                let step = Step::HandOver {
                    number,
                    key,
                    position,
                    to,
                };
                steps.push((position.first, step));
            }
        }
        in_order(steps)
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

    /// Returns whether this daemon has found the phone unreachable for long enough. The first holder gives others
    /// the chance at once; otherwise they would hand an entry for a dead phone to each other all the time.
    fn has_tried_enough(&self, held: &Held, now: Instant) -> bool {
        let is_first = held.home == self.own.daemon;
        let since = held.unreachable_since;
        since.is_some_and(|since| is_first || now.saturating_duration_since(since) >= MIN_TURN)
    }

    /// Returns why an entry of this daemon must not be attempted at present. The stream has been received up
    /// to the position `told`.
    pub(in crate::cluster::outbox) fn admit(
        &mut self,
        number: u64,
        told: u64,
        now: Instant,
    ) -> Result<(), String> {
        let Some(held) = self.held.get(&number) else {
            return Ok(());
        };
        let first = match held.place {
            Place::File {
                state: FileState::Moving,
                ..
            } => return Err(MOVING.to_owned()),
            Place::Stream => self.items.get(&held.key).map(|item| item.position.first),
            Place::Appending | Place::Deleted | Place::File { .. } => None,
        };
        let Some(first) = first else { return Ok(()) };
        let obstacle = if told < first {
            Some(UNTOLD.to_owned())
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
        if now.saturating_duration_since(since) >= MAX_WAIT {
            return Ok(());
        }
        Err(obstacle)
    }

    /// Returns another daemon that has an entry for a phone before that position.
    fn other_before(&self, phone: &str, first: u64) -> Option<String> {
        let earlier = self.by_phone.get(phone)?.range(..first);
        let owned = earlier.filter_map(|(_, key)| self.items.get(key)?.owned.as_ref());
        let mut holders = owned.map(|owned| &owned.holder);
        let other = holders.find(|holder| **holder != self.own)?;
        Some(other.daemon.clone())
    }
}

/// Returns the new holder of an entry whose holder is gone: a daemon that reaches the phone, or the one that
/// received the request, or the first by name.
fn heir(owned: &Owned, view: &View<'_>) -> Option<String> {
    let reaching = (view.reaching)(&owned.phone_ref).into_iter();
    let homes = [owned.home.clone(), owned.asker.daemon.clone()];
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

fn in_order(mut steps: Vec<(u64, Step)>) -> Vec<Step> {
    steps.sort_by_key(|(first, _)| *first);
    steps.into_iter().map(|(_, step)| step).collect()
}

/// Reason: the entry is being moved from the file to the stream.
const MOVING: &str = "the delivery is being moved to the outbox of the cluster";

/// Reason: the stream has not reported the entry yet, so earlier ones may be unknown.
const UNTOLD: &str = "earlier deliveries for this phone may be on their way";

/// How long another than the first holder tries: as long as the longest delay between its attempts.
const MIN_TURN: Duration = Duration::from_secs(50);

/// Maximum time that an entry waits for an earlier one of another daemon: until whatever a lost daemon was
/// sending is certainly over.
const MAX_WAIT: Duration = Duration::from_secs(75);
