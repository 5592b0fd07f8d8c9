use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::cluster::outbox::message::Entry;

fn holder(daemon: &str, incarnation: u8) -> Holder {
    Holder {
        daemon: daemon.to_owned(),
        incarnation: format!("{daemon}{incarnation}"),
    }
}

fn entry(id: &str) -> OutboxEntry {
    OutboxEntry {
        id: id.to_owned(),
        requester: String::new(),
        verb: "push".to_owned(),
        keys: Vec::new(),
        phone: "1001".to_owned(),
        phone_ref: "1001".to_owned(),
        at: UNIX_EPOCH,
        keep: Duration::from_mins(1),
        files: None,
    }
}

fn message(entry: &OutboxEntry, holder: Holder, state: State) -> Message {
    Message {
        origin: holder.clone(),
        home: holder.daemon.clone(),
        holder,
        state,
        entry: Entry::from(entry),
    }
}

fn at(first: u64, last: u64) -> Position {
    Position { first, last }
}

/// A ledger of the first start of the daemon `b`, and its input.
struct Bench {
    ledger: Ledger,
    live: BTreeMap<String, String>,
    reaching: Vec<String>,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let live = ["a", "b", "c"].map(|name| (name.to_owned(), format!("{name}1")));
        let mut ledger = Ledger::new(holder("b", 1));
        assert!(ledger.finish_reading().is_empty() && ledger.is_current());
        Self {
            ledger,
            live: live.into(),
            reaching: Vec::new(),
            now: Instant::now(),
        }
    }

    fn put(&mut self, id: &str, position: Position, holder: Holder, state: State) -> Vec<Effect> {
        let entry = entry(id);
        let message = message(&entry, holder, state);
        let key = Key::of(&entry, "1001");
        self.ledger.put(&key, position, &message, || entry)
    }

    fn with_view<T>(&mut self, ask: impl FnOnce(&mut Ledger, &View<'_>) -> T) -> T {
        let view = View {
            live: &self.live,
            reaching: &|_| self.reaching.clone(),
            pending_timeout: Duration::from_secs(10),
            in_flight_timeout: Duration::from_secs(30),
            now: self.now,
        };
        ask(&mut self.ledger, &view)
    }

    /// Returns the first positions of the entries that are taken over after the given number of seconds.
    fn taken_over_after(&mut self, seconds: u64) -> Vec<u64> {
        self.now += Duration::from_secs(seconds);
        let changes = self.with_view(Ledger::takeovers);
        let first = |change: &HolderChange| match change {
            HolderChange::TakeOver { position, .. } => position.first,
            HolderChange::HandOver { .. } => panic!("{change:?}"),
        };
        changes.iter().map(first).collect()
    }
}

#[tokio::test]
async fn entries_of_an_absent_daemon_are_taken_over_and_those_in_flight_later() {
    let mut bench = Bench::new();
    bench.put("1", at(1, 4), holder("a", 1), State::InFlight);
    bench.put("2", at(2, 2), holder("a", 1), State::Pending);
    bench.put("3", at(3, 3), holder("c", 1), State::Pending);
    assert!(bench.taken_over_after(0).is_empty());
    bench.live.remove("a");
    assert!(bench.taken_over_after(0).is_empty());
    assert!(bench.taken_over_after(9).is_empty());
    assert_eq!(bench.taken_over_after(1), [2]);
    assert_eq!(bench.taken_over_after(29), [2]);
    assert_eq!(bench.taken_over_after(1), [1, 2]);
    // A daemon that reaches the phone takes it.
    bench.reaching = vec!["c".to_owned()];
    assert!(bench.taken_over_after(0).is_empty());
    // The daemon has returned, and takes them itself.
    bench.live.insert("a".to_owned(), "a2".to_owned());
    bench.reaching.clear();
    assert!(bench.taken_over_after(100).is_empty());
}

#[tokio::test]
async fn entries_of_an_earlier_start_are_taken_over_at_once_and_then_adopted() {
    let mut bench = Bench::new();
    bench.put("1", at(1, 1), holder("b", 0), State::InFlight);
    assert_eq!(bench.taken_over_after(0), [1]);
    assert_eq!(bench.ledger.len(), 0);
    let effects = bench.put("1", at(1, 2), holder("b", 1), State::InFlight);
    let [Effect::Adopt { number, state, .. }, Effect::Refresh(_)] = effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(state, State::InFlight);
    assert!(bench.taken_over_after(0).is_empty());
    // The stream does not know of its end yet, and repeats the message.
    bench.ledger.end(number);
    assert!(
        bench
            .put("1", at(1, 2), holder("b", 1), State::InFlight)
            .is_empty()
    );
    assert_eq!(bench.ledger.len(), 0);
    let key = Key::of(&entry("1"), "1001");
    bench.ledger.removed(&key);
    // Nor does a late reply bring it back.
    let late = message(&entry("1"), holder("a", 1), State::Pending);
    bench.ledger.record_written(&key, at(1, 3), &late);
    assert_eq!(bench.ledger.stream_len(), 0);
    // What the stream reports afterwards is there: reading it again had reported it as gone too early.
    bench.put("1", at(1, 4), holder("b", 1), State::Pending);
    assert_eq!((bench.ledger.stream_len(), bench.ledger.len()), (1, 1));
}

