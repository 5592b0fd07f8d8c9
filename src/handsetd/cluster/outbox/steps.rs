//! Gives entries another holder: takes those of daemons that are gone, and hands over those of phones that others
//! reach.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::{debug, info};

use super::Shared;
use super::ledger::{Effect, Step, View};
use super::message::{Entry, Holder, Key, Message, State};
use super::stream::Away;
use crate::outbox::Change;
use handset_cluster::Position;

impl Shared {
    /// Looks at who holds what, again and again, until the daemon stops.
    pub(super) async fn look_after(self: Arc<Self>) {
        let stop = self.tasks.stop();
        let mut was_away = true;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(INTERVAL) => {}
                () = self.look.notified() => {}
            }
            let is_away = self.daemons.away().is_some();
            if is_away || !self.ledger.lock().is_current() {
                self.ledger.lock().forget_missing();
                was_away = true;
                continue;
            }
            if std::mem::take(&mut was_away) {
                // What was not admitted without the cluster may be now.
                let _ = self.changes.send(Change::Entries(None)).await;
                self.moves.notify_one();
            }
            let steps = self.steps();
            for step in steps {
                if let Err(away) = self.execute(step).await {
                    debug!(%away, "Cannot change the holder of a stored delivery.");
                    break;
                }
            }
            // So that a burst of news is looked at once.
            sleep(PAUSE).await;
        }
    }

    fn steps(&self) -> Vec<Step> {
        let live = self.daemons.live();
        self.waiting.forget_lost(|daemon| live.contains_key(daemon));
        let view = View {
            live: &live,
            reaching: &|phone_ref| self.daemons.reaching(phone_ref),
            patience: self.timing.patience,
            sending: self.timing.sending,
            now: Instant::now(),
        };
        let mut ledger = self.ledger.lock();
        let mut steps = ledger.takings(&view);
        steps.extend(ledger.handovers(&view));
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

    /// Takes an entry whose holder is gone. It is adopted when the stream tells of it.
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
            Err(super::stream::NotReplaced::Conflict) => Ok(()),
            Err(super::stream::NotReplaced::Away(away)) => Err(away),
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
            let Some(held) = ledger.held(number).filter(|held| !held.is_cancelled) else {
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
            // It is being sent, or was taken.
            Err(super::stream::NotReplaced::Conflict) => Ok(()),
            Err(super::stream::NotReplaced::Away(away)) => Err(away),
        }
    }
}

/// How often all entries are looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long to wait after that at least.
const PAUSE: Duration = Duration::from_millis(50);
