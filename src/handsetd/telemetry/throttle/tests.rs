use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

use super::counts::{MAX_SOURCES, MINUTE};
use super::*;

/// Counts the lines that the layers before it let pass, and keeps their texts.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Written {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = String::new();
        event.record(
            &mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
                // Writing to a string does not fail.
                let _ = std::fmt::Write::write_fmt(
                    &mut text,
                    format_args!("{}={value:?} ", field.name()),
                );
            },
        );
        self.0.lock().push(text);
    }
}

/// Runs `act` with a throttle, and returns the lines that were written.
fn written(throttle: &Throttle, act: impl FnOnce()) -> Vec<String> {
    let written = Written::default();
    let subscriber = registry().with(written.clone()).with(throttle.clone());
    with_default(subscriber, act);
    let lines = written.0.lock();
    lines.clone()
}

fn peer(last: u8) -> std::net::SocketAddr {
    (Ipv4Addr::new(192, 0, 2, last), 5060).into()
}

fn peer_line(last: u8) {
    warn_of(peer(last));
}

fn warn_of(peer: std::net::SocketAddr) {
    warn!(%peer, "A peer did something.");
}

#[tokio::test(start_paused = true)]
async fn flood_of_one_peer_is_written_as_its_first_lines_and_a_count() {
    let throttle = Throttle::default();
    let lines = written(&throttle, || (0..81_552).for_each(|_| peer_line(9)));
    assert_eq!(lines.len(), 20);
    // Another port is the same peer, and the lines of other peers are not affected.
    let lines = written(&throttle, || {
        warn_of((Ipv4Addr::new(192, 0, 2, 9), 5061).into());
        (11..=28).for_each(peer_line);
    });
    assert_eq!(lines.len(), 18);
    tokio::time::advance(MINUTE).await;
    let ended = || {
        let left_out = throttle.0.lock().take_ended(Instant::now());
        left_out.iter().for_each(write);
    };
    let lines = written(&throttle, ended);
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].contains("81,533 more like this in the last minute: A peer did something.")
            && lines[0].contains("192.0.2.9"),
        "{lines:?}"
    );
    assert!(written(&throttle, ended).is_empty());
    // A new minute begins.
    let lines = written(&throttle, || (0..50).for_each(|_| peer_line(9)));
    assert_eq!(lines.len(), 20);
    let lines = written(&throttle, || throttle.flush());
    assert!(lines[0].contains("30 more like this"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn flood_of_many_peers_is_bounded_in_total_and_in_memory() {
    let throttle = Throttle::default();
    let lines = written(&throttle, || {
        for peer in 0..20_000 {
            warn_of((Ipv4Addr::from_bits(peer), 1).into());
        }
    });
    assert_eq!(lines.len(), 200);
    assert!(throttle.0.lock().sources() <= MAX_SOURCES);
    let lines = written(&throttle, || throttle.flush());
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].contains("19,800 more") && lines[0].contains("several"),
        "{lines:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn lines_without_a_peer_and_of_other_crates_are_limited_too() {
    let throttle = Throttle::default();
    let lines = written(&throttle, || {
        for _ in 0..5000 {
            warn!("nameless");
            info!(target: "hyper", "foreign");
            debug!("a closer look");
        }
    });
    let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(
        ["nameless", "foreign", "a closer look"].map(count),
        [20, 20, 1000]
    );
}

/// The modules without a limit exist, and none of their lines names a peer.
#[test]
fn unlimited_modules_do_not_log_what_peers_do() {
    for module in limits::OPERATOR.iter().chain(limits::DELIVERIES) {
        let path = module
            .replace("handsetd::", "src/handsetd/")
            .replace("::", "/");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("{path}.rs"));
        let source = fs::read_to_string(&file).unwrap();
        assert!(
            !source.contains("%peer") && !source.contains("peer ="),
            "{module} is not limited, so a peer could flood the log"
        );
    }
}

#[test]
fn numbers_are_grouped() {
    for (number, text) in [
        (0, "0"),
        (999, "999"),
        (1000, "1,000"),
        (81_532, "81,532"),
        (1_234_567, "1,234,567"),
    ] {
        assert_eq!(grouped(number), text);
    }
}
