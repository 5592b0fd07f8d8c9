//! Load: many phones, many calls and many events at once, against the real program.
//!
//! [`run`] simulates Asterisk and the phones, measures, and returns which guarantees are violated. A
//! short run is one of the tests, a long one `cargo bench --bench soak`.

mod events;
pub(crate) mod figures;
pub(crate) mod manager;
mod phones;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use handset_net::tasks::Tasks;
use tokio::time::{Instant, sleep};

use self::figures::{Latencies, Measurements, Sample, percentiles, total};
use self::manager::Manager;
use self::phones::Phones;
use super::admin_client::AdminClient;
use super::caller::Caller;
use super::daemon::Daemon;
use super::proc;

/// The size of the load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Phones registered with Asterisk, at least as many as `listed`.
    pub(crate) phones: usize,
    /// Phones with a `[[phone]]` entry, which receive the deliveries.
    pub(crate) listed: usize,
    /// Concurrent calls that run `AGI()`, each until its phone has responded.
    pub(crate) sessions: usize,
    /// Events per second.
    pub(crate) events: usize,
    /// Response time of a phone.
    pub(crate) answer: Duration,
    /// Duration of the run.
    pub(crate) time: Duration,
    /// Interval of measurements.
    pub(crate) beat: Duration,
}

/// Runs the load against a new daemon, reports progress to `report`, and returns the violations.
pub(crate) async fn run(load: Load, report: impl Fn(String)) -> Vec<String> {
    let tasks = Tasks::new();
    let phones = Phones::start(load.answer, &tasks);
    let manager = Manager::start(load.phones, &tasks).await;
    let daemon = Daemon::start(&configuration(&load, &phones, &manager)).await;
    let admin = AdminClient::new(daemon.admin());
    let since = Instant::now();
    daemon.line("Loaded registrations.").await;
    report(format!(
        "read {} contacts in {:.1?}",
        load.phones,
        since.elapsed()
    ));
    let caller = Caller::new(daemon.agi());
    // Warms up: the first request of each kind takes longer.
    measure(&caller, &load, 1).await;
    let before = measure(&caller, &load, QUIET).await;
    report(format!("quiet, before: {before}"));
    settle().await;
    let descriptors = proc::descriptors(daemon.pid());
    let mut samples = Vec::new();
    let calls = Calls::default();
    let work = tasks.stop().child_token();
    let busy = async {
        let sessions = (0..load.sessions).map(|at| calls.repeat(&caller, &load, at, &work));
        join_all(sessions).await;
    };
    let flood = events::flood(&manager, &load, &work);
    let watch = async {
        let start = Instant::now();
        let mut cpu = proc::cpu(daemon.pid());
        while start.elapsed() < load.time {
            sleep(load.beat).await;
            let metrics = metrics(&admin).await;
            let now = proc::cpu(daemon.pid());
            let sample = Sample {
                at: start.elapsed(),
                memory: proc::memory(daemon.pid()),
                descriptors: proc::descriptors(daemon.pid()),
                cpu: now - cpu,
                sent: manager.sent(),
                handled: total(&metrics, "handsetd_ami_events_total"),
                lost: total(&metrics, "handsetd_ami_events_dropped_total"),
                calls: calls.done.load(Ordering::Relaxed),
                open: total(&metrics, "handsetd_agi_sessions_active"),
            };
            cpu = now;
            let latencies = measure(&caller, &load, 1).await;
            report(format!("{sample}; {latencies}"));
            samples.push(sample);
        }
        work.cancel();
    };
    let ((), (), ()) = tokio::join!(busy, flood, watch);
    settle().await;
    let after = measure(&caller, &load, QUIET).await;
    report(format!("quiet, after: {after}"));
    report(format!("Asterisk received: {}", manager.actions()));
    let metrics = until_handled(&admin, &manager).await;
    let measurements = Measurements {
        samples,
        before,
        after,
        descriptors: (descriptors, least_descriptors(&daemon, descriptors).await),
        events: (manager.sent(), total(&metrics, "handsetd_ami_events_total")),
        lost: total(&metrics, "handsetd_ami_events_dropped_total"),
        pauses: (manager.pauses(), evaluated(&metrics)),
        fired: total(&metrics, "handsetd_rules_fired_total"),
        failed: calls.failed.load(Ordering::Relaxed),
        calls: calls.done.load(Ordering::Relaxed),
    };
    report(measurements.to_string());
    tasks.stop().cancel();
    daemon.terminate();
    let is_fine = daemon.end().await.success();
    let mut violations = measurements.violations();
    if !is_fine {
        violations.push("the daemon did not shut down cleanly".to_owned());
    }
    violations
}

/// Counters of all calls.
#[derive(Debug, Default)]
struct Calls {
    done: AtomicU64,
    failed: AtomicU64,
}

