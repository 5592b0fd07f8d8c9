//! A simulated daemon: its stream, its file, and its view of the other daemons.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, pending};
use handset_cluster::Position;
use tokio::time::sleep;

use super::world::{State, World};
use crate::cluster::outbox::file_rows::FileRows;
use crate::cluster::outbox::message::{Holder, Key};
use crate::cluster::outbox::stream::StreamEvent;
use crate::cluster::outbox::stream::{AppendError, Daemons, ReplaceError, Stream, Unavailable};
use crate::outbox::{EntryState, Error, OutboxEntry};
use crate::outcome::Outcome;

/// A daemon, as its outbox sees the world. Once it is killed, its operations have no effect and never return.
#[derive(Clone, Debug)]
pub(super) struct Daemon {
    pub(super) world: World,
    pub(super) own: Holder,
}

impl Daemon {
    pub(super) fn is_running(&self) -> bool {
        let state = self.world.0.lock();
        state.running.get(&self.own.daemon) == Some(&self.own.incarnation)
    }

    /// Waits for a moment; forever once the daemon is killed.
    pub(super) async fn pause(&self, milliseconds: u64) {
        sleep(Duration::from_millis(self.world.below(milliseconds))).await;
        if !self.is_running() {
            pending::<()>().await;
        }
    }

    fn is_cut(&self) -> bool {
        self.world.0.lock().cut.contains(&self.own.daemon)
    }

    /// Changes the stream and returns the result, unless the connection is lost before or after.
    async fn operate<T>(
        &self,
        effect: impl FnOnce(&mut State) -> T,
    ) -> Result<T, (bool, Unavailable)> {
        let unavailable = || Unavailable("cut".to_owned());
        self.pause(20).await;
        if self.is_cut() {
            return Err((false, unavailable()));
        }
        let result = effect(&mut self.world.0.lock());
        self.pause(20).await;
        if self.is_cut() {
            return Err((true, unavailable()));
        }
        Ok(result)
    }
}

impl Stream for Daemon {
    fn append<'a>(
        &'a self,
        key: &'a Key,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<Position, AppendError>> {
        async move {
            let append = |state: &mut State| {
                if state.appended.contains_key(key) {
                    return Err(AppendError::Exists);
                }
                let position = state.put(key, None, value, &self.own.incarnation);
                state.appended.insert(key.clone(), position.first);
                Ok(position)
            };
            match self.operate(append).await {
                Ok(result) => result,
                Err((true, error)) => Err(AppendError::Unknown(error)),
                Err((false, error)) => Err(AppendError::Unavailable(error)),
            }
        }
        .boxed()
    }

    fn replace<'a>(
        &'a self,
        key: &'a Key,
        position: Position,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<Position, ReplaceError>> {
        async move {
            let replace = |state: &mut State| match state.entries.get(key) {
                Some((found, _)) if *found == position => {
                    Ok(state.put(key, Some(position.first), value, &self.own.incarnation))
                }
                _ => Err(ReplaceError::Conflict),
            };
            let replaced = self.operate(replace).await;
            replaced.unwrap_or_else(|(_, error)| Err(ReplaceError::Unavailable(error)))
        }
        .boxed()
    }

    fn remove<'a>(
        &'a self,
        key: &'a Key,
        position: Position,
    ) -> BoxFuture<'a, Result<(), ReplaceError>> {
        async move {
            let remove = |state: &mut State| match state.entries.get(key) {
                Some((found, _)) if *found == position => {
                    state.entries.remove(key);
                    state.log(format!(
                        "{} removed by {}",
                        key.delivery, self.own.incarnation
                    ));
                    state.broadcast(&StreamEvent::Removed(key.clone()));
                    Ok(())
                }
                _ => Err(ReplaceError::Conflict),
            };
            let removed = self.operate(remove).await;
            removed.unwrap_or_else(|(_, error)| Err(ReplaceError::Unavailable(error)))
        }
        .boxed()
    }

    fn read<'a>(
        &'a self,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<(Position, Bytes)>, Unavailable>> {
        async move {
            let read = self.operate(|state| state.entries.get(key).cloned()).await;
            read.map_err(|(_, error)| error)
        }
        .boxed()
    }
}

impl FileRows for Daemon {
    fn insert(&self, entry: OutboxEntry, state: EntryState) -> BoxFuture<'_, Result<u64, Error>> {
        async move {
            self.pause(10).await;
            let row = {
                let mut world = self.world.0.lock();
                world.next += 1;
                let row = world.next;
                world.log(format!(
                    "row {row} {} {state:?} by {}",
                    entry.id, self.own.incarnation
                ));
                let file = world.files.entry(self.own.daemon.clone()).or_default();
                file.insert(row, (entry, state));
                row
            };
            self.pause(10).await;
            Ok(row)
        }
        .boxed()
    }

    fn set_state(&self, row: u64, state: EntryState) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            self.pause(10).await;
            {
                let mut world = self.world.0.lock();
                world.log(format!("row {row} {state:?} by {}", self.own.incarnation));
                let file = world.files.entry(self.own.daemon.clone()).or_default();
                if let Some(stored) = file.get_mut(&row) {
                    stored.1 = state;
                }
            }
            self.pause(10).await;
            Ok(())
        }
        .boxed()
    }

    fn delete(&self, row: u64) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            self.pause(10).await;
            {
                let mut world = self.world.0.lock();
                world.log(format!("row {row} deleted by {}", self.own.incarnation));
                let file = world.files.entry(self.own.daemon.clone()).or_default();
                file.remove(&row);
            }
            self.pause(10).await;
            Ok(())
        }
        .boxed()
    }
}

impl Daemons for Daemon {
    fn own(&self) -> &Holder {
        &self.own
    }

    fn unavailable_reason(&self) -> Option<String> {
        self.is_cut().then(|| "cut".to_owned())
    }

    fn settle(&self, _: Duration) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }

    fn live(&self) -> BTreeMap<String, String> {
        let state = self.world.0.lock();
        let live = state.running.iter();
        live.filter(|(name, _)| !state.cut.contains(*name) || **name == self.own.daemon)
            .map(|(name, incarnation)| (name.clone(), incarnation.clone()))
            .collect()
    }

    fn reaching(&self, phone_ref: &str) -> Vec<String> {
        self.world
            .0
            .lock()
            .phones
            .get(phone_ref)
            .cloned()
            .into_iter()
            .collect()
    }

    fn may_know(&self, _: &str) -> bool {
        true
    }

    fn now(&self) -> SystemTime {
        UNIX_EPOCH
    }

    fn report_outcome<'a>(&'a self, _: &'a Holder, _: &'a str, _: Outcome) -> BoxFuture<'a, ()> {
        std::future::ready(()).boxed()
    }
}
