//! Echoes: a rule that causes the event that it waits for.

use super::*;

#[test]
fn a_rule_does_not_hear_itself() {
    let mut engine = engine(DND);
    let now = Instant::now();
    let told = |phone: &str| Fact::of_phone("dnd_on", phone, []);
    assert_eq!(
        shown(&engine.decide(&told("1001"), now)),
        "1 dnd phone=1001&PJSIP/1002 state=on\n"
    );
    engine.finished(RunId(1), now);
    for (phone, after) in [("1001", 1), ("1002", 2), ("1002", 9)] {
        let (decisions, traces) = engine.explain(&told(phone), now + SECOND * after);
        assert!(decisions.is_empty(), "{phone}");
        let left = 10 - after;
        let text = traces[0].to_string();
        assert!(
            text.starts_with("does not fire: it did dnd to 1001 itself") || phone == "1002",
            "{text}"
        );
        assert!(text.contains(&format!("({left}s left)")), "{text}");
    }
    assert_eq!(engine.counters("both desks").unwrap().echoed, 3);
    assert_eq!(engine.decide(&told("1001"), now + SECOND * 10).len(), 1);
}

#[test]
fn a_pair_of_phones_does_not_play_ball() {
    let text = r#"
        [[rule]]
        name = "twin"
        on = "phone.dnd_on"
        do = [{ verb = "dnd", phone = "{{ '1002' if event.phone == '1001' else '1001' }}", state = "on" }]
    "#;
    let mut engine = engine(text);
    let now = Instant::now();
    let told = |phone: &str| Fact::of_phone("dnd_on", phone, []);
    assert_eq!(engine.decide(&told("1001"), now).len(), 1);
    engine.finished(RunId(1), now);
    assert_eq!(engine.decide(&told("1002"), now + SECOND).len(), 0);
    assert_eq!(engine.decide(&told("1001"), now + SECOND * 2).len(), 0);
}

#[test]
fn a_slow_run_is_still_heard_of_after_its_end() {
    let mut engine = engine(DND);
    let now = Instant::now();
    let told = Fact::of_phone("dnd_on", "1001", []);
    engine.decide(&told, now);
    engine.finished(RunId(1), now + SECOND * 30);
    assert_eq!(engine.decide(&told, now + SECOND * 39).len(), 0);
    assert_eq!(engine.decide(&told, now + SECOND * 40).len(), 1);
}

#[test]
fn an_echo_may_come_before_the_run_is_over() {
    let mut engine = engine(DND);
    let now = Instant::now();
    let told = Fact::of_phone("dnd_on", "1001", []);
    engine.decide(&told, now);
    let (_, traces) = engine.explain(&told, now + SECOND);
    assert_eq!(traces[0].verdict.name(), "echo");
    assert_eq!(shown(&engine.finished(RunId(1), now + SECOND)), "");
}

#[test]
fn what_no_event_follows_is_not_held_back() {
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
