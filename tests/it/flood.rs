//! A flood of events, as a busy Asterisk sends them after a reload: all reach the rules.

use std::fmt::Write as _;

use handset_net::tasks::Tasks;
use tokio::time::{Duration, Instant, sleep};

use super::support::admin_client::AdminClient;
use super::support::daemon::Daemon;
use super::support::load::figures::total;
use super::support::load::manager::Manager;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_of_200_000_events_at_once_is_lost_on_the_way_to_100_rules() {
    let tasks = Tasks::new();
    let manager = Manager::start(0, &tasks).await;
    let daemon = Daemon::start(&configuration(&manager)).await;
    let admin = AdminClient::new(daemon.admin());
    daemon.line("Loaded registrations.").await;

    for start in (0..FLOOD).step_by(MARKED) {
        let text: String = (start..start + MARKED).map(event).collect();
        manager.send(text.replace('\n', "\r\n"), MARKED, 1).await;
    }
    let metrics = until_evaluated(&admin, manager.pauses()).await;
    assert_eq!(
        total(&metrics, "handsetd_ami_events_total"),
        manager.sent(),
        "received"
    );
    assert_eq!(total(&metrics, "handsetd_ami_events_dropped_total"), 0);
    // Of the marked events, each second one meets the condition of the rule.
    let marked = (FLOOD / MARKED) as u64;
    assert_eq!(total(&metrics, "handsetd_rules_fired_total"), marked / 2);
    assert_eq!(total(&metrics, "handsetd_rules_unmet_total"), marked / 2);
    assert_eq!(total(&metrics, "handsetd_rules_failed_total"), 0);

    tasks.stop().cancel();
    daemon.terminate();
    assert!(daemon.end().await.success());
}

/// Waits until the rule has decided about `events` events; returns the metrics after that.
async fn until_evaluated(admin: &AdminClient, events: u64) -> String {
    let start = Instant::now();
    loop {
        let metrics = String::from_utf8(admin.get("/metrics").await.body).unwrap();
        let fired = total(&metrics, "handsetd_rules_fired_total");
        let evaluated = fired + total(&metrics, "handsetd_rules_unmet_total");
        if events <= evaluated {
            return metrics;
        }
        let lost = total(&metrics, "handsetd_ami_events_dropped_total");
        assert!(
            start.elapsed() < LONGEST,
            "{evaluated} of {events} evaluated, {lost} events lost"
        );
        sleep(Duration::from_millis(200)).await;
    }
}

fn event(number: usize) -> String {
    if number % MARKED == MARKED - 1 {
        let queue = ["support", "sales"][number / MARKED % 2];
        return format!(
            "Event: QueueMemberPause\nPrivilege: agent,all\nQueue: {queue}\nMemberName: Alice\n\
             Interface: PJSIP/1001\nPaused: 1\nNumber: {number}\n\n"
        );
    }
    format!(
        "Event: Newstate\nPrivilege: call,all\nChannel: PJSIP/1001-{number:08x}\nChannelState: 4\n\
         ChannelStateDesc: Ring\nCallerIDNum: 1001\nCallerIDName: Alice\n\
         ConnectedLineNum: <unknown>\nConnectedLineName: <unknown>\nLanguage: en\n\
         AccountCode: \nContext: phones\nExten: 1002\nPriority: 1\nUniqueid: 1.{number}\n\
         Linkedid: 1.{number}\n\n"
    )
}

/// A hundred rules, of which one handles the marked events.
fn configuration(manager: &Manager) -> String {
    let mut config = format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{}'\nusername = 'handsetd'\nsecret = 'hush'\n\
         [[rule]]\nname = 'marked'\non = 'QueueMemberPause'\nmode = 'parallel'\n\
         when = \"event.Queue == 'sales'\"\ndo = [{{ wait = '1ms' }}]\n",
        manager.address()
    );
    for number in 1..100 {
        write!(
            config,
            "[[rule]]\nname = 'other{number}'\non = 'Other{number}'\ndo = [{{ verb = 'ping' }}]\n"
        )
        .unwrap();
    }
    config
}

/// How many events are sent, as fast as they are read.
const FLOOD: usize = 200_000;

/// Each so many events, one is for a rule.
const MARKED: usize = 1000;

/// Far longer than it takes, even on a busy machine.
const LONGEST: Duration = Duration::from_mins(5);
