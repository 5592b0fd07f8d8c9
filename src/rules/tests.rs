use std::fmt::Write as _;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::config;
use super::lane::{MAX_RUNNING, MAX_WAITING};
use super::rule::{MAX_LIMITS, MAX_TRACES};
use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn rules(text: &str) -> Vec<config::Rule> {
    #[derive(serde::Deserialize)]
    struct Sections {
        rule: Vec<config::Rule>,
    }
    toml::from_str::<Sections>(text).unwrap().rule
}

fn engine(text: &str) -> Engine {
    Engine::new(&rules(text)).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// Reads `Name: value` lines.
fn fact(text: &str) -> Fact {
    let pairs = text.lines().filter_map(|line| {
        let (name, value) = line.trim_start().split_once(": ")?;
        Some((name.to_owned(), value.to_owned()))
    });
    Fact::of_headers(pairs).unwrap()
}

fn shown(decisions: &[Decision]) -> String {
    let mut text = String::new();
    for decision in decisions {
        match decision {
            Decision::Cancel(id) => writeln!(text, "cancel {id}").unwrap(),
            Decision::Start(run) => {
                for step in run.steps.iter() {
                    write!(text, "{} {}", run.id, step.request.verb).unwrap();
                    for (key, value) in &step.pairs {
                        write!(text, " {key}={value}").unwrap();
                    }
                    text.push('\n');
                }
            }
        }
    }
    text
}

/// Tells the rules one event after the other, a second apart, and compares what starts and why
/// not; every run is over at once.
fn check(text: &str, events: &[(&str, &str)]) {
    let mut engine = engine(text);
    let mut now = Instant::now();
    for (event, expected) in events {
        let told = |traces: &[std::sync::Arc<Trace>]| {
            let told = traces.iter().map(ToString::to_string);
            told.collect::<Vec<_>>().join("\n")
        };
        let rehearsed = told(&engine.rehearse(&fact(event), now));
        let (decisions, traces) = engine.explain(&fact(event), now);
        // A dry run says the same, and is not remembered: the next event would show it.
        assert_eq!(rehearsed, told(&traces), "{event}");
        let mut told = shown(&decisions);
        for trace in traces.iter().filter(|trace| trace.run().is_none()) {
            writeln!(told, "{trace}").unwrap();
        }
        assert_eq!(told.trim_end(), *expected, "{event}");
        for decision in decisions {
            if let Decision::Start(run) = decision {
                assert_eq!(shown(&engine.finished(run.id, now)), "");
            }
        }
        now += SECOND;
    }
}

const PAUSED: &str = r#"
    [[rule]]
    name = "desk"
    on = "QueueMemberPause"
    when = "event.Paused == '1' and event.Queue == 'sales'"
    limit = { every = "10s", per = "{{ event.Interface }}" }
    do = [{ verb = "push", phone = "{{ event.Interface }}", title = "Break", text = "{{ event.Reason }}" }]
"#;

fn paused(interface: &str, more: &str) -> String {
    format!(
        "Event: QueueMemberPause\nQueue: sales\nPaused: 1\nReason: tea\nInterface: {interface}\n{more}"
    )
}

#[test]
fn a_rule_fires_on_its_event_and_says_why_it_does_not() {
    let first = paused("PJSIP/1001", "");
    let other = paused("PJSIP/1002", "");
    check(
        PAUSED,
        &[
            (&first, "1 push phone=PJSIP/1001 text=tea title=Break"),
            (
                "Event: Hangup\nQueue: sales",
                "does not fire: it waits for QueueMemberPause",
            ),
            (
                "Event: QueueMemberPause\nQueue: sales\nPaused: 0",
                "does not fire: event.Paused == '1' and event.Queue == 'sales' is not true; \
                 event.Paused is \"0\", event.Queue is \"sales\"",
            ),
            (
                &first,
                "does not fire for \"PJSIP/1001\": its limit has 7s left; \
                 event.Paused is \"1\", event.Queue is \"sales\"",
            ),
            (&other, "2 push phone=PJSIP/1002 text=tea title=Break"),
            (
                "Event: QueueMemberPause\nPaused: 1",
                "does not fire: the event has no Queue; event.Paused is \"1\", event.Queue is not there",
            ),
        ],
    );
}

#[test]
fn a_limit_is_over_when_its_time_is() {
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
fn what_fails_does_not_use_up_the_limit() {
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
fn names_of_events_are_compared_whatever_their_case_and_user_events_go_by_two() {
    let text = r#"
        [[rule]]
        name = "own"
        on = "userevent.door"
        do = [{ verb = "ping" }]
        [[rule]]
        name = "all"
        on = "UserEvent"
        do = [{ verb = "clear", phone = "1001" }]
    "#;
    check(
        text,
        &[
            (
                "Event: UserEvent\nUserEvent: Door",
                "1 ping\n2 clear phone=1001",
            ),
            (
                "Event: UserEvent\nUserEvent: Gate",
                "3 clear phone=1001\ndoes not fire: it waits for userevent.door",
            ),
        ],
    );
}

#[test]
fn the_phone_is_that_of_the_call_unless_it_is_named() {
    let text = r#"
        [[rule]]
        name = "a"
        on = "Newstate"
        do = [{ verb = "clear" }]
    "#;
    check(
        text,
        &[
            (
                "Event: Newstate\nChannel: PJSIP/1001-0000001f",
                "1 clear phone=PJSIP/1001",
            ),
            (
                "Event: Newstate",
                "does not fire: phone is missing; clear needs it, and this event is about no call",
            ),
        ],
    );
}

#[test]
fn repeated_headers_are_a_list_and_their_first_is_the_plain_value() {
    let text = r#"
        [[rule]]
        name = "a"
        on = "Hangup"
        when = "'b=2' in values.ChanVariable and not values.Nobody"
        do = [{ verb = "push", phone = "1001", text = "{{ event.chanvariable }} {{ values.ChanVariable|length }}" }]
    "#;
    check(
        text,
        &[(
            "Event: Hangup\nChanVariable: a=1\nChanVariable: b=2",
            "1 push phone=1001 text=a=1 2",
        )],
    );
}

#[test]
fn a_value_can_be_guarded() {
    let text = r#"
        [[rule]]
        name = "a"
        on = "Hangup"
        when = "event.Cause is defined and event.Cause|int > 16"
        do = [{ verb = "push", phone = "1001", text = "{{ event['Cause-txt']|default('?') }}", beep = true, item = [], timeout = 30 }]
    "#;
    check(
        text,
        &[
            (
                "Event: Hangup",
                "does not fire: event.Cause is defined and event.Cause|int > 16 is not true; event.Cause is not there",
            ),
            (
                "Event: Hangup\nCause: 17",
                "1 push beep=yes phone=1001 text=? timeout=30",
            ),
            (
                "Event: Hangup\nCause: 17\nCause-txt: Busy",
                "2 push beep=yes phone=1001 text=Busy timeout=30",
            ),
        ],
    );
}

#[test]
fn a_request_that_the_verb_refuses_is_counted_and_nothing_of_the_run_starts() {
    let text = r#"
        [[rule]]
        name = "a"
        on = "X"
        do = [{ verb = "clear", phone = "1" }, { verb = "dnd", phone = "1", state = "{{ event.State }}" }]
    "#;
    check(
        text,
        &[
            (
                "Event: X\nState: maybe",
                "does not fire: state: \"maybe\" is not on or off",
            ),
            (
                "Event: X\nState: off",
                "1 clear phone=1\n1 dnd phone=1 state=off",
            ),
        ],
    );
    let mut engine = engine(text);
    engine.decide(&fact("Event: X\nState: maybe"), Instant::now());
    assert_eq!(engine.counters("a").unwrap().failed, 1);
    assert_eq!(engine.traces("a").count(), 1);
}

#[test]
fn a_condition_that_is_undefined_is_an_error() {
    let text = r#"
        [[rule]]
        name = "a"
        on = "X"
        when = "event.Nope"
        do = [{ verb = "ping" }]
    "#;
    check(
        text,
        &[(
            "Event: X",
            "does not fire: the event has no Nope; event.Nope is not there",
        )],
    );
}

#[test]
fn what_is_asked_for_in_brackets_is_shown_too() {
    let text = r#"
        [[rule]]
        name = "a"
        on = "X"
        when = "event['Cause-txt'] == 'Busy' and event.Tech.Name == 'x'"
        do = [{ verb = "ping" }]
    "#;
    check(
        text,
        &[
            (
                "Event: X\nTech: y",
                "does not fire: the event has no Cause-txt; event.Cause-txt is not there, event.Tech is \"y\"",
            ),
            (
                "Event: X\nTech: y\nCause-txt: Busy",
                "does not fire: undefined value (in <expression>:1); event.Cause-txt is \"Busy\", event.Tech is \"y\"",
            ),
        ],
    );
}

#[test]
fn what_would_not_end_is_stopped() {
    let rules = "[[rule]]\nname = \"a\"\non = \"X\"\n\
         do = [{ verb = \"push\", phone = \"1\", text = \"{% for a in range(90000) %}{% endfor %}\" }]";
    let (_, traces) = engine(rules).explain(&fact("Event: X"), Instant::now());
    assert!(traces[0].to_string().contains("fuel"), "{}", traces[0]);
}

#[test]
fn every_fault_is_found_at_load_with_its_place() {
    let check = |rule: &str, expected: &str| {
        let text = format!("[[rule]]\nname = \"a\"\n{rule}");
        let faults = Engine::new(&rules(&text)).err().unwrap_or_default();
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(told.join("\n"), expected, "{rule}");
    };
    let ping = "on = \"X\"\ndo = [{ verb = \"ping\" }]\n";
    let push = |keys: &str| format!("on = \"X\"\ndo = [{{ verb = \"push\", {keys} }}]");
    check(
        "on = \"phone.*\"\ndo = [{ verb = \"ping\" }]",
        "rule \"a\": on: \"phone.*\" is no name of an event; write one such as QueueMemberPause, phone.EVENT or UserEvent.NAME",
    );
    check(
        &format!("{ping}when = \"event.A ==\""),
        "rule \"a\": when: syntax error: unexpected end of input, expected expression (in <expression>:1)",
    );
    check(
        &format!("{ping}when = \"event.A == one\""),
        "rule \"a\": when: \"one\" stands for nothing here; write event.one for what the event says, or put a text in quotes",
    );
    check(
        &format!("{ping}limit = {{ every = \"1s\", per = \"{{{{ event.A }}\" }}"),
        "rule \"a\": limit.per: syntax error: unexpected `}`, expected end of variable block (in template:1)",
    );
    check(
        "on = \"X\"\ndo = [{ verb = \"dance\" }]",
        "rule \"a\": do.verb: \"dance\" is no verb; verbs are answer, background, clear, csta, dial, display, dnd, dtmf, execute, firmware, forward, hangup, hold, info, key, led, login, logout, notify, ping, push, reboot, resume, resync, ring, ringtone, screenshot, settings, stream, transfer, who",
    );
    check(
        "on = \"X\"\ndo = [{ verb = \"ping\" }, { verb = \"dnd\", state = \"maybe\", phnoe = \"{{ event.A }}\" }]",
        "rule \"a\": do.phnoe: \"phnoe\" is no key of dnd; its keys are state, deadline, keep, phone, via, wait\n\
         rule \"a\": do.state: \"maybe\" is not on or off",
    );
    check(
        &push("phone = \"1\""),
        "rule \"a\": do: text is missing; push needs it",
    );
    check(&push("text = \"{{ event.A }}\""), "");
    check(&push("item = [\"{{ event.A }}|dial:1\"]"), "");
    check(
        &push("item = [\"A|dial:1\"], image = \"a.png\""),
        "rule \"a\": do: image and item can't be given together",
    );
    check(
        &push("text = \"{{ nobody }}\", title = \"{% if %}\""),
        "rule \"a\": do.text: \"nobody\" stands for nothing here; write event.nobody for what the event says, or put a text in quotes\n\
         rule \"a\": do.title: syntax error: unexpected end of block (in template:1)",
    );
    check(
        "on = \"X\"\ndo = [{ verb = \"dnd\", phone = \"{{ event.A }}\" }]",
        "rule \"a\": do: state is missing; dnd needs it",
    );
    check(
        "on = \"X\"\ndo = [{ verb = \"led\", state = true, led = 3, wait = false }]",
        "",
    );
}

/// A Yealink tells that DND is on when it was the rule that set it.
const DND: &str = r#"
    [[rule]]
    name = "both desks"
    on = "phone.dnd_on"
    do = [{ verb = "dnd", phone = "1001&PJSIP/1002", state = "on" }]
"#;

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

fn mode(mode: &str) -> Engine {
    engine(&format!(
        "[[rule]]\nname = \"a\"\non = \"X\"\nmode = \"{mode}\"\n\
         limit = {{ every = \"1ms\", per = \"{{{{ event.Key }}}}\" }}\n\
         do = [{{ verb = \"clear\", phone = \"{{{{ event.Key }}}}\" }}]"
    ))
}

#[test]
fn runs_under_the_same_key_go_by_the_mode() {
    let (one, two) = (fact("Event: X\nKey: 1"), fact("Event: X\nKey: 2"));
    let start = Instant::now();
    let at = |second: u32| start + SECOND * second;
    let check = |word: &str, expected: [&str; 5]| {
        let mut engine = mode(word);
        let told = [
            shown(&engine.decide(&one, at(0))),
            shown(&engine.decide(&two, at(1))),
            shown(&engine.decide(&one, at(2))),
            shown(&engine.finished(RunId(1), at(3))),
            shown(&engine.decide(&one, at(4))),
        ];
        assert_eq!(
            told.each_ref().map(|told| told.trim_end()),
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
    let told: Vec<String> = queued.traces("a").map(ToString::to_string).collect();
    assert_eq!(told[2], "fires for \"1\" when its turn comes, as number 1");
    let mut single = mode("single");
    single.decide(&one, at(0));
    let (_, traces) = single.explain(&one, at(1));
    assert_eq!(
        traces[0].to_string(),
        "does not fire for \"1\": the run before is not over"
    );
    assert_eq!(single.counters("a").unwrap().skipped, 1);
}

#[test]
fn a_queue_has_an_end() {
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
            .contains("16 runs wait already")
    );
}

#[test]
fn a_reload_keeps_what_rules_of_the_same_name_remember() {
    let mut old = engine(&format!("{PAUSED}\n{DND}"));
    let now = Instant::now();
    let event = fact(&paused("PJSIP/1001", ""));
    old.decide(&event, now);
    old.decide(&Fact::of_phone("dnd_on", "1001", []), now);
    let mut new = engine(&PAUSED.replace("Break", "Pause"));
    assert_eq!(shown(&new.adopt(old)), "cancel 2\n");
    assert_eq!(new.decide(&event, now + SECOND).len(), 0);
    let counters = new.counters("desk").unwrap();
    assert_eq!((counters.fired, counters.limited), (1, 1));
    new.finished(RunId(1), now);
    let decisions = new.decide(&event, now + SECOND * 10);
    assert_eq!(
        shown(&decisions),
        "3 push phone=PJSIP/1001 text=tea title=Pause\n"
    );
}

#[test]
fn memory_is_bounded_however_many_keys_there_are() {
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
        let most = MAX_LIMITS + 2 * MAX_RUNNING + 4096 + MAX_TRACES;
        assert!(engine.entries() <= most, "{word}: {}", engine.entries());
        assert_eq!(engine.traces("a").count(), MAX_TRACES);
    }
}

#[test]
fn a_million_keys_leave_a_window_as_small_as_it_was() {
    let mut window = window::Window::new(MAX_LIMITS);
    let now = Instant::now();
    for key in 0..1_000_000_u32 {
        window.close(key, SECOND * 3600, now);
    }
    assert_eq!(window.len(), MAX_LIMITS);
}

#[test]
fn secrets_of_events_are_not_shown() {
    let text = "[[rule]]\nname = \"a\"\non = \"X\"\nwhen = \"event.Password == 'x'\"\ndo = [{ verb = \"ping\" }]";
    let (_, traces) = engine(text).explain(&fact("Event: X\nPassword: hunter2"), Instant::now());
    assert!(!format!("{0} {0:?}", traces[0]).contains("hunter2"));
}

proptest! {
    #[test]
    fn no_event_makes_it_panic(
        pairs in prop::collection::vec(("[A-Za-z-]{0,12}|Paused|Queue|Interface|phone|Channel|UserEvent", "\\PC{0,20}|1|sales"), 0..12),
        name in "QueueMemberPause|phone.dnd_on|UserEvent|\\PC{0,8}",
    ) {
        let mut engine = engine(&format!("{PAUSED}{DND}"));
        let now = Instant::now();
        let headers = std::iter::once(("Event".to_owned(), name)).chain(pairs);
        let fact = Fact::of_headers(headers).unwrap();
        let (_, traces) = engine.explain(&fact, now);
        prop_assert_eq!(traces.len(), 2);
        for trace in traces {
            let _ = trace.to_string();
        }
        engine.finished(RunId(1), now);
    }

    #[test]
    fn no_condition_or_template_makes_it_panic(when in "\\PC{0,30}|event.[a-z=' ()|]{0,20}", text in "\\{\\{\\PC{0,20}\\}\\}") {
        if let Ok(condition) = condition::Condition::parse(&when) {
            let _ = condition.is_met(&fact("Event: X\na: 1"));
        }
        if let Ok(template) = template::Template::parse(&text) {
            let _ = template.fill(&fact("Event: X\na: 1"));
        }
    }
}
