//! The scheduler with a fake clock, which runs with tokio's paused time unless it is set.

use std::fs;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::future::BoxFuture;
use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::*;
use crate::rules::Engine;
use crate::rules::config::Rule;

/// A running scheduler, its clock and what it raises.
struct Run {
    /// By how many seconds the clock was set forward.
    offset: Arc<AtomicI64>,
    schedules: watch::Sender<Schedules>,
    facts: mpsc::Receiver<Fact>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

fn schedules(rules: &[(&str, &str)]) -> Schedules {
    let rule = |(name, schedule): &(&str, &str)| -> Rule {
        toml::from_str(&format!(
            "name = {name:?}\nschedule = {schedule:?}\ntimezone = \"Europe/Berlin\"\n\
             do = [{{ verb = \"ping\" }}]"
        ))
        .unwrap()
    };
    let rules: Vec<Rule> = rules.iter().map(rule).collect();
    Engine::new(&rules).unwrap().schedules()
}

/// Starts a scheduler at that time of the system clock.
fn start(state_dir: &Path, rules: &[(&str, &str)], now: &str) -> Run {
    start_with(state_dir, rules, now, None)
}

fn start_with(
    state_dir: &Path,
    rules: &[(&str, &str)],
    now: &str,
    claims: Option<Arc<dyn ScheduleClaims>>,
) -> Run {
    let (now, started) = (now.parse::<Timestamp>().unwrap(), Instant::now());
    let offset = Arc::new(AtomicI64::new(0));
    let own = Arc::clone(&offset);
    let clock = move || {
        let elapsed = SignedDuration::try_from(started.elapsed()).unwrap();
        now + elapsed + SignedDuration::from_secs(own.load(Ordering::Relaxed))
    };
    let mut scheduler = Scheduler::new(state_dir, claims);
    scheduler.clock = Clock(Box::new(clock));
    let (schedules, receiver) = watch::channel(schedules(rules));
    let (sender, facts) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let task = Tasks::new().spawn("schedules", scheduler.run(receiver, sender, stop.clone()));
    Run {
        offset,
        schedules,
        facts,
        stop,
        task,
    }
}

impl Run {
    /// Sets the clock forward.
    fn set(&self, seconds: i64) {
        self.offset.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Returns what is due within that time, as `RULE TIME`. Time advances while nothing runs, and stands still
    /// while a file is written.
    async fn due_within(&mut self, seconds: u64) -> Vec<String> {
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut due = Vec::new();
        while let Ok(fact) = timeout_at(end, self.facts.recv()).await {
            let fact = fact.expect("the scheduler runs");
            assert_eq!(fact.name(), "handsetd.schedule");
            let value = |name| fact.value(name).unwrap().to_owned();
            due.push(format!("{} {}", value("Rule"), value("Due")));
        }
        due
    }

    async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

const EVENING: &[(&str, &str)] = &[("evening", "0 18 * * *")];
const DUE: [&str; 1] = ["evening 2026-11-27T18:00:00+01:00"];
const NONE: [&str; 0] = [];

#[tokio::test(start_paused = true)]
async fn restarts_repeat_and_lose_nothing() {
    let dir = TempDir::new().unwrap();
    let mut run = start(dir.path(), EVENING, "2026-11-27T16:59:40Z");
    assert_eq!(run.due_within(10).await, NONE);
    run.end().await;
    // It starts again after the time.
    let mut run = start(dir.path(), EVENING, "2026-11-27T17:00:10Z");
    assert_eq!(run.due_within(5).await, DUE);
    run.end().await;
    // And again, within the same minute.
    let mut run = start(dir.path(), EVENING, "2026-11-27T17:00:30Z");
    assert_eq!(run.due_within(60).await, NONE);
    run.end().await;
    // Without the file, or with nonsense in it, nothing is made up for.
    for text in ["", "[1, 2]", "{\"evening\": 5}"] {
        fs::write(dir.path().join("schedules.json"), text).unwrap();
        let mut run = start(dir.path(), EVENING, "2026-11-28T17:00:10Z");
        assert_eq!(run.due_within(5).await, NONE, "{text}");
        run.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn schedules_follow_a_clock_that_is_set() {
    let dir = TempDir::new().unwrap();
    let mut run = start(dir.path(), EVENING, "2026-11-27T15:00:00Z");
    assert_eq!(run.due_within(10).await, NONE);
    // The machine slept until a minute after the time.
    run.set(2 * 3600 + 60);
    assert_eq!(run.due_within(10).await, DUE);
    // The clock is set back by two minutes, and passes the time again.
    run.set(-120);
    assert_eq!(run.due_within(180).await, NONE);
    run.end().await;
}

#[tokio::test(start_paused = true)]
async fn reload_changes_schedules_and_keeps_others() {
    let dir = TempDir::new().unwrap();
    let mut run = start(dir.path(), EVENING, "2026-11-27T16:59:50Z");
    assert_eq!(run.due_within(5).await, NONE);
    let both = [("evening", "0 18 * * *"), ("late", "1 18 * * *")];
    run.schedules.send(schedules(&both)).unwrap();
    assert_eq!(
        run.due_within(70).await,
        [DUE[0], "late 2026-11-27T18:01:00+01:00"]
    );
    run.schedules.send(Schedules::default()).unwrap();
    assert_eq!(run.due_within(5).await, NONE);
    let text = fs::read_to_string(dir.path().join("schedules.json")).unwrap();
    assert_eq!(text, "{}");
    run.end().await;
}

#[tokio::test(start_paused = true)]
async fn schedule_of_every_second_never_piles_up() {
    let dir = TempDir::new().unwrap();
    let mut run = start(
        dir.path(),
        &[("often", "* * * * * *")],
        "2026-11-27T12:00:00Z",
    );
    let due = run.due_within(10).await;
    assert!((9..=10).contains(&due.len()), "{due:?}");
    // Nothing is received for an hour.
    run.set(3600);
    let due = run.due_within(5).await;
    assert!((4..=6).contains(&due.len()), "{due:?}");
    run.end().await;
}

#[tokio::test(start_paused = true)]
async fn unusable_state_directory_stops_no_schedule() {
    let dir = TempDir::new().unwrap();
    let missing = dir.path().join("missing");
    let mut run = start(&missing, EVENING, "2026-11-27T16:59:50Z");
    assert_eq!(run.due_within(15).await, DUE);
    run.end().await;
}

/// What daemons have claimed.
#[derive(Debug, Default)]
struct SharedClaims(Mutex<Vec<String>>);

impl ScheduleClaims for SharedClaims {
    fn claim<'a>(&'a self, rule: &'a str, due: Timestamp) -> BoxFuture<'a, bool> {
        let claim = format!("{rule} {due}");
        Box::pin(async {
            // A round trip.
            tokio::task::yield_now().await;
            let mut claimed = self.0.lock();
            let is_first = !claimed.contains(&claim);
            claimed.push(claim);
            is_first
        })
    }
}

#[tokio::test(start_paused = true)]
async fn one_of_several_daemons_raises_each_event() {
    let claims = Arc::new(SharedClaims::default());
    let rules = [EVENING[0], ("late", "1 18 * * *")];
    let mut raised = Vec::new();
    // The clock of the second is ten seconds behind.
    for now in ["2026-11-27T16:59:50Z", "2026-11-27T16:59:40Z"] {
        let dir = TempDir::new().unwrap();
        let claims = Arc::clone(&claims);
        let mut run = start_with(dir.path(), &rules, now, Some(claims));
        raised.push(run.due_within(90).await);
        run.end().await;
    }
    let expected = [DUE[0], "late 2026-11-27T18:01:00+01:00"];
    assert_eq!(
        raised,
        [expected.map(ToOwned::to_owned).to_vec(), Vec::new()]
    );
    assert_eq!(claims.0.lock().len(), 4);
}
