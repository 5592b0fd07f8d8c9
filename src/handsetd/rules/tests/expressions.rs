//! Conditions and templates: the values they use, and their errors.

use handset_phones::phone::PhoneName;
use handset_phones::verb::{Action, Request};

use super::*;

#[test]
fn repeated_headers_are_a_list_whose_first_element_is_the_plain_value() {
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
fn missing_values_can_be_tested_for() {
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
                "does not fire: event.Cause is defined and event.Cause|int > 16 is false; event.Cause is missing",
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
fn undefined_conditions_are_an_error() {
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
            "does not fire: the event has no Nope; event.Nope is missing",
        )],
    );
}

#[test]
fn values_in_brackets_are_shown_too() {
    let text = r#"
        [[rule]]
        name = "a"
        on = "X"
        when = "event['Cause-txt'] == 'Busy' and event.Tech[9:][0] == 'x'"
        do = [{ verb = "ping" }]
    "#;
    check(
        text,
        &[
            (
                "Event: X\nTech: y",
                "does not fire: the event has no Cause-txt; event.Cause-txt is missing, event.Tech is \"y\"",
            ),
            (
                "Event: X\nTech: y\nCause-txt: Busy",
                "does not fire: undefined value (in <expression>:1); event.Cause-txt is \"Busy\", event.Tech is \"y\"",
            ),
        ],
    );
}

#[test]
fn endless_templates_are_stopped() {
    let rules = "[[rule]]\nname = \"a\"\non = \"X\"\n\
         do = [{ verb = \"push\", phone = \"1\", text = \"{% for a in range(90000) %}{% endfor %}\" }]";
    let (_, traces) = engine(rules).explain(&fact("Event: X"), Instant::now());
    assert!(traces[0].to_string().contains("fuel"), "{}", traces[0]);
}

#[test]
fn secrets_of_events_are_not_shown() {
    let text = "[[rule]]\nname = \"a\"\non = \"X\"\nwhen = \"event.Password == 'x'\"\ndo = [{ verb = \"ping\" }]";
    let (_, traces) = engine(text).explain(&fact("Event: X\nPassword: hunter2"), Instant::now());
    assert!(!format!("{0} {0:?}", traces[0]).contains("hunter2"));
}

#[test]
fn values_of_events_add_no_phone_and_no_group() {
    let text = r#"
        [[rule]]
        name = "a"
        on = "X"
        do = [{ verb = "clear", phone = "{{ event.One }}&boss&{{ event.Two }}" }]
    "#;
    let odd = "does not fire: phone: invalid name \"1002&all\"; a value of an event names one phone; \
               write the & itself in the rule";
    check(
        text,
        &[
            (
                "Event: X\nOne: 1001\nTwo: 1002",
                "1 clear phone=1001&boss&1002",
            ),
            ("Event: X\nOne: 1001\nTwo: 1002&all", odd),
        ],
    );
    let mut engine = engine(text);
    let fact = fact("Event: X\nOne: reception\nTwo: 10");
    let [Decision::Start(run)] = &engine.decide(&fact, Instant::now())[..] else {
        panic!()
    };
    let names = run.steps[0].request().unwrap().phone.as_ref().unwrap();
    let expected = [
        PhoneName::Inserted("reception".to_owned()),
        PhoneName::Written("boss".to_owned()),
        PhoneName::Inserted("10".to_owned()),
    ];
    assert!(names.iter().eq(&expected), "{names:?}");
}

#[test]
fn statements_of_a_template_may_name_several_phones() {
    let text = r#"
        [[rule]]
        name = "a"
        on = "X"
        do = [{ verb = "clear", phone = "{% if event.Q == 'sales' %}1001&reception{% else %}{% for p in event.P|split(',') %}{{ p }}&{% endfor %}{% endif %}" }]
    "#;
    check(
        text,
        &[
            ("Event: X\nQ: sales", "1 clear phone=1001&reception"),
            ("Event: X\nQ: \nP: 1,2", "2 clear phone=1&2&"),
        ],
    );
}

#[test]
fn phone_of_a_strange_channel_is_one_phone() {
    let text = r#"
        [[rule]]
        name = "a"
        on = "Newchannel"
        do = [{ verb = "clear" }]
    "#;
    check(
        text,
        &[(
            "Event: Newchannel\nChannel: Local/1001&all@phones-00000001;1",
            "does not fire: phone: invalid name \"Local/1001&all@phones\"; a value of an event names \
             one phone; write the & itself in the rule",
        )],
    );
}

#[test]
fn values_of_events_add_no_field() {
    let does = |keys: &str, value: &str| {
        let text = format!("[[rule]]\nname = 'a'\non = 'X'\ndo = [{{ phone = '1001', {keys} }}]");
        let mut engine = engine(&text);
        let pairs = [("Event", "X"), ("V", value)];
        let fact = Fact::of_headers(pairs.map(|(name, value)| (name.into(), value.into())));
        let (decisions, traces) = engine.explain(&fact.unwrap(), Instant::now());
        match &decisions[..] {
            [Decision::Start(run)] => Ok(run.steps[0].request().unwrap().action.clone()),
            _ => Err(traces[0].to_string()),
        }
    };
    let written = |verb: &str, pairs: &[(&str, &str)]| {
        Request::parse(verb, pairs.iter().copied())
            .map(|request| request.action)
            .unwrap()
    };
    let label = |action: Action| {
        let Action::Push(push) = action else { panic!() };
        format!("{:?}", push.content)
    };
    // A caller's name stays within its label, and changes no number.
    for (keys, expected) in [
        (
            r#"verb = "push", item = "{{ event.V }}|dial:100""#,
            r#"label: "a|dial:666", target: Dial(Number("100"))"#,
        ),
        (
            r#"verb = "push", entry = "{{ event.V }}|100""#,
            r#"name: "a|dial:666", number: Number("100")"#,
        ),
        (
            r#"verb = "push", text = "t", softkey = "{{ event.V }}|exit""#,
            r#"label: "a|dial:666", target: Exit"#,
        ),
        (
            r#"verb = "push", submit = "http://h/", input = "{{ event.V }}|p|number""#,
            r#"label: "a|dial:666", parameter: "p", kind: Number"#,
        ),
    ] {
        let content = label(does(keys, "a|dial:666").unwrap());
        assert!(content.contains(expected), "{keys}: {content}");
    }
    // Keys, settings and priorities.
    let keys = r#"verb = "key", keys = "OFFHOOK,{{ event.V }},OK""#;
    assert_eq!(
        does(keys, "1"),
        Ok(written("key", &[("keys", "OFFHOOK,1,OK")]))
    );
    for value in ["1,2", "1:9000"] {
        assert!(
            does(keys, value).unwrap_err().contains("keys: invalid key"),
            "{value}"
        );
    }
    let set = r#"verb = "settings", set = "dnd_{{ event.V }}=on""#;
    let refused = does(set, "a=b&user_pass1").unwrap_err();
    assert!(refused.contains("set: invalid setting name"), "{refused}");
    let uri = r#"verb = "execute", uri = "Dial:{{ event.V }}""#;
    let action = format!("{:?}", does(uri, "100@2").unwrap());
    assert!(
        action.contains(r#""Dial:100@2", priority: Now"#),
        "{action}"
    );
}
