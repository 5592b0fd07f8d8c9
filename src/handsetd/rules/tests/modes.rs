//! Modes: what happens to a run while another one is active.

use super::*;
use crate::rules::concurrency::MAX_WAITING;

fn mode(mode: &str) -> Engine {
    engine(&format!(
        "[[rule]]\nname = \"a\"\non = \"X\"\nmode = \"{mode}\"\n\
         limit = {{ every = \"1ms\", per = \"{{{{ event.Key }}}}\" }}\n\
         do = [{{ verb = \"clear\", phone = \"{{{{ event.Key }}}}\" }}]"
    ))
}

#[test]
fn mode_decides_about_runs_with_the_same_key() {
    let (one, two) = (fact("Event: X\nKey: 1"), fact("Event: X\nKey: 2"));
    let start = Instant::now();
    let at = |second: u32| start + SECOND * second;
    let check = |word: &str, expected: [&str; 5]| {
        let mut engine = mode(word);
        let decisions = [
            shown(&engine.decide(&one, at(0))),
            shown(&engine.decide(&two, at(1))),
            shown(&engine.decide(&one, at(2))),
            shown(&engine.finished(RunId(1), at(3))),
            shown(&engine.decide(&one, at(4))),
        ];
        assert_eq!(
            decisions.each_ref().map(|text| text.trim_end()),
            expected,
            "{word}"
        );
        engine
    };
    let (first, second) = ("1 clear phone=1", "2 clear phone=2");
    check("single", [first, second, "", "", "3 clear phone=1"]);
    check(
        "parallel",
        [first, second, "3 clear phone=1", "", "4 clear phone=1"],
    );
    check(
        "restart",
        [
            first,
            second,
            "cancel 1\n3 clear phone=1",
            "",
            "cancel 3\n4 clear phone=1",
        ],
    );
    let mut queued = check("queued", [first, second, "", "3 clear phone=1", ""]);
    assert_eq!(
        shown(&queued.finished(RunId(3), at(5))),
        "4 clear phone=1\n"
    );
    assert_eq!(shown(&queued.finished(RunId(3), at(5))), "");
    let traces: Vec<String> = queued.traces("a").map(ToString::to_string).collect();
    assert_eq!(traces[2], "fires for \"1\" later: queued at position 1");
    let mut single = mode("single");
    single.decide(&one, at(0));
    let (_, traces) = single.explain(&one, at(1));
    assert_eq!(
        traces[0].to_string(),
        "does not fire for \"1\": the previous run is still active"
    );
    assert_eq!(single.counters("a").unwrap().skipped, 1);
}

#[test]
fn queues_are_bounded() {
    let mut engine = mode("queued");
    let fact = fact("Event: X\nKey: 1");
    let mut now = Instant::now();
    for _ in 0..MAX_WAITING + 3 {
        engine.decide(&fact, now);
        now += SECOND;
    }
    let counters = engine.counters("a").unwrap();
    assert_eq!(counters.fired, MAX_WAITING as u64 + 1);
    assert_eq!(counters.skipped, 2);
    assert!(
        engine
            .traces("a")
            .last()
            .unwrap()
            .to_string()
            .contains("16 runs are already queued")
    );
}
