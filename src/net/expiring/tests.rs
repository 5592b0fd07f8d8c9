use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn entries_expire() {
    let now = Instant::now();
    let mut map = ExpiringMap::new(10);
    assert_eq!(map.insert("a", 1, SECOND * 10, now), None);
    let later = now + SECOND * 3;
    assert_eq!(map.remaining("a", later), Some(SECOND * 7));
    assert!(map.contains("a", later));
    let end = now + SECOND * 10;
    assert_eq!((map.get("a", end), map.remaining("a", end)), (None, None));
    assert!(!map.contains("a", end) && map.get_mut("a", end).is_none());
    assert_eq!(map.iter(end).count(), 0);
    assert_eq!(map.len(), 1, "its memory is not released yet");
    assert_eq!(map.remove("a", end), None);
    assert!(map.is_empty());
}

#[test]
fn second_insertion_replaces_value_and_expiry() {
    let now = Instant::now();
    let mut map = ExpiringMap::new(10);
    map.insert("a", 1, SECOND * 10, now);
    assert_eq!(map.insert("a", 2, SECOND, now + SECOND), Some(1));
    assert_eq!(map.get("a", now + SECOND), Some(&2));
    assert_eq!(map.get("a", now + SECOND * 2), None);
    assert_eq!(map.insert("a", 3, SECOND, now + SECOND * 2), None);
    assert_eq!(map.len(), 1);
}

#[test]
fn changing_a_value_keeps_its_expiry() {
    let now = Instant::now();
    let mut map = ExpiringMap::new(10);
    map.insert("a", 1, SECOND * 10, now);
    *map.get_mut("a", now + SECOND).unwrap() += 1;
    assert_eq!(map.get("a", now), Some(&2));
    assert_eq!(map.remaining("a", now + SECOND), Some(SECOND * 9));
}

#[test]
fn full_map_evicts_what_expires_next() {
    let now = Instant::now();
    let mut map = ExpiringMap::new(2);
    map.insert("long", (), SECOND * 100, now);
    map.insert("short", (), SECOND * 10, now);
    map.insert("third", (), SECOND * 50, now);
    let keys: Vec<_> = map.iter(now).map(|(key, ())| *key).collect();
    assert_eq!(keys, ["third", "long"]);
}

#[test]
fn of_equal_expiries_the_first_inserted_is_evicted() {
    let now = Instant::now();
    let mut map = ExpiringMap::new(3);
    for key in 0..100 {
        map.insert(key, (), SECOND, now);
    }
    let keys: Vec<_> = map.iter(now).map(|(key, ())| *key).collect();
    assert_eq!(keys, [97, 98, 99]);
}

#[test]
fn replacing_an_entry_of_a_full_map_evicts_no_other() {
    let now = Instant::now();
    let mut map = ExpiringMap::new(2);
    map.insert("a", 1, SECOND, now);
    map.insert("b", 2, SECOND * 2, now);
    map.insert("b", 3, SECOND * 2, now);
    assert_eq!((map.get("a", now), map.get("b", now)), (Some(&1), Some(&3)));
}

#[test]
fn insertion_releases_expired_entries() {
    let now = Instant::now();
    let mut map = ExpiringMap::new(1000);
    for key in 0..100 {
        map.insert_weighted(key, (), 5, SECOND, now);
    }
    map.insert_weighted(100, (), 7, SECOND, now + SECOND);
    assert_eq!((map.len(), map.weight()), (1, 7));
}

#[test]
fn weight_is_bounded() {
    let now = Instant::now();
    let mut map = ExpiringMap::with_max_weight(1000, 10);
    map.insert_weighted("a", (), 5, SECOND * 3, now);
    map.insert_weighted("b", (), 5, SECOND * 2, now);
    assert_eq!(map.weight(), 10);
    map.insert_weighted("c", (), 3, SECOND * 4, now);
    assert!(!map.contains("b", now) && map.contains("a", now) && map.contains("c", now));
    assert_eq!(map.weight(), 8);
    assert_eq!(map.insert_weighted("a", (), 11, SECOND, now), Some(()));
    assert!(!map.contains("a", now), "too heavy for the map");
    assert!(map.contains("c", now), "no other entry makes room for it");
    map.remove("c", now);
    assert_eq!(map.weight(), 0);
}

#[test]
fn bounds_at_the_edge_of_their_types_do_not_overflow() {
    let now = Instant::now();
    let mut map = ExpiringMap::with_max_weight(2, usize::MAX);
    map.insert_weighted("a", (), usize::MAX, Duration::MAX, now);
    map.insert_weighted("b", (), 1, Duration::MAX, now);
    assert_eq!((map.len(), map.weight()), (1, 1));
    assert!(map.contains("b", now + Duration::from_hours(24 * 365)));
}

