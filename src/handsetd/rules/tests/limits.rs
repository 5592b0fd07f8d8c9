//! Rate limits and bounds of memory.

use handset_net::expiring::ExpiringMap;

use super::*;
use crate::rules::concurrency::MAX_RUNNING;
use crate::rules::loop_guard::MAX_ACTIONS;
use crate::rules::rule::{MAX_LIMITS, MAX_TRACES};

#[test]
fn limits_end_after_their_time() {
    let mut engine = engine(PAUSED);
    let now = Instant::now();
    let fact = fact(&paused("PJSIP/1001", ""));
    assert_eq!(engine.decide(&fact, now).len(), 1);
    assert_eq!(engine.decide(&fact, now + SECOND * 9).len(), 0);
    engine.finished(RunId(1), now);
    assert_eq!(engine.decide(&fact, now + SECOND * 10).len(), 1);
    let counters = engine.counters("desk").unwrap();
    assert_eq!((counters.fired, counters.limited), (2, 1));
}

#[test]
fn failures_do_not_count_against_the_limit() {
    let broken = paused("PJSIP/1001", "").replace("Reason: tea\n", "");
    check(
        PAUSED,
        &[
            (
                &broken,
                "does not fire: the event has no Reason; event.Paused is \"1\", event.Queue is \"sales\"",
            ),
            (
                &paused("PJSIP/1001", ""),
                "1 push phone=PJSIP/1001 text=tea title=Break",
            ),
        ],
    );
}

#[test]
fn memory_is_bounded_for_any_number_of_keys() {
    for word in ["single", "parallel", "queued", "restart"] {
        let mut engine = engine(&format!(
            "[[rule]]\nname = \"a\"\non = \"X\"\nmode = \"{word}\"\n\
             limit = {{ every = \"1h\", per = \"{{{{ event.Key }}}}\" }}\n\
             do = [{{ verb = \"dial\", number = \"1\", phone = \"{{{{ event.Key }}}}\" }}]"
        ));
        let now = Instant::now();
        let finishes = word != "parallel";
        for key in 0..30_000 {
            let fact = Fact::new("X", [("Key".to_owned(), key.to_string())]);
            for decision in engine.decide(&fact, now) {
                if let (Decision::Start(run), true) = (decision, finishes) {
                    engine.finished(run.id, now);
                }
            }
        }
        let most = MAX_LIMITS + 2 * MAX_RUNNING + MAX_ACTIONS + MAX_TRACES;
        assert!(engine.entries() <= most, "{word}: {}", engine.entries());
        assert_eq!(engine.traces("a").count(), MAX_TRACES);
    }
}

#[test]
fn a_million_keys_do_not_exceed_the_capacity() {
    let mut map = ExpiringMap::new(MAX_LIMITS);
    let now = Instant::now();
    for key in 0..1_000_000_u32 {
        map.insert(key, (), SECOND * 3600, now);
    }
    assert_eq!(map.len(), MAX_LIMITS);
}
