use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, UNIX_EPOCH};

use tokio::time::sleep;

use super::*;

pub(super) fn entry(id: &str, phone: &str) -> OutboxEntry {
    OutboxEntry {
        id: id.to_owned(),
        requester: "{}".to_owned(),
        verb: "push".to_owned(),
        keys: vec![("text".to_owned(), "it's \"1\" = 1; --\0".to_owned())],
        phone: phone.to_owned(),
        phone_ref: "{}".to_owned(),
        at: UNIX_EPOCH + Duration::from_millis(1_700_000_000_123),
        keep: Duration::from_mins(1),
        files: None,
    }
}

#[tokio::test]
async fn entries_survive_a_restart_unchanged_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.sqlite");
    let opened = Store::open(&path).unwrap();
    assert!(opened.entries.is_empty() && opened.damage.is_none());
    let store = opened.store;
    let entries = [entry("a", "1001"), entry("b", "1002"), entry("c", "1003")];
    let mut numbers = Vec::new();
    for entry in &entries {
        numbers.push(store.insert(entry.clone()).await.unwrap());
    }
    store
        .set_state(numbers[1], EntryState::InFlight)
        .await
        .unwrap();
    store.delete(numbers[0]).await.unwrap();
    assert_eq!(store.len(), 2);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let wal = fs::metadata(dir.path().join("outbox.sqlite-wal")).unwrap();
    assert_eq!(wal.permissions().mode() & 0o777, 0o600);
    drop(store);
    let opened = reopened(&path).await;
    let stored: Vec<_> = opened
        .entries
        .iter()
        .map(|stored| (stored.number, stored.state, &stored.entry))
        .collect();
    let expected = [
        (numbers[1], EntryState::InFlight, &entries[1]),
        (numbers[2], EntryState::Pending, &entries[2]),
    ];
    assert_eq!(stored, expected);
    assert_eq!(opened.store.len(), 2);
    // Numbers are not reused.
    opened.store.delete(numbers[2]).await.unwrap();
    let next = opened.store.insert(entry("d", "1001")).await.unwrap();
    assert!(next > numbers[2], "{next}");
}

/// Opens the file once the writer thread has closed it.
pub(super) async fn reopened(path: &Path) -> Opened {
    for _ in 0..100 {
        match Store::open(path) {
            Ok(opened) => return opened,
            Err(error) => assert!(error.to_string().contains("another handsetd"), "{error}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the file stays locked");
}

#[tokio::test]
async fn second_daemon_cannot_open_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.sqlite");
    let _first = Store::open(&path).unwrap();
    let error = Store::open(&path).unwrap_err().to_string();
    assert!(error.ends_with("another handsetd is using it"), "{error}");
}

#[tokio::test]
async fn only_pending_entries_are_deleted_on_cancellation() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.sqlite");
    let store = Store::open(&path).unwrap().store;
    let sent = store.insert(entry("a", "1001")).await.unwrap();
    for phone in ["1002", "1003"] {
        store.insert(entry("a", phone)).await.unwrap();
    }
    store.insert(entry("b", "1002")).await.unwrap();
    store.set_state(sent, EntryState::InFlight).await.unwrap();
    let phones = ["1001", "1002"].map(str::to_owned);
    store.delete_pending("a", &phones).await.unwrap();
    drop(store);
    let left = reopened(&path).await.entries;
    let left: Vec<_> = left
        .iter()
        .map(|stored| (stored.entry.id.as_str(), stored.entry.phone.as_str()))
        .collect();
    assert_eq!(left, [("a", "1001"), ("a", "1003"), ("b", "1002")]);
}

#[tokio::test]
async fn concurrent_insertions_get_distinct_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("outbox.sqlite"))
        .unwrap()
        .store;
    let all = (0..500).map(|_| store.insert(entry("a", "1001")));
    let mut numbers: Vec<u64> = futures_util::future::join_all(all)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    numbers.dedup();
    assert_eq!((numbers.len(), store.len()), (500, 500));
}

#[tokio::test]
async fn damaged_file_is_quarantined_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.sqlite");
    let store = Store::open(&path).unwrap().store;
    for _ in 0..200 {
        store.insert(entry("a", "1001")).await.unwrap();
    }
    drop(store);
    drop(reopened(&path).await);
    let whole = loop {
        // The last connection to close writes the log into the file.
        let bytes = fs::read(&path).unwrap();
        if bytes.len() > 16 * 1024 {
            break bytes;
        }
        sleep(Duration::from_millis(20)).await;
    };
    let half = whole.len() / 2;
    let mut scratched = whole.clone();
    scratched[4096..half].fill(0xa5);
    let damages = [
        b"not a database, but long enough to be one".repeat(20),
        whole[..half].to_vec(),
        scratched,
    ];
    for (number, damage) in damages.iter().enumerate() {
        let path = dir.path().join(format!("{number}.sqlite"));
        fs::write(&path, damage).unwrap();
        let opened = Store::open(&path).unwrap();
        let found = opened.damage.expect("it is damaged");
        assert!(!found.reason.is_empty() && opened.entries.is_empty());
        assert_eq!(fs::read(&found.moved_to).unwrap(), *damage);
        opened.store.insert(entry("b", "1001")).await.unwrap();
    }
}

#[tokio::test]
async fn invalid_row_is_damage_and_newer_schema_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.sqlite");
    let store = Store::open(&path).unwrap().store;
    store.insert(entry("a", "1001")).await.unwrap();
    drop(store);
    drop(reopened(&path).await);
    let edit = async |sql: &str| {
        for _ in 0..100 {
            let connection = rusqlite::Connection::open(&path).unwrap();
            if connection.execute_batch(sql).is_ok() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the file stays locked");
    };
    edit("UPDATE outbox SET keys = 'no JSON'").await;
    let opened = reopened(&path).await;
    assert!(opened.damage.is_some());
    drop(opened);
    edit("PRAGMA user_version = 3; PRAGMA application_id = 0x68730003").await;
    let error = Store::open(&path).unwrap_err();
    assert!(
        matches!(error, Error::File(sqlite::Error::NewerSchema { .. })),
        "{error}"
    );
}
