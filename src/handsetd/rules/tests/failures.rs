//! The event of a rule that has failed.

use super::*;

/// Decides on an event and on the failures that it raises; returns the values of these.
fn failures(engine: &mut Engine, event: &Fact, now: Instant) -> Vec<String> {
    engine.decide(event, now);
    let mut raised = Vec::new();
    while let Some(failure) = engine.take_failure() {
        let value = |name| failure.value(name).unwrap().to_owned();
        raised.push(format!(
            "{} on {}: {}",
            value("Rule"),
            value("On"),
            value("Reason")
        ));
        engine.decide(&failure, now);
        assert!(raised.len() < 1000, "it never ends");
    }
    raised
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
fn failed_rule_raises_an_event_once_a_minute() {
    let mut engine = engine(BROKEN);
    let mut now = Instant::now();
    let expected = ["broken on X: the event has no A"];
    assert_eq!(failures(&mut engine, &fact("Event: X"), now), expected);
    assert_eq!(engine.counters("handler").unwrap().fired, 1);
    now += SECOND * 59;
    assert!(failures(&mut engine, &fact("Event: X"), now).is_empty());
    now += SECOND;
    assert!(failures(&mut engine, &fact("Event: X\nA: 0"), now).is_empty());
    assert_eq!(failures(&mut engine, &fact("Event: X"), now), expected);
    assert_eq!(engine.counters("broken").unwrap().failed, 3);
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
    assert!(
        !raised.iter().any(|raised| raised.starts_with("7 ")),
        "{raised:?}"
    );
}