impl Calls {
    /// Calls repeatedly, each time for another phone.
    async fn repeat(
        &self,
        caller: &Caller,
        load: &Load,
        first: usize,
        stop: &tokio_util::sync::CancellationToken,
    ) {
        let mut at = first;
        // Spreads the calls over the response time of a phone.
        sleep(load.answer.mul_f64(share(first, load.sessions))).await;
        while !stop.is_cancelled() {
            let phone = format!("phone={}", phones::name(at % load.listed));
            let text = format!("Call {at} of a caller who has waited for a while");
            let outcome = caller.run("push", &[&text, &phone]).await;
            if outcome.status != "OK" {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
            self.done.fetch_add(1, Ordering::Relaxed);
            at += load.sessions;
        }
    }
}

/// Returns the configuration of a large site.
fn configuration(load: &Load, phones: &Phones, manager: &Manager) -> String {
    // A short lifetime, so that published screens expire during the run.
    let lifetime = (load.time / 10).max(Duration::from_secs(2)).as_secs();
    let mut config = format!(
        "[agi]\nbudget = '30s'\n[history]\ncount = 1000\n[http]\nscreen_lifetime = '{lifetime}s'\n[[asterisk]]\nname = 'pbx'\naddress = '{}'\nusername = 'handsetd'\n\
         secret = 'hush'\n{RULE}",
        manager.address()
    );
    for at in 0..load.listed + SPARE {
        let (name, address) = (phones::name(at), phones.address(at));
        write!(
            config,
            "[[phone]]\nname = '{name}'\naddress = '{address}'\n"
        )
        .unwrap();
    }
    config
}

/// Measures the latency of pings, and of pushes without the response time of the phone.
async fn measure(caller: &Caller, load: &Load, rounds: usize) -> Latencies {
    let (mut pings, mut pushes) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        for _ in 0..PINGS {
            let since = Instant::now();
            assert_eq!(caller.run("ping", &[]).await.status, "OK");
            pings.push(since.elapsed());
        }
        // To phones that receive no other deliveries.
        let each = (0..PUSHES).map(async |at| {
            sleep(load.answer.mul_f64(share(at, PUSHES))).await;
            let since = Instant::now();
            let phone = format!(
                "phone={}",
                phones::name(load.listed + (round * PUSHES + at) % SPARE)
            );
            let outcome = caller.run("push", &["Hello", &phone]).await;
            assert_eq!(outcome.status, "OK", "{}", outcome.reason);
            since.elapsed().saturating_sub(load.answer)
        });
        pushes.extend(join_all(each).await);
    }
    Latencies {
        ping: percentiles(pings),
        push: percentiles(pushes),
    }
}

async fn metrics(admin: &AdminClient) -> String {
    String::from_utf8(admin.get("/metrics").await.body).unwrap()
}

/// Waits until all events are handled, for 30 s at most.
async fn until_handled(admin: &AdminClient, manager: &Manager) -> String {
    let mut text = metrics(admin).await;
    for _ in 0..60 {
        let is_handled = total(&text, "handsetd_ami_events_total") >= manager.sent()
            && evaluated(&text) >= manager.pauses();
        if is_handled {
            break;
        }
        sleep(Duration::from_millis(500)).await;
        text = metrics(admin).await;
    }
    text
}

/// Returns how many events the rule has evaluated, with any result.
fn evaluated(metrics: &str) -> u64 {
    ["fired", "limited", "failed", "unmet", "skipped", "echoed"]
        .iter()
        .map(|result| total(metrics, &format!("handsetd_rules_{result}_total")))
        .sum()
}

/// Returns how many descriptors stay open. Closing connections may take a moment.
async fn least_descriptors(daemon: &Daemon, before: usize) -> usize {
    let mut least = usize::MAX;
    for _ in 0..60 {
        least = least.min(proc::descriptors(daemon.pid()));
        if least <= before {
            break;
        }
        sleep(Duration::from_millis(500)).await;
    }
    least
}

async fn settle() {
    sleep(Duration::from_secs(1)).await;
}

#[expect(clippy::cast_precision_loss, reason = "these are small numbers")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// A rule with a limit, so that its deliveries are few compared to the calls.
const RULE: &str = r#"
[[rule]]
name = "paused note"
on = "QueueMemberPause"
when = "event.Paused == '1' and event.Queue == 'support'"
limit = { every = "20s", per = "{{ event.Interface }}" }
do = [ { verb = "push", phone = "{{ event.Interface }}", title = "Queue", text = "Paused: {{ event.PausedReason }}" } ]
"#;

/// Number of phones reserved for measurements.
const SPARE: usize = 64;

/// Requests of each kind per measurement.
const PINGS: usize = 50;
const PUSHES: usize = 20;

/// Measurements without load, before and after.
const QUIET: usize = 4;
