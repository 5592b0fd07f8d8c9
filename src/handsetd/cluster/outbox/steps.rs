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

use super::ledger::{Effect, Step, View};
use super::message::{Entry, Holder, Key, Message, State};
use super::shared::Shared;
use super::stream::{Away, NotReplaced};
use crate::outbox::Change;

impl Shared {
    /// Checks the holders of all entries repeatedly, until the daemon stops.
    pub(super) async fn look_after(self: Arc<Self>) {
        let stop = self.tasks.stop();
        let mut was_away = true;
        let mut last_reached = Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(INTERVAL) => {}
                () = self.look.notified() => {}
            }
            let is_away = self.daemons.away().is_some();
            if is_away || !self.ledger.lock().is_current() {
                self.ledger.lock().forget_missing();
                if is_away {
                    // No outcome can arrive for them.
                    self.waiting.forget_lost(|_| false);
                }
                was_away = true;
                continue;
            }
            if std::mem::take(&mut was_away) {
                // Entries not admitted while away may be admitted now.
                let _ = self.changes.send(Change::Entries(None)).await;
                self.moves.notify_one();
                self.has_moved.store(true, Ordering::Relaxed);
            }
            let has_moved = self.has_moved.swap(false, Ordering::Relaxed);
            let is_due = has_moved || last_reached.elapsed() >= REACH_INTERVAL;
            if is_due {
                last_reached = Instant::now();
            }
            let steps = self.steps(is_due);
            for step in steps {
                if let Err(away) = self.execute(step).await {
                    debug!(%away, "Cannot change the holder of a stored delivery.");
                    break;
                }
            }
            // So that a burst of changes leads to one pass.
            sleep(PAUSE).await;
        }
    }

    /// Returns the steps, including those that depend on the reach of others if they are due.
    fn steps(&self, with_reach: bool) -> Vec<Step> {
        let live = self.daemons.live();
        self.waiting.forget_lost(|daemon| live.contains_key(daemon));
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
            patience: self.timing.patience,
            sending: self.timing.sending,
            now: Instant::now(),
        };
        let mut ledger = self.ledger.lock();
        let mut steps = ledger.takings(&view);
        if with_reach {
            steps.extend(ledger.handovers(&view));
        }
        steps
    }

    async fn execute(&self, step: Step) -> Result<(), Away> {
        match step {
            Step::Take { key, position } => self.take(&key, position).await,
            Step::HandOver {
                number,
                key,
                position,
                to,
            } => self.hand_over(number, &key, position, to).await,
        }
    }

    /// Takes over an entry whose holder is gone. It is adopted when the stream reports it.
    async fn take(&self, key: &Key, position: Position) -> Result<(), Away> {
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
        let taken = self.stream.replace(key, position, message.to_bytes()).await;
        match taken {
            Ok(_) => {
                let id = message.entry.id();
                info!(
                    id,
                    from, "Took over a stored delivery of a daemon that is gone."
                );
                Ok(())
            }
            Err(NotReplaced::Conflict) => Ok(()),
            Err(NotReplaced::Away(away)) => Err(away),
        }
    }

    async fn hand_over(
        &self,
        number: u64,
        key: &Key,
        position: Position,
        to: Holder,
    ) -> Result<(), Away> {
        let message = {
            let ledger = self.ledger.lock();
            let held = ledger.held(number);
            let Some(held) = held.filter(|held| !held.is_cancelled && !held.is_claimed) else {
                return Ok(());
            };
            Message {
                state: State::Pending,
                asker: held.asker.clone(),
                home: held.home.clone(),
                entry: Entry::from(&*held.entry),
                holder: to,
            }
        };
        match self.stream.replace(key, position, message.to_bytes()).await {
            Ok(position) => {
                {
                    let mut ledger = self.ledger.lock();
                    ledger.written(key, position, &message);
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
            Err(NotReplaced::Conflict) => Ok(()),
            Err(NotReplaced::Away(away)) => Err(away),
        }
    }
}

/// Interval at which all entries are checked.
const INTERVAL: Duration = Duration::from_secs(1);

/// Interval at which the reach of phones is checked too, unless a change is known.
const REACH_INTERVAL: Duration = Duration::from_secs(3);

/// Minimum pause after such a check.
const PAUSE: Duration = Duration::from_millis(50);