#[test]
fn map_without_capacity_stays_empty() {
    let now = Instant::now();
    let mut map = ExpiringMap::new(0);
    map.insert("a", (), SECOND, now);
    assert!(map.is_empty());
}

#[test]
fn rejected_entries_are_removed() {
    let now = Instant::now();
    let mut map = ExpiringMap::new(100);
    for key in 0..10 {
        map.insert_weighted(key, key, 1, SECOND * (key + 1), now);
    }
    let mut seen = 0;
    map.retain(now + SECOND * 4, |key, value| {
        seen += 1;
        *value += 1;
        key % 2 == 0
    });
    assert_eq!(seen, 6, "expired entries are removed unseen");
    let entries: Vec<_> = map.iter(now).collect();
    assert_eq!(entries, [(&4, &5), (&6, &7), (&8, &9)]);
    assert_eq!(map.weight(), 3);
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Insert {
        key: u8,
        weight: usize,
        lifetime: u64,
    },
    Remove(u8),
    Retain(u8),
    Sweep,
    Wait(u64),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => (0..20_u8, 0..12_usize, 0..9_u64)
            .prop_map(|(key, weight, lifetime)| Operation::Insert { key, weight, lifetime }),
        1 => (0..20_u8).prop_map(Operation::Remove),
        1 => (2..4_u8).prop_map(Operation::Retain),
        1 => Just(Operation::Sweep),
        2 => (0..4_u64).prop_map(Operation::Wait),
    ]
}

/// The same promises kept by a list that is searched from end to end.
#[derive(Debug)]
struct Model {
    capacity: usize,
    max_weight: usize,
    /// Key, value, weight and expiry, in the order of insertion.
    entries: Vec<(u8, usize, usize, Instant)>,
}

impl Model {
    fn insert(&mut self, key: u8, value: usize, weight: usize, expiry: Instant, now: Instant) {
        self.entries.retain(|entry| entry.0 != key && now < entry.3);
        if self.capacity == 0 || weight > self.max_weight || expiry <= now {
            return;
        }
        let total = |model: &Self| model.entries.iter().map(|entry| entry.2).sum::<usize>();
        while self.entries.len() >= self.capacity || total(self) + weight > self.max_weight {
            // The first of several minima.
            let next = self
                .entries
                .iter()
                .enumerate()
                .min_by_key(|(_, entry)| entry.3);
            self.entries.remove(next.unwrap().0);
        }
        self.entries.push((key, value, weight, expiry));
    }

    fn live(&self, now: Instant) -> Vec<(u8, usize)> {
        let mut live: Vec<_> = self.entries.iter().filter(|entry| now < entry.3).collect();
        live.sort_by_key(|entry| entry.3);
        live.into_iter().map(|entry| (entry.0, entry.1)).collect()
    }
}

proptest! {
    #[test]
    fn map_agrees_with_a_naive_model(
        capacity in 0..9_usize,
        max_weight in 0..40_usize,
        operations in prop::collection::vec(operation(), 0..100),
    ) {
        let mut now = Instant::now();
        let mut map = ExpiringMap::with_max_weight(capacity, max_weight);
        let mut model = Model { capacity, max_weight, entries: Vec::new() };
        for (value, operation) in operations.into_iter().enumerate() {
            match operation {
                Operation::Insert { key, weight, lifetime } => {
                    let lifetime = SECOND * u32::try_from(lifetime).unwrap();
                    let before = model.live(now).into_iter().find(|entry| entry.0 == key);
                    let replaced = map.insert_weighted(key, value, weight, lifetime, now);
                    prop_assert_eq!(replaced, before.map(|entry| entry.1));
                    model.insert(key, value, weight, now + lifetime, now);
                }
                Operation::Remove(key) => {
                    map.remove(&key, now);
                    model.entries.retain(|entry| entry.0 != key);
                }
                Operation::Retain(divisor) => {
                    map.retain(now, |key, _| key % divisor != 0);
                    model.entries.retain(|entry| entry.0 % divisor != 0 && now < entry.3);
                }
                Operation::Sweep => {
                    map.remove_expired(now);
                    model.entries.retain(|entry| now < entry.3);
                }
                Operation::Wait(seconds) => now += SECOND * u32::try_from(seconds).unwrap(),
            }
            let live: Vec<_> = map.iter(now).map(|(key, value)| (*key, *value)).collect();
            prop_assert_eq!(live, model.live(now));
            prop_assert_eq!(map.len(), model.entries.len());
            prop_assert_eq!(map.weight(), model.entries.iter().map(|entry| entry.2).sum::<usize>());
            for key in 0..20 {
                let found = model.entries.iter().find(|entry| entry.0 == key && now < entry.3);
                prop_assert_eq!(map.get(&key, now).copied(), found.map(|entry| entry.1));
                prop_assert_eq!(map.remaining(&key, now), found.map(|entry| entry.3 - now));
            }
        }
    }
}
