//! Daemons that share a stream, in random interleavings: no delivery is lost, none is sent twice, and those
//! for one phone are sent in order. The stream, the file and the phones are simulated; the outbox is the real
//! one.
//!
//! Each operation takes a random time before and after its effect. Daemons crash and are started again, lose
//! their connection before or after an effect, and phones move from one to another.

mod daemon;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::file_rows::FileRows;
use super::shared::Timing;
use super::stream::{Daemons, Stream};
use super::{ClusterOutbox, Started};
use crate::outbox::{Change, EntryState, Error, Inserted, OutboxEntry, Storage, StoredEntry};
use daemon::Daemon;
use world::World;

/// A running daemon.
#[derive(Clone, Debug)]
struct Running {
    outbox: ClusterOutbox,
    own: Daemon,
    backlog: Arc<Mutex<BTreeMap<u64, StoredEntry>>>,
}

impl Running {
    /// Starts a daemon with the entries of its file.
    fn start(world: &World, name: &str) -> Self {
        let (own, events) = world.start(name);
        let services: (Arc<dyn Stream>, Arc<dyn Daemons>) =
            (Arc::new(own.clone()), Arc::new(own.clone()));
        let file: Arc<dyn FileRows> = Arc::new(own.clone());
        let timing = Timing {
            pending_timeout: Duration::from_secs(2),
            in_flight_timeout: Duration::from_secs(4),
        };
        let entries = world.rows(name);
        let tasks = Tasks::new();
        let Started {
            outbox,
            entries,
            changes,
        } = ClusterOutbox::begin(services, events, Ok(file), entries, timing, &tasks);
        let running = Self {
            outbox,
            own,
            backlog: Arc::default(),
        };
        for entry in entries {
            running.accept(entry, &tasks);
        }
        let (own, inner) = (running.clone(), tasks.clone());
        tasks.spawn("changes", async move { own.follow(changes, inner).await });
        let (own, inner) = (running.clone(), tasks.clone());
        tasks.spawn("deliver", async move { own.deliver(inner).await });
        running
    }

    async fn follow(&self, mut changes: mpsc::Receiver<Change>, tasks: Tasks) {
        while let Some(change) = changes.recv().await {
            if let Change::Adopted(entry, _) = change {
                self.accept(entry, &tasks);
            }
        }
    }

    fn accept(&self, entry: StoredEntry, tasks: &Tasks) {
        if entry.state == EntryState::Pending {
            self.backlog.lock().insert(entry.number, entry);
            return;
        }
        self.own.world.unknown(&entry.entry.id, &self.own);
        let own = self.clone();
        tasks.spawn("unknown", async move {
            while let Err(Error::Away(_)) = own.outbox.delete(entry.number).await {
                sleep(Duration::from_millis(300)).await;
            }
        });
    }

    /// Attempts the first delivery for each phone, repeatedly.
    async fn deliver(&self, tasks: Tasks) {
        loop {
            sleep(Duration::from_millis(self.own.world.below(100))).await;
            let mut firsts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
            {
                let mut backlog = self.backlog.lock();
                backlog.retain(|number, _| self.outbox.holds(*number));
                for (number, entry) in &*backlog {
                    if self.outbox.admit(*number).is_err() {
                        continue;
                    }
                    let order = self.outbox.order(*number);
                    let first = firsts.entry(entry.entry.phone.clone());
                    let first = first.or_insert((order, *number));
                    *first = (*first).min((order, *number));
                }
            }
            let attempts = firsts.into_values().map(|(_, number)| {
                let own = self.clone();
                let attempt = async move { own.attempt(number).await };
                tasks.spawn("attempt", attempt)
            });
            for attempt in attempts.collect::<Vec<_>>() {
                let _ = attempt.await;
            }
        }
    }

    async fn attempt(&self, number: u64) {
        let Some(entry) = self.backlog.lock().get(&number).cloned() else {
            return;
        };
        let (world, id) = (&self.own.world, &entry.entry.id);
        if !world.is_at(&entry.entry.phone, &self.own) {
            self.outbox.record_unreachable(number);
            return;
        }
        if self
            .outbox
            .set_state(number, EntryState::InFlight)
            .await
            .is_err()
        {
            return;
        }
        sleep(Duration::from_millis(world.below(50))).await;
        if world.below(10) == 0 {
            // Nothing was sent after all.
            while let Err(error) = self.outbox.set_state(number, EntryState::Pending).await {
                if error == Error::Lost {
                    return;
                }
                sleep(Duration::from_millis(300)).await;
            }
            return;
        }
        world.sent(id, &entry.entry.phone, &self.own);
        sleep(Duration::from_millis(world.below(50))).await;
        self.backlog.lock().remove(&number);
        while let Err(Error::Away(_)) = self.outbox.delete(number).await {
            sleep(Duration::from_millis(300)).await;
        }
    }

    async fn insert(&self, entry: OutboxEntry) {
        let (world, id, phone) = (&self.own.world, entry.id.clone(), entry.phone.clone());
        match self.outbox.insert(entry.clone(), &phone).await {
            Ok(Inserted::Local(number)) => {
                world.queued(&id, &self.own);
                let state = EntryState::Pending;
                let stored = StoredEntry {
                    number,
                    state,
                    entry,
                };
                self.backlog.lock().insert(number, stored);
            }
            Ok(Inserted::Remote { .. }) => world.queued(&id, &self.own),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Runs three daemons through `steps` random events, repairs everything, and returns the world.
async fn run(seed: u64, steps: usize, are_faulty: bool) -> World {
    let world = World::new(seed);
    let names = ["a", "b", "c"];
    let mut daemons: Vec<Running> = names
        .iter()
        .map(|name| Running::start(&world, name))
        .collect();
    sleep(Duration::from_secs(1)).await;
    for number in 0..steps {
        let index = usize::try_from(world.below(3)).unwrap();
        let kind = if are_faulty { world.below(20) } else { 0 };
        match kind {
            15 => {
                world.kill(&daemons[index].own);
                sleep(Duration::from_millis(world.below(8000))).await;
                daemons[index] = Running::start(&world, names[index]);
            }
            16 => world.cut(names[index]),
            17 => names.iter().for_each(|name| world.cut(name)),
            18 | 19 => names.iter().for_each(|name| world.heal(name)),
            12..=14 => world.move_phone(),
            _ => {
                let phone = format!("phone{}", world.below(3));
                let daemon = daemons[index].clone();
                let entry = World::entry(number, &phone);
                tokio::task::spawn_local(async move { daemon.insert(entry).await });
            }
        }
        sleep(Duration::from_millis(world.below(400))).await;
    }
    for name in names {
        world.heal(name);
    }
    // Longer than an entry waits for any other.
    sleep(Duration::from_secs(200)).await;
    world
}

fn simulate(seeds: std::ops::Range<u64>, are_faulty: bool) {
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let local = tokio::task::LocalSet::new();
        let world = runtime.block_on(local.run_until(run(seed, 60, are_faulty)));
        world.check(&format!("seed {seed}"), are_faulty);
    }
}

#[test]
fn deliveries_are_sent_once_and_in_order() {
    simulate(0..5, false);
}

#[test]
fn crashes_and_lost_connections_neither_lose_nor_double_deliveries() {
    simulate(200..225, true);
}
