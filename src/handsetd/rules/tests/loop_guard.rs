//! The loop guard: rules that cause the events that they handle.

use super::*;

#[test]
fn rules_ignore_events_that_they_caused() {
    let mut engine = engine(DND);
    let now = Instant::now();
    let dnd_on = |phone: &str| Fact::of_phone("dnd_on", phone, []);
    assert_eq!(
        shown(&engine.decide(&dnd_on("1001"), now)),
        "1 dnd phone=1001&PJSIP/1002 state=on\n"
    );
    engine.finished(RunId(1), now);
    for (phone, after) in [("1001", 1), ("1002", 2), ("1002", 9)] {
        let (decisions, traces) = engine.explain(&dnd_on(phone), now + SECOND * after);
        assert!(decisions.is_empty(), "{phone}");
        let remaining = 10 - after;
        let text = traces[0].to_string();
        assert!(
            text.starts_with("does not fire: the event is the result of its own dnd on 1001")
                || phone == "1002",
            "{text}"
        );
        assert!(
            text.contains(&format!("(ignored for another {remaining}s)")),
            "{text}"
        );
    }
    assert_eq!(engine.counters("both desks").unwrap().echoed, 3);
    assert_eq!(engine.decide(&dnd_on("1001"), now + SECOND * 10).len(), 1);
}

#[test]
fn two_phones_do_not_trigger_each_other_in_a_loop() {
    let text = r#"
        [[rule]]
        name = "twin"
        on = "phone.dnd_on"
        do = [{ verb = "dnd", phone = "{{ '1002' if event.phone == '1001' else '1001' }}", state = "on" }]
    "#;
    let mut engine = engine(text);
    let now = Instant::now();
    let dnd_on = |phone: &str| Fact::of_phone("dnd_on", phone, []);
    assert_eq!(engine.decide(&dnd_on("1001"), now).len(), 1);
    engine.finished(RunId(1), now);
    assert_eq!(engine.decide(&dnd_on("1002"), now + SECOND).len(), 0);
    assert_eq!(engine.decide(&dnd_on("1001"), now + SECOND * 2).len(), 0);
}

#[test]
fn events_are_ignored_until_some_time_after_a_long_run() {
    let mut engine = engine(DND);
    let now = Instant::now();
    let dnd_on = Fact::of_phone("dnd_on", "1001", []);
    engine.decide(&dnd_on, now);
    engine.finished(RunId(1), now + SECOND * 30);
    assert_eq!(engine.decide(&dnd_on, now + SECOND * 39).len(), 0);
    assert_eq!(engine.decide(&dnd_on, now + SECOND * 40).len(), 1);
}

#[test]
fn events_caused_by_an_active_run_are_ignored() {
    let mut engine = engine(DND);
    let now = Instant::now();
    let dnd_on = Fact::of_phone("dnd_on", "1001", []);
    engine.decide(&dnd_on, now);
    let (_, traces) = engine.explain(&dnd_on, now + SECOND);
    assert_eq!(traces[0].verdict.name(), "echo");
    assert_eq!(shown(&engine.finished(RunId(1), now + SECOND)), "");
}

#[test]
fn verbs_that_cause_no_events_are_not_suppressed() {
    let text = r#"
        [[rule]]
        name = "a"
        on = "phone.incoming_call"
        do = [{ verb = "push", text = "hello" }, { verb = "answer" }]
    "#;
    let mut engine = engine(text);
    let now = Instant::now();
    for _ in 0..3 {
        let decisions = engine.decide(&Fact::of_phone("incoming_call", "1001", []), now);
        let [Decision::Start(run)] = decisions.as_slice() else {
            panic!("{decisions:?}");
        };
        engine.finished(run.id, now);
    }
}
