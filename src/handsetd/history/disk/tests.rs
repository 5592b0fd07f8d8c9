use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::history::{Config, History, Record, RequestInfo, Requester, Search};
use crate::outcome::{Outcome, Status, StepRecord};

/// A folder for the file, and the histories that use it one after another.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("history.sqlite")
    }

    async fn open(&self, config: Config) -> History {
        self.open_continuing(config, &[]).await
    }

    async fn open_continuing(&self, config: Config, continued: &[(&str, &str)]) -> History {
        let pairs = continued
            .iter()
            .map(|(id, phone)| ((*id).to_owned(), (*phone).to_owned()));
        let place = Place {
            file: self.file(),
            continued: pairs.collect(),
            has_cluster: false,
        };
        let history = History::open(config, place);
        history.loaded().await;
        history
    }

    /// Whether the file or its log has a text, as a copy of the disk shows it.
    fn has(&self, text: &str) -> bool {
        fs::read_dir(self.0.path()).unwrap().any(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        })
    }
}

/// Writes everything and gives up the file, at a time when the next history gets higher numbers: a test has more
/// deliveries than milliseconds.
async fn close(history: History) {
    history.flush().await;
    let next = UNIX_EPOCH + Duration::from_millis(history.disk.0.log.lock().next_number());
    if let Ok(ahead) = next.duration_since(SystemTime::now()) {
        tokio::time::sleep(ahead).await;
    }
    let thread = history.disk.0.thread.lock().handle.take().unwrap();
    drop(history);
    tokio::task::spawn_blocking(|| thread.join().unwrap())
        .await
        .unwrap();
}

fn request(text: &str) -> RequestInfo {
    let requester = Requester::Page {
        name: "ann".to_owned(),
    };
    let keys = [("text", text), ("password", "hush"), ("phone", "1001")];
    let keys = keys.map(|(key, value)| (key.to_owned(), value.to_owned()));
    RequestInfo::new(requester, "push", keys.into())
}

fn deliver(history: &History, text: &str, phone: &str) {
    let open = history.begin(&request(text), phone, Some("snom".parse().unwrap()));
    let mut outcome = Outcome::at(phone, None, Status::Rejected, format!("not {text}"));
    outcome.steps = Box::new([StepRecord {
        transport: "http",
        request: format!("POST http://u:hush@192.0.2.1/?a={text}"),
        reply: "403".to_owned(),
        duration: Duration::from_micros(1234),
    }]);
    history.end(open, &outcome);
}

fn all(history: &History) -> Vec<Arc<Record>> {
    history.find(&Search::default(), usize::MAX)
}

fn phones(history: &History) -> Vec<String> {
    all(history)
        .iter()
        .map(|record| record.phone.clone())
        .collect()
}

