//! The loop guard: rules that cause the events that they handle.

use std::sync::Arc;

use handset_phones::phone::ServerName;

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
fn phone_that_is_named_by_its_channel_is_guarded() {
    let text = r#"
        [[rule]]
        name = "called"
        on = ["DialBegin", "phone.dnd_on"]
        do = [{ verb = "dnd", phone = "{{ event.DestChannel|default(event.phone) }}", state = "on" }]
    "#;
    let mut engine = engine(text);
    let now = Instant::now();
    let dial = fact("Event: DialBegin\nDestChannel: PJSIP/1002-0000001a");
    assert_eq!(
        shown(&engine.decide(&dial, now)),
        "1 dnd phone=PJSIP/1002-0000001a state=on\n"
    );
    engine.finished(RunId(1), now);
    let dnd_on = |phone: &str| Fact::of_phone("dnd_on", phone, []);
    assert_eq!(engine.decide(&dnd_on("1002"), now + SECOND).len(), 0);
    assert_eq!(engine.decide(&dnd_on("1003"), now + SECOND).len(), 1);
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

const LOST: &str = r#"
    [[rule]]
    name = "again"
    on = "handsetd.expired"
    do = [{ verb = "clear", phone = "{{ event.Phone }}", keep = "1s" }]
    [[rule]]
    name = "tell"
    on = "handsetd.expired"
    do = [{ verb = "clear", phone = "boss", keep = "1s" }]
"#;

/// Returns the event of a delivery that these rules led to.
fn expired(causes: &[&str]) -> Fact {
    let values = [("Phone".to_owned(), "1001".to_owned())];
    Fact::new("handsetd.expired", values).caused_by(causes.iter().copied().collect())
}

#[test]
fn rules_ignore_what_their_runs_led_to() {
    let mut engine = engine(LOST);
    let now = Instant::now();
    let mut names = |causes: &[&str]| {
        let (decisions, traces) = engine.explain(&expired(causes), now);
        let starts = decisions.iter().filter_map(|decision| match decision {
            Decision::Start(run) => Some((run.rule.to_string(), run.id)),
            Decision::Cancel(_) => None,
        });
        let starts: Vec<_> = starts.collect();
        for (_, id) in &starts {
            engine.finished(*id, now);
        }
        let names: Vec<String> = starts.into_iter().map(|(name, _)| name).collect();
        (names.join(" "), traces[0].to_string())
    };
    assert_eq!(names(&[]).0, "again tell");
    let (fired, why) = names(&["again"]);
    assert_eq!(fired, "tell");
    let expected = "does not fire: runs of these rules led to the event: again";
    assert_eq!(why, expected);
    // Through another rule as well.
    let (fired, why) = names(&["again", "tell"]);
    assert_eq!((fired.as_str(), why), ("", format!("{expected}, tell")));
    // A chain ends even if each rule in it is another one.
    let many: Vec<String> = (0..16).map(|number| format!("rule {number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(names(&many[..15]).0, "again tell");
    assert_eq!(names(&many).0, "");
    assert_eq!(engine.counters("again").unwrap().echoed, 3);
}

#[test]
fn runs_pass_on_what_led_to_them() {
    let mut engine = engine(LOST);
    let decisions = engine.decide(&expired(&["other", "again"]), Instant::now());
    let [Decision::Start(run)] = &decisions[..] else {
        panic!("{decisions:?}");
    };
    assert_eq!(run.causes.to_string(), "other, again");
}

/// Berlin and Munich have 1001 each.
#[derive(Debug)]
struct TwoServers;

impl Phones for TwoServers {
    fn describe(&self, name: &str, home: Option<&ServerName>) -> Option<PhoneDescription> {
        let named = name.split_once('/').and_then(|(name, _)| name.parse().ok());
        Some(PhoneDescription {
            name: name.to_owned(),
            server: named.or_else(|| home.cloned()),
            ..PhoneDescription::default()
        })
    }

    fn have_several_servers(&self) -> bool {
        true
    }
}

#[test]
fn phones_of_two_servers_with_the_same_number_are_apart() {
    let text = r#"
        [[rule]]
        name = "again"
        on = "phone.dnd_on"
        mode = "parallel"
        do = [{ verb = "dnd", state = "on" }]
        [[rule]]
        name = "berlin only"
        on = "phone.dnd_off"
        mode = "parallel"
        do = [{ verb = "dnd", phone = "berlin/1001", state = "off" }]
    "#;
    let mut engine = engine(text).with_phones(Arc::new(TwoServers));
    let consequences = engine.consequences();
    let now = Instant::now();
    let event = |server: &str, event: &str, phone: &str| {
        Fact::of_phone(event, phone, []).of_server(server.parse().ok())
    };
    let mut fires = |fact: &Fact, seconds: u32| {
        let now = now + SECOND * seconds;
        let decisions = engine.decide(fact, now);
        for decision in &decisions {
            let Decision::Start(run) = decision else {
                panic!("{decision:?}");
            };
            let causes = run.causes.with(&run.rule);
            for step in run.steps.iter() {
                consequences.expect(&step.action, run.server.as_ref(), &causes, now);
            }
            engine.finished(run.id, now);
        }
        !decisions.is_empty()
    };
    assert!(fires(&event("berlin", "dnd_on", "berlin/1001"), 0));
    assert!(fires(&event("munich", "dnd_on", "munich/1001"), 1));
    // However the phone is named, its own action is recognized.
    for (server, phone) in [
        ("berlin", "berlin/1001"),
        ("berlin", "1001"),
        ("munich", "PJSIP/1001"),
        ("munich", "munich/PJSIP/1001"),
        ("", "1001"),
    ] {
        assert!(
            !fires(&event(server, "dnd_on", phone), 2),
            "{server} {phone}"
        );
    }
    // The rule that names Berlin's phone ignores what Berlin's phone reports then; that of Munich would set
    // Berlin's again.
    assert!(fires(&event("berlin", "dnd_off", "berlin/1001"), 3));
    assert!(!fires(&event("berlin", "dnd_off", "1001"), 4));
    assert!(!fires(&event("munich", "dnd_off", "1001"), 4));
}
