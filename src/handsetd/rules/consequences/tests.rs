use crate::rules::{Decision, Engine, Fact, Run, config};

use super::*;

fn engine(rules: &[(&str, &str, &str)]) -> Engine {
    #[derive(serde::Deserialize)]
    struct Sections {
        rule: Vec<config::Rule>,
    }
    let rule = |(name, on, step): &(&str, &str, &str)| {
        format!("[[rule]]\nname = '{name}'\non = '{on}'\nmode = 'parallel'\ndo = [{{ {step} }}]\n")
    };
    let text: String = rules.iter().map(rule).collect();
    let sections: Sections = toml::from_str(&text).unwrap();
    Engine::new(&sections.rule).unwrap()
}

fn event(values: &[(&str, &str)]) -> Fact {
    let values = values.iter();
    Fact::of_headers(values.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).unwrap()
}

/// Decides on an event and begins the steps of all runs; returns the names of the rules that fire.
fn fire(engine: &mut Engine, fact: &Fact, now: Instant) -> Vec<String> {
    let consequences = engine.consequences();
    let begin = |run: &Run| {
        let causes = run.causes.with(&run.rule);
        for step in run.steps.iter() {
            consequences.expect(&step.action, run.server.as_ref(), &causes, now);
        }
        run.rule.to_string()
    };
    let decisions = engine.decide(fact, now);
    let starts = decisions.iter().filter_map(|decision| match decision {
        Decision::Start(run) => Some(begin(run)),
        Decision::Cancel(_) => None,
    });
    starts.collect()
}

#[test]
fn rule_does_not_fire_on_the_variable_that_it_sets() {
    let mut engine = engine(&[(
        "copy",
        "VarSet",
        "ami = 'Setvar', Channel = '{{ event.Channel }}', Variable = '{{ event.Variable }}2', Value = 'x'",
    )]);
    let now = Instant::now();
    let set = |channel: &str, variable: &str| {
        event(&[
            ("Event", "VarSet"),
            ("Channel", channel),
            ("Variable", variable),
            ("Value", "x"),
        ])
    };
    let (one, other) = ("PJSIP/1-00000001", "PJSIP/2-00000002");
    assert_eq!(fire(&mut engine, &set(one, "A"), now), ["copy"]);
    assert!(fire(&mut engine, &set(one, "A2"), now).is_empty());
    let why = engine.traces("copy").last().unwrap().to_string();
    assert_eq!(
        why,
        "does not fire: runs of these rules led to the event: copy"
    );
    assert_eq!(engine.counters("copy").unwrap().echoed, 1);
    assert_eq!(fire(&mut engine, &set(other, "A"), now), ["copy"]);
    assert_eq!(fire(&mut engine, &set(one, "A"), now + WINDOW), ["copy"]);
}

#[test]
fn two_rules_that_fire_each_other_come_to_an_end() {
    let mut engine = engine(&[
        (
            "ping",
            "UserEvent.Pong",
            "ami = 'UserEvent', UserEvent = 'Ping'",
        ),
        (
            "pong",
            "UserEvent.Ping",
            "ami = 'UserEvent', UserEvent = 'Pong'",
        ),
    ]);
    let now = Instant::now();
    let user_event = |name: &str| event(&[("Event", "UserEvent"), ("UserEvent", name)]);
    assert_eq!(fire(&mut engine, &user_event("Ping"), now), ["pong"]);
    assert_eq!(fire(&mut engine, &user_event("Pong"), now), ["ping"]);
    assert!(fire(&mut engine, &user_event("Ping"), now).is_empty());
    let why = engine.traces("pong").last().unwrap().to_string();
    assert_eq!(
        why,
        "does not fire: runs of these rules led to the event: pong, ping"
    );
}

#[test]
fn two_rules_whose_verbs_fire_each_other_come_to_an_end() {
    let mut engine = engine(&[
        ("lift", "phone.dnd_on", "verb = 'key', keys = 'OFFHOOK'"),
        ("quiet", "phone.off_hook", "verb = 'dnd', state = 'on'"),
    ]);
    let now = Instant::now();
    let phone_event = |name: &str| Fact::of_phone(name, "1001", []);
    assert_eq!(fire(&mut engine, &phone_event("off_hook"), now), ["quiet"]);
    assert_eq!(fire(&mut engine, &phone_event("dnd_on"), now), ["lift"]);
    assert!(fire(&mut engine, &phone_event("off_hook"), now).is_empty());
}

#[test]
fn device_states_count_as_set_by_their_function() {
    let mut engine = engine(&[(
        "lamp",
        "DeviceStateChange",
        "ami = 'Setvar', Variable = 'DEVICE_STATE(Custom:lamp)', Value = 'INUSE'",
    )]);
    let now = Instant::now();
    let change = |device: &str| {
        event(&[
            ("Event", "DeviceStateChange"),
            ("Device", device),
            ("State", "INUSE"),
        ])
    };
    assert_eq!(fire(&mut engine, &change("PJSIP/1"), now), ["lamp"]);
    assert!(fire(&mut engine, &change("Custom:lamp"), now).is_empty());
    assert_eq!(fire(&mut engine, &change("PJSIP/1"), now), ["lamp"]);
}

#[test]
fn what_is_expected_is_bounded() {
    let mut engine = engine(&[(
        "a",
        "X",
        "verb = 'dnd', phone = '{{ event.P }}', state = 'on'",
    )]);
    let now = Instant::now();
    for phone in 0..MAX_EXPECTED + 100 {
        let id = phone.to_string();
        let fired = fire(&mut engine, &event(&[("Event", "X"), ("P", &id)]), now);
        if fired.is_empty() {
            break;
        }
    }
    assert!(engine.consequences().expected.lock().len() <= MAX_EXPECTED);
}
