//! The outbox when acknowledgements are lost, NATS is unavailable, or two operations meet.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use handset_cluster::Position;
use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::task::yield_now;

use super::ClusterOutbox;
use super::message::{Holder, Key};
use super::shared::Timing;
use super::stream::{AppendError, Daemons, ReplaceError, Stream, StreamEvent, Unavailable};
use crate::outbox::{EntryState, Error, Inserted, OutboxEntry, Storage};
use crate::outcome::Outcome;

/// The stream and the daemons of a test: this daemon alone, which reaches all phones.
#[derive(Clone, Debug)]
struct Nats {
    own: Holder,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    messages: BTreeMap<Key, (Position, Bytes)>,
    last: u64,
    is_unavailable: bool,
    /// Operations have their effect, and their acknowledgements do not arrive.
    loses_acknowledgements: bool,
    events: Option<mpsc::Sender<StreamEvent>>,
}

/// An outbox, whose tasks end with the runtime.
struct Bench {
    nats: Nats,
    outbox: ClusterOutbox,
}

impl Bench {
    /// Starts an outbox without a file.
    fn new() -> Self {
        let (sender, events) = mpsc::channel(100);
        sender.try_send(StreamEvent::Current).unwrap();
        let nats = Nats {
            own: Holder {
                daemon: "a".to_owned(),
                incarnation: "a1".to_owned(),
            },
            state: Arc::new(Mutex::new(State {
                messages: BTreeMap::new(),
                last: 0,
                is_unavailable: false,
                loses_acknowledgements: false,
                events: Some(sender),
            })),
        };
        let services: (Arc<dyn Stream>, Arc<dyn Daemons>) =
            (Arc::new(nats.clone()), Arc::new(nats.clone()));
        let file = Err("the file is damaged".to_owned());
        let (timing, tasks) = (Timing::default(), Tasks::new());
        let started = ClusterOutbox::begin(services, events, file, Vec::new(), timing, &tasks);
        Self {
            nats,
            outbox: started.outbox,
        }
    }

    async fn insert(&self) -> Result<u64, Error> {
        let entry = OutboxEntry {
            id: "1".to_owned(),
            requester: String::new(),
            verb: "push".to_owned(),
            keys: Vec::new(),
            phone: "1001".to_owned(),
            phone_ref: "1001".to_owned(),
            at: UNIX_EPOCH,
            keep: Duration::from_mins(1),
            files: None,
        };
        match self.outbox.insert(entry, "1001").await? {
            Inserted::Local(number) => Ok(number),
            remote @ Inserted::Remote { .. } => panic!("{remote:?}"),
        }
    }

    fn is_empty(&self) -> bool {
        self.nats.state.lock().messages.is_empty() && self.outbox.len() == 0
    }
}

impl Nats {
    /// Changes the stream, unless it is unavailable; returns whether the result is acknowledged.
    async fn change<T>(&self, effect: impl FnOnce(&mut State) -> T) -> Result<T, bool> {
        yield_now().await;
        let result = {
            let mut state = self.state.lock();
            if state.is_unavailable {
                return Err(false);
            }
            let result = effect(&mut state);
            if state.loses_acknowledgements {
                Err(true)
            } else {
                Ok(result)
            }
        };
        yield_now().await;
        result
    }
}

impl State {
    fn put(&mut self, key: &Key, first: Option<u64>, value: Vec<u8>) -> Position {
        self.last += 1;
        let position = Position {
            first: first.unwrap_or(self.last),
            last: self.last,
        };
        let (key, value) = (key.clone(), Bytes::from(value));
        self.messages.insert(key.clone(), (position, value.clone()));
        self.send(StreamEvent::Put {
            key,
            position,
            value,
        });
        position
    }

    fn send(&self, event: StreamEvent) {
        if let Some(events) = &self.events {
            events.try_send(event).unwrap();
        }
    }
}

fn unavailable() -> Unavailable {
    Unavailable("no reply".to_owned())
}

impl Stream for Nats {
    fn append<'a>(
        &'a self,
        key: &'a Key,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<Position, AppendError>> {
        async move {
            let appended = self.change(|state| state.put(key, None, value)).await;
            appended.map_err(|may_be_appended| {
                if may_be_appended {
                    AppendError::Unknown(unavailable())
                } else {
                    AppendError::Unavailable(unavailable())
                }
            })
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
            let replaced = self.change(|state| match state.messages.get(key) {
                Some((found, _)) if *found == position => {
                    Ok(state.put(key, Some(position.first), value))
                }
                _ => Err(ReplaceError::Conflict),
            });
            let replaced = replaced.await;
            replaced.unwrap_or_else(|_| Err(ReplaceError::Unavailable(unavailable())))
        }
        .boxed()
    }

    fn remove<'a>(
        &'a self,
        key: &'a Key,
        position: Position,
    ) -> BoxFuture<'a, Result<(), ReplaceError>> {
        async move {
            let removed = self.change(|state| match state.messages.get(key) {
                Some((found, _)) if *found == position => {
                    state.messages.remove(key);
                    state.send(StreamEvent::Removed(key.clone()));
                    Ok(())
                }
                _ => Err(ReplaceError::Conflict),
            });
            let removed = removed.await;
            removed.unwrap_or_else(|_| Err(ReplaceError::Unavailable(unavailable())))
        }
        .boxed()
    }

    fn read<'a>(
        &'a self,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<(Position, Bytes)>, Unavailable>> {
        async move {
            let read = self.change(|state| state.messages.get(key).cloned()).await;
            read.map_err(|_| unavailable())
        }
        .boxed()
    }
}

