//! Several daemons with the same rules and at the same Asterisk: what happens, happens once.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::time::{Duration, Instant};

use handset_ami::{Action, Client, Config};
use handset_net::tasks::Tasks;
use handset_simulator::Vendor;
use tokio::time::sleep;

use super::support::asterisk::{Asterisk, Options, Version};
use super::support::cluster_health::{cluster, leader, until_state};
use super::support::daemon::Daemon;
use super::support::faketime::faketime;
use super::support::nats::{nats, section};
use super::support::sim_phone::{self, SimPhone};
use super::support::stub_web_server::StubWebServer;
use super::support::{on_both_versions, soon};

on_both_versions! {
    each_event_fires_once_and_another_daemon_takes_over
}

async fn each_event_fires_once_and_another_daemon_takes_over(version: Version) {
    let Some(asterisk) = Asterisk::start(version, &Options::registrar(&[])).await else {
        return;
    };
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let operator = Operator::of(&asterisk);
    let web = StubWebServer::serving("text/plain", "").await;
    let phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let config = |name: &str| {
        let phone = phone.entry("desk");
        section(&nats, name) + &server(&asterisk) + &rules(&web, name) + &phone
    };
    // The clock of one is ten seconds ahead.
    let skew: Vec<(&str, &OsStr)> = match faketime() {
        Some(library) => vec![
            ("LD_PRELOAD", OsStr::new(library)),
            ("FAKETIME", OsStr::new("+10s")),
            ("FAKETIME_DONT_FAKE_MONOTONIC", OsStr::new("1")),
        ],
        None => Vec::new(),
    };
    let mut daemons = vec![
        Daemon::start(&config("site-a")).await,
        Daemon::start_with_environment(&config("site-b"), &skew).await,
    ];
    let leading = leader(&[&daemons[0], &daemons[1]], "pbx").await;
    operator.raise(0..20).await;
    operator.push("one push").await;
    let fired = web.paths_from("/door/", 20).await;
    assert_once(&fired, 0..20, &format!("/site-{}", ["a", "b"][leading]));
    phone.shows_text("one push").await;

    let mut leader_before = daemons.remove(leading);
    let other = daemons.remove(0);
    leader_before.kill().await;
    let killed = Instant::now();
    other.line("This daemon has taken over the events").await;
    let elapsed = killed.elapsed();
    assert!(elapsed < Duration::from_secs(15), "{elapsed:?}");
    let gap = web.paths_from("/gap/", 1).await;
    let mut parts = gap[0].split('/').skip(2);
    assert_eq!(parts.next(), Some("pbx"));
    let seconds: f64 = parts.next().unwrap().parse().unwrap();
    // Since the last renewal of the other.
    assert!(6.0 < seconds && seconds < 16.0, "{seconds}");
    operator.raise(20..30).await;
    assert_once(&web.paths_from("/door/", 30).await[20..], 20..30, "");

    // Who returns does not take it back.
    let returned = leader_before.crash_and_start().await;
    until_state(&returned, "joined").await;
    returned.line("Another daemon acts on the events").await;
    assert_eq!(leader(&[&returned, &other], "pbx").await, 1);
    operator.raise(30..35).await;
    operator.push("another push").await;
    phone.shows_text("another push").await;
    let fired = web.paths_from("/door/", 35).await;
    // What is fired twice would have come by now.
    sleep(SETTLE).await;
    assert_once(&fired[30..], 30..35, "");
    assert_eq!(web.paths_from("/", 0).await.len(), 36);
    let pushes = phone.received().len();
    assert_eq!(pushes, 2, "{:#?}", phone.received());
}

#[tokio::test]
async fn schedule_fires_once_in_three_daemons() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let web = StubWebServer::serving("text/plain", "").await;
    let config = |name: &str| {
        let url = web.url(&format!("/due/{{{{ event.Due }}}}/{name}"));
        format!(
            "{}[[rule]]\nname = 'often'\nschedule = '* * * * * *'\ntimezone = 'UTC'\nmode = 'parallel'\n\
             do = [ {{ webhook = '{url}' }} ]\n",
            section(&nats, name)
        )
    };
    let configs = ["site-a", "site-b", "site-c"].map(config);
    let [a, b, c] = &configs;
    let (_a, _b, _c) = tokio::join!(Daemon::start(a), Daemon::start(b), Daemon::start(c));
    let fired = web.paths_from("/due/", 6).await;
    sleep(SETTLE).await;
    let due = fired.iter().map(|path| path.split('/').nth(2).unwrap());
    let distinct: BTreeSet<&str> = due.collect();
    assert_eq!(distinct.len(), fired.len(), "{fired:?}");
}

