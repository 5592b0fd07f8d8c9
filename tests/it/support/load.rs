//! Load: many phones, many calls and many events at once, against the real program.
//!
//! [`run`] plays the Asterisk and the phones, measures, and says which promise is broken. The short
//! form is a test among the others, the long one `cargo bench --bench soak`.

mod events;
mod figures;
mod manager;
mod phones;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use handset_net::tasks::Tasks;
use tokio::time::{Instant, sleep};

use self::figures::{Latencies, Sample, Verdict, percentiles, total};
use self::manager::Manager;
use self::phones::Phones;
use super::admin_client::AdminClient;
use super::caller::Caller;
use super::daemon::Daemon;
use super::proc;

/// How much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Phones that Asterisk knows; more than those that are listed.
    pub(crate) phones: usize,
    /// How many of them the configuration names; those are called and pushed to.
    pub(crate) listed: usize,
    /// Calls that run `AGI()` at once, each until its phone has answered.
    pub(crate) sessions: usize,
    /// Events a second.
    pub(crate) events: usize,
    /// How long a phone takes to answer.
    pub(crate) answer: Duration,
    /// How long all of this lasts.
    pub(crate) time: Duration,
    /// How often it is measured.
    pub(crate) beat: Duration,
}

/// Puts the load on a daemon of its own, tells how it goes by `tell`, and returns what is broken.
pub(crate) async fn run(load: Load, tell: impl Fn(String)) -> Vec<String> {
    let tasks = Tasks::new();
    let phones = Phones::start(load.answer, &tasks);
    let manager = Manager::start(load.phones, &tasks).await;
    let daemon = Daemon::start(&configuration(&load, &phones, &manager)).await;
    let admin = AdminClient::new(daemon.admin());
    let since = Instant::now();
    daemon.line("Loaded registrations.").await;
    tell(format!(
        "read {} contacts in {:.1?}",
        load.phones,
        since.elapsed()
    ));
    let caller = Caller::new(daemon.agi());
    // The first of each takes longer: code and pages that were never used.
    measure(&caller, &load, 1).await;
    let before = measure(&caller, &load, QUIET).await;
    tell(format!("quiet, before: {before}"));
    settle().await;
    let descriptors = proc::descriptors(daemon.pid());
    let mut samples = Vec::new();
    let calls = Calls::default();
    let work = tasks.stop().child_token();
    let busy = async {
        let sessions = (0..load.sessions).map(|at| calls.go_on(&caller, &load, at, &work));
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
            tell(format!("{sample}; {latencies}"));
            samples.push(sample);
        }
        work.cancel();
    };
    let ((), (), ()) = tokio::join!(busy, flood, watch);
    settle().await;
    let after = measure(&caller, &load, QUIET).await;
    tell(format!("quiet, after: {after}"));
    tell(format!("Asterisk was asked: {}", manager.asked()));
    let metrics = until_handled(&admin, &manager).await;
    let verdict = Verdict {
        samples,
        before,
        after,
        descriptors: (descriptors, least_descriptors(&daemon, descriptors).await),
        events: (manager.sent(), total(&metrics, "handsetd_ami_events_total")),
        lost: total(&metrics, "handsetd_ami_events_dropped_total"),
        pauses: (manager.pauses(), judged(&metrics)),
        fired: total(&metrics, "handsetd_rules_fired_total"),
        failed: calls.failed.load(Ordering::Relaxed),
        calls: calls.done.load(Ordering::Relaxed),
    };
    tell(verdict.to_string());
    tasks.stop().cancel();
    daemon.terminate();
    let is_fine = daemon.end().await.success();
    let mut broken = verdict.broken();
    if !is_fine {
        broken.push("the daemon did not end in good order".to_owned());
    }
    broken
}

/// The calls, together.
#[derive(Debug, Default)]
struct Calls {
    done: AtomicU64,
    failed: AtomicU64,
}

impl Calls {
    /// Calls again and again, each time for another phone.
    async fn go_on(
        &self,
        caller: &Caller,
        load: &Load,
        first: usize,
        stop: &tokio_util::sync::CancellationToken,
    ) {
        let mut at = first;
        // Not all in one moment, as long as there are few.
        sleep(load.answer.mul_f64(share(first, load.sessions))).await;
        while !stop.is_cancelled() {
            let phone = format!("phone={}", phones::name(at % load.listed));
            let text = format!("Call {at} of a caller who has waited for a while");
            let outcome = caller.runs("push", &[&text, &phone]).await;
            if outcome.status != "OK" {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
            self.done.fetch_add(1, Ordering::Relaxed);
            at += load.sessions;
        }
    }
}

/// What the daemon is told of its site.
fn configuration(load: &Load, phones: &Phones, manager: &Manager) -> String {
    // So that what lies there for phones comes and goes as well.
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

/// Measures pings, and pushes beyond what the phone itself takes.
async fn measure(caller: &Caller, load: &Load, rounds: usize) -> Latencies {
    let (mut pings, mut pushes) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        for _ in 0..PINGS {
            let since = Instant::now();
            assert_eq!(caller.runs("ping", &[]).await.status, "OK");
            pings.push(since.elapsed());
        }
        // To phones that no call of the load is for.
        let each = (0..PUSHES).map(async |at| {
            sleep(load.answer.mul_f64(share(at, PUSHES))).await;
            let since = Instant::now();
            let phone = format!(
                "phone={}",
                phones::name(load.listed + (round * PUSHES + at) % SPARE)
            );
            let outcome = caller.runs("push", &["Hello", &phone]).await;
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

/// Waits until what was sent is handled, or until that does not change any more.
async fn until_handled(admin: &AdminClient, manager: &Manager) -> String {
    let mut text = metrics(admin).await;
    for _ in 0..60 {
        let is_handled = total(&text, "handsetd_ami_events_total") >= manager.sent()
            && judged(&text) >= manager.pauses();
        if is_handled {
            break;
        }
        sleep(Duration::from_millis(500)).await;
        text = metrics(admin).await;
    }
    text
}

/// Returns how many events the rule has judged, whatever came of it.
fn judged(metrics: &str) -> u64 {
    ["fired", "limited", "failed", "unmet", "skipped", "echoed"]
        .iter()
        .map(|what| total(metrics, &format!("handsetd_rules_{what}_total")))
        .sum()
}

/// Returns how many descriptors stay open; what is closing may take a moment.
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

/// A rule with a limit, whose deliveries are few beside the calls.
const RULE: &str = r#"
[[rule]]
name = "paused note"
on = "QueueMemberPause"
when = "event.Paused == '1' and event.Queue == 'support'"
limit = { every = "20s", per = "{{ event.Interface }}" }
do = [ { verb = "push", phone = "{{ event.Interface }}", title = "Queue", text = "Paused: {{ event.PausedReason }}" } ]
"#;

/// Phones that only measurements are for.
const SPARE: usize = 64;

/// How often each is measured at a time.
const PINGS: usize = 50;
const PUSHES: usize = 20;

/// How many times that, while nothing else goes on.
const QUIET: usize = 4;
