//! The event of a rule that has failed.

use super::*;
use crate::rules::concurrency::MAX_WAITING;
use crate::rules::{Failure, StepFailure};

/// Decides on an event and on the failures that it raises; returns these.
fn failures(engine: &mut Engine, event: &Fact, now: Instant) -> Vec<String> {
    engine.decide(event, now);
    reports(engine, now)
}

/// Decides on the failures that wait; returns them.
fn reports(engine: &mut Engine, now: Instant) -> Vec<String> {
    let mut reports = Vec::new();
    while let Some(failure) = engine.take_failure() {
        let Failure {
            rule, on, reason, ..
        } = &failure;
        let unreported = match failure.unreported {
            0 => String::new(),
            count => format!(" (after {count} more)"),
        };
        let silent = if failure.event.is_some() {
            ""
        } else {
            " (no event)"
        };
        reports.push(format!("{rule} on {on}: {reason}{unreported}{silent}"));
        if let Some(event) = &failure.event {
            assert_eq!(event.name(), "handsetd.rule_failed");
            assert_eq!(event.value("Rule"), Some(&**rule));
            assert_eq!(event.value("On"), Some(on.as_str()));
            assert_eq!(event.value("Reason"), Some(reason.as_str()));
            engine.decide(event, now);
        }
        assert!(reports.len() < 1000, "it never ends");
    }
    reports
}

const BROKEN: &str = r#"
    [[rule]]
    name = "broken"
    on = "X"
    when = "event.A == '1'"
    do = [{ verb = "ping" }]
    [[rule]]
    name = "handler"
    on = "handsetd.rule_failed"
    do = [{ verb = "push", phone = "1001", text = "{{ event.Rule }}: {{ event.Reason }}" }]
"#;

#[test]
fn failed_rule_is_reported_once_a_minute_with_a_count() {
    let mut engine = engine(BROKEN);
    let mut now = Instant::now();
    let expected = ["broken on X: the event has no A"];
    assert_eq!(failures(&mut engine, &fact("Event: X"), now), expected);
    assert_eq!(engine.counters("handler").unwrap().fired, 1);
    for _ in 0..59 {
        now += SECOND;
        assert!(failures(&mut engine, &fact("Event: X"), now).is_empty());
    }
    now += SECOND;
    assert!(failures(&mut engine, &fact("Event: X\nA: 0"), now).is_empty());
    let after = ["broken on X: the event has no A (after 59 more)"];
    assert_eq!(failures(&mut engine, &fact("Event: X"), now), after);
    now += SECOND * 60;
    assert_eq!(failures(&mut engine, &fact("Event: X"), now), expected);
    assert_eq!(engine.counters("broken").unwrap().failed, 62);
    assert_eq!(engine.counters("handler").unwrap().fired, 3);
}

#[test]
fn overload_is_reported_once_a_minute_and_raises_no_event() {
    let mut engine = engine(
        r#"
            [[rule]]
            name = "slow"
            on = "X"
            do = [{ wait = "1h" }]
            [[rule]]
            name = "single"
            on = "X"
            mode = "single"
            do = [{ wait = "1h" }]
        "#,
    );
    let mut now = Instant::now();
    // One runs, and the others wait.
    for _ in 0..=MAX_WAITING {
        assert!(failures(&mut engine, &fact("Event: X"), now).is_empty());
    }
    let expected = "slow on X: 16 runs are already queued";
    assert_eq!(
        failures(&mut engine, &fact("Event: X"), now),
        [format!("{expected} (no event)")]
    );
    for _ in 0..59 {
        now += SECOND;
        assert!(failures(&mut engine, &fact("Event: X"), now).is_empty());
    }
    now += SECOND;
    assert_eq!(
        failures(&mut engine, &fact("Event: X"), now),
        [format!("{expected} (after 59 more) (no event)")]
    );
    assert_eq!(engine.counters("slow").unwrap().skipped, 61);
    assert_eq!(engine.counters("slow").unwrap().failed, 0);
}

#[test]
fn step_that_cannot_be_filled_in_is_a_failure_of_its_rule() {
    let mut engine = engine(BROKEN);
    let now = Instant::now();
    let failure = |rule: &str, causes: &[&str]| StepFailure {
        rule: rule.into(),
        event: "X".into(),
        causes: causes.iter().copied().collect(),
        reason: "step 2: the event has no A".to_owned(),
    };
    engine.step_failed(failure("gone", &[]), now);
    assert!(reports(&mut engine, now).is_empty());
    engine.step_failed(failure("broken", &[]), now);
    engine.step_failed(failure("broken", &[]), now);
    assert_eq!(
        reports(&mut engine, now),
        ["broken on X: step 2: the event has no A"]
    );
    assert_eq!(engine.counters("broken").unwrap().failed, 2);
    assert_eq!(engine.counters("handler").unwrap().fired, 1);
    // It is logged, but the rule led to it itself.
    let later = now + SECOND * 60;
    engine.step_failed(failure("broken", &["broken"]), later);
    assert_eq!(
        reports(&mut engine, later),
        ["broken on X: step 2: the event has no A (after 1 more) (no event)"]
    );
}

#[test]
fn rules_that_fail_on_failures_come_to_an_end() {
    let mut text = String::new();
    for name in 0..40 {
        writeln!(
            text,
            "[[rule]]\nname = \"{name}\"\non = [\"X\", \"handsetd.*\"]\nwhen = \"event.A == '1'\"\n\
             do = [{{ verb = \"ping\" }}]"
        )
        .unwrap();
    }
    let mut engine = engine(&text);
    let now = Instant::now();
    let raised = failures(&mut engine, &fact("Event: X"), now);
    assert_eq!(raised.len(), 40);
    assert!(
        raised.iter().all(|raised| raised.contains(" on X: ")),
        "{raised:?}"
    );
    // Each has failed on X and on the failures of all, its own included.
    assert_eq!(engine.counters("7").unwrap().failed, 41);
    // A failure of the handler itself is not raised to it again.
    let later = now + SECOND * 60;
    let own = Fact::new("handsetd.rule_failed", []).caused_by(["7"].into_iter().collect());
    let raised = failures(&mut engine, &own, later);
    let of_7: Vec<_> = raised
        .iter()
        .filter(|raised| raised.starts_with("7 "))
        .collect();
    assert_eq!(
        of_7,
        ["7 on handsetd.rule_failed: the event has no A (after 40 more) (no event)"]
    );
}
