//! Changes the holders of entries: takes over those of daemons that are gone, and hands over those whose
//! phones other daemons reach.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use handset_cluster::Position;
use tokio::time::{Instant, sleep};
use tracing::{debug, info};

use super::ledger::{Effect, HolderChange, View};
use super::message::{Entry, Holder, Key, Message, State};
use super::shared::Shared;
use super::stream::{ReplaceError, Unavailable};
use crate::outbox::Change;

impl Shared {
    /// Checks the holders of all entries repeatedly, until the daemon stops.
    pub(super) async fn watch_holders(self: Arc<Self>) {
        let stop = self.tasks.stop();
        let mut was_unavailable = true;
        let mut last_reached = Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(INTERVAL) => {}
                () = self.check_holders.notified() => {}
            }
            let is_unavailable = self.daemons.unavailable_reason().is_some();
            if is_unavailable || !self.ledger.lock().is_current() {
                self.ledger.lock().forget_absent();
                if is_unavailable {
                    // No outcome can arrive for them.
                    self.pending_outcomes.drop_lost(|_| false);
                }
                was_unavailable = true;
                continue;
            }
            if std::mem::take(&mut was_unavailable) {
                // Entries that were not admitted before may be admitted now.
                let _ = self.changes.send(Change::Entries(None)).await;
                self.migrate.notify_one();
                self.has_reach_changed.store(true, Ordering::Relaxed);
            }
            let has_reach_changed = self.has_reach_changed.swap(false, Ordering::Relaxed);
            let is_due = has_reach_changed || last_reached.elapsed() >= REACH_INTERVAL;
            if is_due {
                last_reached = Instant::now();
            }
            for change in self.holder_changes(is_due) {
                if let Err(error) = self.execute(change).await {
                    debug!(%error, "Cannot change the holder of a stored delivery.");
                    break;
                }
            }
            // So that a burst of changes leads to one pass.
            sleep(PAUSE).await;
        }
    }

    /// Returns the changes to make, including those that depend on which daemons reach the phones if
    /// `with_reach`.
    fn holder_changes(&self, with_reach: bool) -> Vec<HolderChange> {
        let live = self.daemons.live();
        self.pending_outcomes
            .drop_lost(|daemon| live.contains_key(daemon));
        // A phone may have many entries, and looking it up takes longer than the rest.
        let known = RefCell::new(HashMap::new());
        let reaching = |phone_ref: &str| {
            let mut known = known.borrow_mut();
            let found = known.entry(phone_ref.to_owned());
            let found = found.or_insert_with(|| self.daemons.reaching(phone_ref));
            found.clone()
        };
        let view = View {
            live: &live,
            reaching: &reaching,
            pending_timeout: self.timing.pending_timeout,
            in_flight_timeout: self.timing.in_flight_timeout,
            now: Instant::now(),
        };
        let mut ledger = self.ledger.lock();
        let mut changes = ledger.takeovers(&view);
        if with_reach {
            changes.extend(ledger.handovers(&view));
        }
        changes
    }

    async fn execute(&self, change: HolderChange) -> Result<(), Unavailable> {
        match change {
            HolderChange::TakeOver { key, position } => self.take_over(&key, position).await,
            HolderChange::HandOver {
                number,
                key,
                position,
                to,
            } => self.hand_over(number, &key, position, to).await,
        }
    }

    /// Takes over an entry whose holder is gone. It is adopted when the stream reports it.
    async fn take_over(&self, key: &Key, position: Position) -> Result<(), Unavailable> {
        let Some((found, bytes)) = self.stream.read(key).await? else {
            let effects = self.ledger.lock().removed(key);
            self.perform(effects).await;
            return Ok(());
        };
        let Ok(message) = Message::parse(&bytes) else {
            return Ok(());
        };
        if found != position {
            // Another daemon was faster.
            return Ok(());
        }
        let from = message.holder.daemon.clone();
        let message = Message {
            holder: self.daemons.own().clone(),
            ..message
        };
        let replaced = self.stream.replace(key, position, message.to_bytes()).await;
        match replaced {
            Ok(_) => {
                let id = message.entry.id();
                info!(
                    id,
                    from, "Took over a stored delivery of a daemon that is gone."
                );
                Ok(())
            }
            Err(ReplaceError::Conflict) => Ok(()),
            Err(ReplaceError::Unavailable(error)) => Err(error),
        }
    }

    async fn hand_over(
        &self,
        number: u64,
        key: &Key,
        position: Position,
        to: Holder,
    ) -> Result<(), Unavailable> {
        let message = {
            let ledger = self.ledger.lock();
            let held = ledger.held(number);
            let Some(held) = held.filter(|held| !held.is_cancelled && !held.is_claimed) else {
                return Ok(());
            };
            Message {
                state: State::Pending,
                origin: held.origin.clone(),
                home: held.home.clone(),
                entry: Entry::from(&*held.entry),
                holder: to,
            }
        };
        match self.stream.replace(key, position, message.to_bytes()).await {
            Ok(position) => {
                {
                    let mut ledger = self.ledger.lock();
                    ledger.record_written(key, position, &message);
                    ledger.forget(number);
                }
                let (id, to) = (message.entry.id(), &message.holder.daemon);
                info!(
                    id,
                    to, "Handed over a stored delivery to the daemon that reaches the phone."
                );
                self.perform(vec![Effect::Refresh(key.phone.clone())]).await;
                Ok(())
            }
            // It is being sent, or was taken over.
            Err(ReplaceError::Conflict) => Ok(()),
            Err(ReplaceError::Unavailable(error)) => Err(error),
        }
    }
}

/// Interval at which all entries are checked.
const INTERVAL: Duration = Duration::from_secs(1);

/// Interval at which the daemons that reach the phones are checked too, unless a change is known.
const REACH_INTERVAL: Duration = Duration::from_secs(3);

/// Minimum pause after such a check.
const PAUSE: Duration = Duration::from_millis(50);