#[tokio::test]
async fn entries_wait_for_earlier_ones_of_other_daemons() {
    let mut bench = Bench::new();
    bench.put("1", at(1, 1), holder("a", 1), State::Pending);
    let effects = bench.put("2", at(2, 2), holder("b", 1), State::Pending);
    let [Effect::Adopt { number, .. }, Effect::Refresh(_)] = effects[..] else {
        panic!("{effects:?}");
    };
    let now = bench.now;
    let why = bench.ledger.admit(number, 1, now).unwrap_err();
    assert!(why.contains("on their way"), "{why}");
    let why = bench.ledger.admit(number, 2, now).unwrap_err();
    assert!(why.contains("\"a\" has an earlier delivery"), "{why}");
    // Not forever.
    let later = now + Duration::from_secs(75);
    assert_eq!(bench.ledger.admit(number, 2, later), Ok(()));
    bench.ledger.removed(&Key::of(&entry("1"), "1001"));
    assert_eq!(bench.ledger.admit(number, 2, now), Ok(()));
}

#[tokio::test]
async fn entries_go_to_a_daemon_that_reaches_the_phone_and_follow_each_other() {
    let mut bench = Bench::new();
    let holder_for = |bench: &mut Bench| {
        bench.with_view(|ledger, view| ledger.holder_for("1001", "1001", view).daemon)
    };
    assert_eq!(holder_for(&mut bench), "b");
    bench.reaching = vec!["c".to_owned(), "b".to_owned()];
    assert_eq!(holder_for(&mut bench), "c");
    let effects = bench.put("1", at(1, 1), holder("b", 1), State::Pending);
    let [Effect::Adopt { number, .. }, Effect::Refresh(_)] = effects[..] else {
        panic!("{effects:?}");
    };
    // After the other entry, though another daemon is preferred.
    assert_eq!(holder_for(&mut bench), "b");
    let handed_over_to = |bench: &mut Bench| {
        let changes = bench.with_view(|ledger, view| ledger.handovers(view));
        let to = |change: &HolderChange| match change {
            HolderChange::HandOver { to, .. } => to.daemon.clone(),
            HolderChange::TakeOver { .. } => panic!("{change:?}"),
        };
        changes.iter().map(to).collect::<Vec<_>>()
    };
    assert!(handed_over_to(&mut bench).is_empty());
    bench.ledger.held_mut(number).unwrap().unreachable_since = Some(Instant::now());
    assert_eq!(handed_over_to(&mut bench), ["c"]);
    bench.ledger.held_mut(number).unwrap().is_claimed = true;
    assert!(handed_over_to(&mut bench).is_empty());
    bench.ledger.held_mut(number).unwrap().is_claimed = false;
    bench.reaching = vec!["a".to_owned()];
    assert_eq!(handed_over_to(&mut bench), ["a"]);
    // Another daemon has it: this one forgets it.
    bench.put("1", at(1, 5), holder("a", 1), State::Pending);
    assert_eq!(bench.ledger.len(), 0);
}

#[tokio::test]
async fn entries_removed_during_an_interruption_are_forgotten() {
    let mut bench = Bench::new();
    bench.put("1", at(1, 1), holder("b", 1), State::Pending);
    bench.put("2", at(2, 2), holder("b", 1), State::Pending);
    bench.ledger.start_rereading();
    assert!(!bench.ledger.is_current());
    bench.put("2", at(2, 2), holder("b", 1), State::Pending);
    let effects = bench.ledger.finish_reading();
    assert!(matches!(effects[..], [Effect::Refresh(_)]), "{effects:?}");
    assert_eq!((bench.ledger.len(), bench.ledger.count_of("1001")), (1, 1));
}

#[tokio::test]
async fn row_older_than_the_duplicate_window_ends_as_unknown() {
    let mut bench = Bench::new();
    let (row, state) = (7, FileState::Moving);
    let key = Key::of(&entry("1"), "1001");
    let location = Location::File { row, state };
    let held = Arc::new(entry("1"));
    let number = bench.ledger.insert(key, held, "b".to_owned(), location);
    let effects = bench.ledger.end_as_unknown(number);
    let [
        Effect::Adopt {
            number: other,
            state: State::InFlight,
            report_to: None,
        },
        Effect::Refresh(_),
    ] = effects[..]
    else {
        panic!("{effects:?}");
    };
    assert!(bench.ledger.held(number).is_none());
    let state = FileState::InFlight;
    let location = bench.ledger.held(other).map(|held| held.location);
    assert_eq!(location, Some(Location::File { row, state }));
}

#[tokio::test]
async fn entry_for_a_dead_phone_is_not_handed_over_all_the_time() {
    for (home, is_first) in [("b", true), ("a", false)] {
        let mut bench = Bench::new();
        bench.put("1", at(1, 1), holder("b", 1), State::Pending);
        bench.reaching = vec!["a".to_owned(), "b".to_owned()];
        let number = bench.ledger.numbers().next().unwrap().0;
        let held = bench.ledger.held_mut(number).unwrap();
        held.home = home.to_owned();
        held.unreachable_since = Some(Instant::now());
        let changes = bench.with_view(|ledger, view| ledger.handovers(view));
        assert_eq!(!changes.is_empty(), is_first, "{home}: {changes:?}");
    }
}