#[tokio::test]
async fn deliveries_are_the_same_after_a_restart() {
    let folder = Folder::new();
    let history = folder.open(Config::default()).await;
    deliver(&history, "Hello", "1001");
    deliver(&history, "World", "1002");
    history.set_fetched(all(&history)[0].number, UNIX_EPOCH + Duration::from_secs(5));
    let before: Vec<_> = all(&history)
        .iter()
        .map(|record| record.to_json())
        .collect();
    close(history).await;
    let mode = fs::metadata(folder.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let history = folder.open(Config::default()).await;
    let after: Vec<_> = all(&history)
        .iter()
        .map(|record| record.to_json())
        .collect();
    assert_eq!(before, after);
    // Later ones come after them.
    deliver(&history, "Later", "1003");
    assert_eq!(phones(&history), ["1003", "1002", "1001"]);
    close(history).await;
    let history = folder.open(Config::default()).await;
    assert_eq!(phones(&history), ["1003", "1002", "1001"]);
}

#[tokio::test]
async fn rows_written_together_keep_what_they_share_and_what_they_do_not() {
    let folder = Folder::new();
    let history = folder.open(Config::default()).await;
    let requester = Requester::Page {
        name: "bob".to_owned(),
    };
    let requests = [
        request("Hello"),
        RequestInfo::new(requester, "clear", Vec::new()),
    ];
    for (request, phone, vendor, status, reason) in [
        (0, "1001", Some("snom"), Status::Ok, ""),
        (0, "1002", Some("snom"), Status::Ok, ""),
        (0, "1003", Some("cisco"), Status::Unreachable, "away"),
        (1, "1003", None, Status::Unreachable, "away"),
        (0, "1001", Some("snom"), Status::Ok, ""),
    ] {
        let vendor = vendor.map(|vendor| vendor.parse().unwrap());
        let open = history.begin(&requests[request], phone, vendor);
        history.end(open, &Outcome::at(phone, vendor, status, reason));
    }
    let records = |history: &History| {
        let records = all(history);
        let json: Vec<_> = records.iter().map(|record| record.to_json()).collect();
        json
    };
    let before = records(&history);
    close(history).await;
    assert_eq!(records(&folder.open(Config::default()).await), before);
}

#[tokio::test]
async fn delivery_that_has_not_begun_is_written_too() {
    let folder = Folder::new();
    let history = folder.open(Config::default()).await;
    let [mut first, second, _third] =
        ["1001", "1002", "1003"].map(|phone| history.begin_unannounced(&request("a"), phone, None));
    assert_eq!(history.figures().unwritten, 3);
    history.announce_begun(&mut first);
    history.end(second, &Outcome::new(Status::Ok, ""));
    assert_eq!(history.figures().unwritten, 3);
    close(history).await;
    let history = folder.open(Config::default()).await;
    assert_eq!(phones(&history), ["1003", "1002", "1001"]);
    let statuses: Vec<_> = all(&history).iter().map(|record| record.status).collect();
    assert_eq!(statuses, [Status::Unknown, Status::Ok, Status::Unknown]);
}

#[tokio::test]
async fn neither_passwords_nor_unwanted_texts_are_on_the_disk() {
    let folder = Folder::new();
    let history = folder.open(Config::default()).await;
    deliver(&history, "Confidential", "1001");
    history.flush().await;
    assert!(folder.has("Confidential") && !folder.has("hush"));
    // While the daemon runs, and while one delivery is in progress.
    let open = history.begin(&request("Confidential"), "1002", None);
    history.flush().await;
    let config = Config {
        texts: false,
        ..Config::default()
    };
    history.reconfigure(config);
    history.end(
        open,
        &Outcome::at("1002", None, Status::Rejected, "no Confidential"),
    );
    history.flush().await;
    assert!(!folder.has("Confidential"));
    assert_eq!(all(&history)[0].reason.as_str(), "no [left out]");
    assert_eq!(all(&history)[1].reason.as_str(), "not [left out]");
    close(history).await;
    // In a file of an earlier configuration.
    let history = folder.open(Config::default()).await;
    deliver(&history, "Confidential", "1003");
    close(history).await;
    assert!(folder.has("Confidential"));
    let history = folder.open(config).await;
    history.flush().await;
    assert!(!folder.has("Confidential"));
    assert!(!format!("{:?}", all(&history)).contains("Confidential"));
    assert_eq!(phones(&history), ["1003", "1002", "1001"]);
}

#[tokio::test]
async fn delivery_in_progress_at_a_crash_may_have_happened() {
    let folder = Folder::new();
    let history = folder.open(Config::default()).await;
    let (plain, kept) = (request("a"), request("b"));
    let _open = [
        history.begin(&plain, "1001", None),
        history.begin(&kept, "1002", None),
    ];
    close(history).await;
    let id = kept.id.to_string();
    let history = folder
        .open_continuing(Config::default(), &[(&id, "1002")])
        .await;
    let [record] = &*all(&history) else {
        panic!("{:?}", all(&history));
    };
    assert_eq!(
        (record.phone.as_str(), record.status),
        ("1001", Status::Unknown)
    );
    assert!(record.duration.is_some());
    let reason = "handsetd ended before the result was recorded; it may have happened";
    assert_eq!(record.reason.as_str(), reason);
    // The other is continued by the outbox, under the same id.
    history.begin_at(SystemTime::now(), &kept, "1002", None);
    close(history).await;
    let again = folder
        .open_continuing(Config::default(), &[(&id, "1002")])
        .await;
    assert_eq!(phones(&again), ["1001"]);
}

#[tokio::test]
async fn delivery_that_is_resumed_again_is_not_recorded_twice() {
    let folder = Folder::new();
    let history = folder.open(Config::default()).await;
    let (unknown, done) = (request("a"), request("b"));
    for (request, status) in [(&unknown, Status::Unknown), (&done, Status::Ok)] {
        let open = history.begin(request, "1001", None);
        history.end(open, &Outcome::at("1001", None, status, ""));
    }
    close(history).await;
    let ids = [unknown, done].map(|request| request.id.to_string());
    let continued = ids.each_ref().map(|id| (id.as_str(), "1001"));
    let history = folder.open_continuing(Config::default(), &continued).await;
    let statuses: Vec<_> = all(&history).iter().map(|record| record.status).collect();
    assert_eq!(statuses, [Status::Ok]);
    close(history).await;
    let history = folder.open(Config::default()).await;
    assert_eq!(all(&history).len(), 1);
}

#[tokio::test]
async fn delivery_that_was_stored_in_the_cluster_ends_there() {
    let folder = Folder::new();
    let history = folder.open(Config::default()).await;
    let keys = vec![("keep".to_owned(), "1h".to_owned())];
    let requester = Requester::Page {
        name: String::new(),
    };
    let kept = ["1001", "1002"].map(|phone| {
        let request = RequestInfo::new(requester.clone(), "clear", keys.clone());
        history.begin(&request, phone, None);
        request.id.to_string()
    });
    history.begin(&request("plain"), "1003", None);
    close(history).await;
    let place = Place {
        file: folder.file(),
        continued: HashSet::new(),
        has_cluster: true,
    };
    let history = History::open(Config::default(), place);
    history.loaded().await;
    let statuses = |history: &History| {
        let records = all(history);
        let status = |record: &Arc<Record>| (record.phone.clone(), record.status);
        records.iter().map(status).collect::<Vec<_>>()
    };
    let status = |phone: &str, status| (phone.to_owned(), status);
    let left = [
        status("1003", Status::Unknown),
        status("1002", Status::Queued),
        status("1001", Status::Queued),
    ];
    assert_eq!(statuses(&history), left);
    history.settle(|id, phone| id == kept[1] && phone == "1002");
    // The daemon that holds the other one records it.
    let settled = [
        status("1003", Status::Unknown),
        status("1001", Status::Unknown),
    ];
    assert_eq!(statuses(&history), settled);
    close(history).await;
    assert_eq!(statuses(&folder.open(Config::default()).await), settled);
}

#[tokio::test]
async fn delivery_that_another_daemon_has_taken_over_is_removed_from_the_file_too() {
    let folder = Folder::new();
    let history = folder.open(Config::default()).await;
    let [first, kept, last] =
        ["1001", "1002", "1003"].map(|phone| history.begin(&request("Hello"), phone, None));
    history.flush().await;
    assert!(folder.has("1002"));
    let mut changes = history.changes();
    history.hand_over(kept, "another daemon has it");
    let announced = changes.try_recv().unwrap();
    assert_eq!(announced.record.reason.as_str(), "another daemon has it");
    assert_eq!(phones(&history), ["1003", "1001"]);
    let queued = |history: &History| {
        let overview = history.overview(Duration::from_hours(1), SystemTime::now());
        let mut counts = overview.totals.iter();
        counts.find(|(status, _)| *status == Status::Queued)
    };
    assert_eq!(queued(&history), Some((Status::Queued, 2)));
    history.flush().await;
    assert!(!folder.has("1002"));
    // Those behind it are found by their numbers.
    history.end(last, &Outcome::at("1003", None, Status::Ok, ""));
    history.end(first, &Outcome::at("1001", None, Status::Ok, ""));
    assert_eq!(history.find(&Search::default(), 9)[0].status, Status::Ok);
    assert_eq!(history.figures().unwritten, 2);
    close(history).await;
    let history = folder.open(Config::default()).await;
    assert_eq!(phones(&history), ["1003", "1001"]);
    assert_eq!(queued(&history), None);
}

#[tokio::test]
async fn file_has_no_more_than_the_memory() {
    let folder = Folder::new();
    let config = Config {
        count: 3,
        ..Config::default()
    };
    let history = folder.open(config).await;
    for phone in ["1001", "1002", "1003", "1004", "1005"] {
        deliver(&history, "a", phone);
        history.flush().await;
    }
    close(history).await;
    let history = folder.open(Config::default()).await;
    assert_eq!(phones(&history), ["1005", "1004", "1003"]);
    history.reconfigure(Config { count: 1, ..config });
    close(history).await;
    let rows = || {
        let connection = Connection::open(folder.file()).unwrap();
        let sql = "SELECT count(*) FROM deliveries";
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(rows(), 1);
    // What has become too old while handsetd was not running.
    let sql = "UPDATE deliveries SET at = at - 60000";
    Connection::open(folder.file())
        .unwrap()
        .execute(sql, [])
        .unwrap();
    let config = Config {
        time: Duration::from_secs(59),
        ..Config::default()
    };
    let history = folder.open(config).await;
    assert!(phones(&history).is_empty());
    close(history).await;
    assert_eq!(rows(), 0);
}

#[tokio::test]
async fn clock_that_was_set_back_changes_no_order() {
    let folder = Folder::new();
    let history = folder.open(Config::default()).await;
    deliver(&history, "a", "1001");
    deliver(&history, "a", "1002");
    close(history).await;
    let sql = "UPDATE deliveries SET number = number + 1000000000000, at = at + 1000000000000";
    Connection::open(folder.file())
        .unwrap()
        .execute(sql, [])
        .unwrap();
    for times in 1..3 {
        let history = folder.open(Config::default()).await;
        deliver(&history, "a", "1003");
        let found = phones(&history);
        assert_eq!(found.len(), 2 + times);
        assert_eq!((&*found[0], &*found[times]), ("1003", "1002"));
        let numbers: Vec<_> = all(&history).iter().map(|record| record.number).collect();
        assert!(
            numbers.is_sorted_by(|one, other| one > other),
            "{numbers:?}"
        );
        close(history).await;
    }
}

#[tokio::test]
async fn history_is_deleted_and_kept_again_by_a_reload() {
    let folder = Folder::new();
    let (on, off) = (
        Config::default(),
        Config {
            keep_on_disk: false,
            ..Config::default()
        },
    );
    let history = folder.open(on).await;
    deliver(&history, "a", "1001");
    history.flush().await;
    // However fast one follows the other.
    for config in [off, on, off, on] {
        history.reconfigure(config);
    }
    history.loaded().await;
    deliver(&history, "a", "1002");
    assert_eq!(phones(&history), ["1002", "1001"]);
    close(history).await;
    let history = folder.open(on).await;
    assert_eq!(phones(&history), ["1002", "1001"]);
    history.reconfigure(off);
    assert_eq!(phones(&history), ["1002", "1001"], "memory keeps it");
    close(history).await;
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 0);
    // Of an earlier configuration.
    let history = folder.open(on).await;
    deliver(&history, "a", "1001");
    close(history).await;
    assert!(folder.file().exists());
    close(folder.open(off).await).await;
    assert!(!folder.file().exists());
}

#[tokio::test]
async fn damaged_file_is_replaced_and_keeps_what_can_be_read() {
    let folder = Folder::new();
    let history = folder.open(Config::default()).await;
    for number in 0..50 {
        deliver(&history, &"a".repeat(1000), &number.to_string());
    }
    close(history).await;
    let good = fs::read(folder.file()).unwrap();
    for attack in 0..20 {
        let mut bytes = good.clone();
        let start = attack * good.len() / 20;
        let end = (start + 500).min(good.len());
        bytes[start..end].fill(0xa5);
        fs::write(folder.file(), bytes).unwrap();
        let history = folder.open(Config::default()).await;
        deliver(&history, "a", "new");
        close(history).await;
        let history = folder.open(Config::default()).await;
        assert_eq!(phones(&history)[0], "new", "{attack}");
        close(history).await;
    }
    let is_aside = |path: &Path| path.to_string_lossy().contains(".damaged-");
    let aside = fs::read_dir(folder.0.path()).unwrap();
    assert!(
        aside
            .filter(|entry| is_aside(&entry.as_ref().unwrap().path()))
            .count()
            > 5
    );
}

#[tokio::test]
async fn unusable_place_costs_the_file_and_nothing_else() {
    let folder = Folder::new();
    fs::create_dir(folder.file()).unwrap();
    let history = folder.open(Config::default()).await;
    deliver(&history, "a", "1001");
    history.flush().await;
    assert_eq!(phones(&history), ["1001"]);
    assert_eq!(history.figures().unwritten, 0);
    // A reload tries again, with all that is in memory.
    fs::remove_dir(folder.file()).unwrap();
    history.reconfigure(Config::default());
    history.loaded().await;
    close(history).await;
    assert_eq!(phones(&folder.open(Config::default()).await), ["1001"]);
}

#[test]
fn records_are_unwritten_until_they_are_on_the_disk() {
    let history = History::new(Config::default());
    let log = &history.disk.0.log;
    log.lock().keep_on_disk(true);
    deliver(&history, "a", "1001");
    deliver(&history, "b", "1002");
    assert_eq!(log.lock().take_batch(1).records.len(), 1);
    assert_eq!(history.figures().unwritten, 2);
    log.lock().finish_batch();
    assert_eq!(history.figures().unwritten, 1);
}