impl Daemons for Nats {
    fn own(&self) -> &Holder {
        &self.own
    }

    fn unavailable_reason(&self) -> Option<String> {
        let is_unavailable = self.state.lock().is_unavailable;
        is_unavailable.then(|| "no reply".to_owned())
    }

    fn settle(&self, _: Duration) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }

    fn live(&self) -> BTreeMap<String, String> {
        let Holder {
            daemon,
            incarnation,
        } = self.own.clone();
        BTreeMap::from([(daemon, incarnation)])
    }

    fn reaching(&self, _: &str) -> Vec<String> {
        vec![self.own.daemon.clone()]
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

#[tokio::test(start_paused = true)]
async fn append_without_an_acknowledgement_is_uncertain_if_the_file_is_unusable() {
    let bench = Bench::new();
    bench.nats.state.lock().is_unavailable = true;
    let error = bench.insert().await.unwrap_err();
    assert_eq!(error, Error::Unusable("the file is damaged".to_owned()));
    {
        let mut state = bench.nats.state.lock();
        state.is_unavailable = false;
        state.loses_acknowledgements = true;
        // The stream does not report the entry either.
        state.events = None;
    }
    let error = bench.insert().await.unwrap_err();
    assert_eq!(error, Error::Uncertain("the file is damaged".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn entry_may_be_handed_over_after_its_reset_failed() {
    let bench = Bench::new();
    let number = bench.insert().await.unwrap();
    let in_flight = bench.outbox.set_state(number, EntryState::InFlight).await;
    assert_eq!(in_flight, Ok(()));
    bench.nats.state.lock().is_unavailable = true;
    let reset = bench.outbox.set_state(number, EntryState::Pending).await;
    assert!(matches!(reset, Err(Error::Away(_))), "{reset:?}");
    assert!(bench.outbox.admit(number).is_err());
    let is_claimed = || {
        let ledger = bench.outbox.0.ledger.lock();
        ledger.held(number).unwrap().is_claimed
    };
    assert!(!is_claimed());
    // It is sent again once NATS is available.
    bench.nats.state.lock().is_unavailable = false;
    assert_eq!(bench.outbox.admit(number), Ok(()));
    let in_flight = bench.outbox.set_state(number, EntryState::InFlight).await;
    assert_eq!(in_flight, Ok(()));
    assert!(is_claimed());
    assert_eq!(bench.outbox.delete(number).await, Ok(()));
    assert!(bench.is_empty());
}

#[tokio::test(start_paused = true)]
async fn cancellation_and_end_at_the_same_time_remove_an_entry() {
    let bench = Bench::new();
    let number = bench.insert().await.unwrap();
    let phones = ["1001".to_owned()];
    let (cancelled, ended) = tokio::join!(
        bench.outbox.delete_pending("1", &phones),
        bench.outbox.delete(number),
    );
    assert_eq!((cancelled, ended), (Ok(()), Ok(())));
    assert!(bench.is_empty(), "{:?}", bench.nats);
}

#[tokio::test(start_paused = true)]
async fn removal_without_an_acknowledgement_is_repeated_unless_it_is_reported() {
    for is_reported in [true, false] {
        let bench = Bench::new();
        let number = bench.insert().await.unwrap();
        let in_flight = bench.outbox.set_state(number, EntryState::InFlight).await;
        assert_eq!(in_flight, Ok(()));
        {
            let mut state = bench.nats.state.lock();
            state.loses_acknowledgements = true;
            // The stream may report the removal, which then needs no acknowledgement.
            state.events = state.events.take().filter(|_| is_reported);
        }
        if !is_reported {
            let deleted = bench.outbox.delete(number).await;
            assert!(matches!(deleted, Err(Error::Away(_))), "{deleted:?}");
            bench.nats.state.lock().loses_acknowledgements = false;
        }
        assert_eq!(bench.outbox.delete(number).await, Ok(()), "{is_reported}");
        assert!(bench.is_empty(), "{:?}", bench.nats);
    }
}