#[tokio::test]
async fn servers_that_share_a_name_by_mistake_are_told_of_and_led_apart() {
    let options = Options::registrar(&[]);
    let Some(first) = Asterisk::start(Version::V16, &options).await else {
        return;
    };
    let Some(second) = Asterisk::start(Version::V22, &options).await else {
        return;
    };
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let web = StubWebServer::serving("text/plain", "").await;
    let config = |name: &str, asterisk: &Asterisk| {
        section(&nats, name) + &server(asterisk) + &rules(&web, name)
    };
    let a = Daemon::start(&config("site-a", &first)).await;
    let b = Daemon::start(&config("site-b", &second)).await;
    for daemon in [&a, &b] {
        let warning = daemon.line("another Asterisk of the same name").await;
        assert!(warning.contains("started 20"), "{warning}");
        assert_eq!(leader(&[daemon], "pbx").await, 0);
    }
    Operator::of(&first).raise(0..3).await;
    Operator::of(&second).raise(3..6).await;
    let mut fired = web.paths_from("/door/", 6).await;
    fired.sort();
    assert_once(&fired[..3], 0..3, "/site-a");
    assert_once(&fired[3..], 3..6, "/site-b");
    assert_eq!(a.count("another Asterisk of the same name"), 1);
}

#[tokio::test]
async fn name_of_a_daemon_that_lives_is_refused() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let first = Daemon::start(&section(&nats, "site-a")).await;
    let refusal = Daemon::refusal(&section(&nats, "site-a")).await;
    assert!(
        refusal.contains("the name site-a is taken by another daemon that lives"),
        "{refusal}"
    );
    assert!(
        refusal.contains("set [cluster] name to another one"),
        "{refusal}"
    );
    // The same daemon has its name back at once.
    let first = first.crash_and_start().await;
    assert_eq!(cluster(&first).await["state"], "joined");
    assert_eq!(cluster(&first).await["daemons"][0]["name"], "site-a");
}

/// Returns the `[[asterisk]]` section of a daemon.
fn server(asterisk: &Asterisk) -> String {
    format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{}'\nusername = 'handsetd'\nsecret = 'hush'\n",
        asterisk.manager()
    )
}

/// Returns rules that tell `web` which daemon acts on which event.
fn rules(web: &StubWebServer, daemon: &str) -> String {
    let door = web.url(&format!("/door/{{{{ event.Number }}}}/{daemon}"));
    let gap = web.url(&format!(
        "/gap/{{{{ event.Server }}}}/{{{{ event.Seconds }}}}/{daemon}"
    ));
    format!(
        "[[rule]]\nname = 'door'\non = 'UserEvent.Door'\nmode = 'parallel'\ndo = [ {{ webhook = '{door}' }} ]\n\
         [[rule]]\nname = 'gap'\non = 'handsetd.gap'\ndo = [ {{ webhook = '{gap}' }} ]\n"
    )
}

/// Asserts that each event has fired once, by one daemon.
fn assert_once(fired: &[String], numbers: std::ops::Range<usize>, daemon: &str) {
    let mut expected: Vec<usize> = numbers.collect();
    let mut found: Vec<usize> = fired
        .iter()
        .map(|path| path.split('/').nth(2).unwrap().parse().unwrap())
        .collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{fired:?}");
    assert!(fired.iter().all(|path| path.ends_with(daemon)), "{fired:?}");
}

/// An account that raises events.
struct Operator {
    client: Client,
    tasks: Tasks,
}

impl Operator {
    fn of(asterisk: &Asterisk) -> Self {
        let address = asterisk.manager().to_string().parse().unwrap();
        let config = Config::new("pbx", address, "operator", "hush".into());
        let (client, driver) = Client::new(&config).unwrap();
        let tasks = Tasks::new();
        tasks.spawn("ami", driver.run_until(tasks.stop()));
        Self { client, tasks }
    }

    /// Raises `UserEvent.Door` with each of the numbers.
    async fn raise(&self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            let number = number.to_string();
            self.send(&[("UserEvent", "Door"), ("Number", &number)])
                .await;
        }
    }

    /// Requests a push by a user event.
    async fn push(&self, text: &str) {
        let keys = [
            ("UserEvent", "Handset"),
            ("Verb", "push"),
            ("Phone", "desk"),
            ("Text", text),
        ];
        self.send(&keys).await;
    }

    async fn send(&self, headers: &[(&str, &str)]) {
        let action = headers
            .iter()
            .fold(Action::builder("UserEvent"), |action, (name, value)| {
                action.with(name, *value)
            });
        let sent = self.client.send(action.build().unwrap());
        let response = soon("the response to UserEvent", sent).await.unwrap();
        assert!(response.is_success(), "{response:?}");
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.tasks.stop().cancel();
    }
}

/// How long it may take until something that should not happen has happened.
const SETTLE: Duration = Duration::from_secs(1);
