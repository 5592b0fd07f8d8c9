//! Damage at random places of the file and its log is never silent.

use std::collections::BTreeMap;

use super::tests::{entry, reopened};
use super::*;
use crate::sqlite::{IDLE, MAX_LOG};

/// The file and its log, as a crash leaves them, and the entries that are in them.
struct Image {
    file: Vec<u8>,
    log: Vec<u8>,
    entries: Vec<StoredEntry>,
}

/// Makes changes of each kind, the first of which are in the file and the rest in the log.
async fn image(in_file: usize, in_log: usize) -> Image {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.sqlite");
    let store = Store::open(&path).unwrap().store;
    let mut entries = BTreeMap::new();
    for at in 0..in_file + in_log {
        if at == in_file {
            store.checkpoint().await.unwrap();
        }
        let new = entry(&format!("id{at}"), &format!("phone{}", at % 7));
        let number = store.insert(new.clone()).await.unwrap();
        entries.insert(number, (EntryState::Pending, new));
        if at % 5 == 3 {
            let sent = number - 1;
            store.set_state(sent, EntryState::InFlight).await.unwrap();
            entries.get_mut(&sent).unwrap().0 = EntryState::InFlight;
        }
        if at % 5 == 4 {
            let over = number - 3;
            store.delete(over).await.unwrap();
            entries.remove(&over);
        }
    }
    if in_log == 0 {
        store.checkpoint().await.unwrap();
    }
    let file = std::fs::read(&path).unwrap();
    let log = std::fs::read(dir.path().join("outbox.sqlite-wal")).unwrap();
    let stored = entries
        .into_iter()
        .map(|(number, (state, entry))| StoredEntry {
            number,
            state,
            entry,
        });
    Image {
        file,
        log,
        entries: stored.collect(),
    }
}

/// A linear congruential generator, for damage that is the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    /// Changes up to 64 bytes somewhere.
    fn damage(&mut self, bytes: &mut [u8]) -> String {
        let length = [1, 4, 64][self.below(3)];
        let start = self.below(bytes.len());
        let end = (start + length).min(bytes.len());
        let kind = self.below(3);
        for byte in &mut bytes[start..end] {
            *byte = match kind {
                0 => *byte ^ 1 << self.below(8),
                1 => 0,
                _ => u8::try_from(self.below(256)).unwrap(),
            };
        }
        format!("{start}..{end}, {kind}")
    }
}

/// Opens an image; returns its entries and the report.
fn open(image: &Image) -> (tempfile::TempDir, Opened) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.sqlite");
    std::fs::write(&path, &image.file).unwrap();
    std::fs::write(dir.path().join("outbox.sqlite-wal"), &image.log).unwrap();
    let opened = Store::open(&path).unwrap();
    (dir, opened)
}

#[tokio::test]
async fn random_damage_is_reported_or_harmless() {
    let mut random = Random(7);
    let mut reported = (0, 0);
    for round in 0..ROUNDS {
        // After every other crash the log is empty, and all of the file matters.
        let image = match round % 2 {
            0 => image(round * 10, 30).await,
            _ => image(60, 0).await,
        };
        let (_dir, opened) = open(&image);
        assert!(opened.damage.is_none(), "a crash is not damage: {opened:?}");
        assert_eq!(opened.entries, image.entries);
        for _ in 0..EACH {
            let mut damaged = Image {
                file: image.file.clone(),
                log: image.log.clone(),
                entries: Vec::new(),
            };
            let is_log = !image.log.is_empty();
            let place = random.damage(if is_log {
                &mut damaged.log
            } else {
                &mut damaged.file
            });
            let (_dir, opened) = open(&damaged);
            match opened.damage {
                Some(damage) => {
                    if is_log {
                        reported.0 += 1;
                    } else {
                        reported.1 += 1;
                    }
                    let is_certain = !damage.is_doubtful;
                    let is_uncertain = |stored: &StoredEntry| stored.state == EntryState::Uncertain;
                    assert!(
                        opened
                            .entries
                            .iter()
                            .all(|stored| is_certain == is_uncertain(stored))
                    );
                    assert!(damage.moved_to.is_file());
                }
                None => assert_eq!(opened.entries, image.entries, "log: {is_log}, {place}"),
            }
        }
    }
    // Some places are unused.
    assert!(
        reported.0 > 2 * EACH && reported.1 > EACH / 2,
        "{reported:?}"
    );
}

#[tokio::test]
async fn lost_file_with_a_log_is_damage() {
    let mut image = image(0, 5).await;
    image.file.clear();
    let (_dir, opened) = open(&image);
    let damage = opened.damage.unwrap();
    assert_eq!(damage.reason, "the file is empty, and its log is not");
}

#[tokio::test]
async fn entries_before_the_damage_may_have_been_sent() {
    let mut image = image(10, 20).await;
    let middle = image.log.len() / 2;
    image.log[middle..middle + 8].fill(0xa5);
    let (dir, opened) = open(&image);
    let damage = opened.damage.unwrap();
    assert!(
        !damage.is_doubtful && damage.reason.contains("of the log is invalid"),
        "{damage:?}"
    );
    assert!(opened.entries.len() > 5 && opened.entries.len() < image.entries.len());
    let is_uncertain = |stored: &StoredEntry| stored.state == EntryState::Uncertain;
    assert!(opened.entries.iter().all(is_uncertain));
    // The damaged files are as they were.
    assert_eq!(std::fs::read(&damage.moved_to).unwrap(), image.file);
    let log = damage.moved_to.file_name().unwrap().to_str().unwrap();
    let log = log.replace("outbox.sqlite", "outbox.sqlite-wal");
    assert_eq!(std::fs::read(dir.path().join(log)).unwrap(), image.log);
    // After another crash they are not taken for pending ones.
    drop(opened.store);
    let again = reopened(&dir.path().join("outbox.sqlite")).await;
    assert!(again.damage.is_none());
    let is_sent = |stored: &StoredEntry| stored.state == EntryState::InFlight;
    assert!(again.entries.iter().all(is_sent));
}

#[tokio::test]
async fn log_is_empty_when_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.sqlite");
    let store = Store::open(&path).unwrap().store;
    let length =
        || std::fs::metadata(dir.path().join("outbox.sqlite-wal")).map_or(0, |log| log.len());
    assert_eq!(length(), 0, "at the start");
    for at in 0..400 {
        store
            .insert(entry(&format!("id{at}"), "1001"))
            .await
            .unwrap();
        assert!(length() < 2 * MAX_LOG, "{}", length());
    }
    while length() != 0 {
        tokio::time::sleep(IDLE / 10).await;
    }
    store.insert(entry("b", "1001")).await.unwrap();
    store.checkpoint().await.unwrap();
    assert_eq!(length(), 0, "on request");
}

const ROUNDS: usize = 8;
const EACH: usize = 25;
