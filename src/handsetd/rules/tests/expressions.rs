//! Conditions and templates: the values they use, and their errors.

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
        when = "event['Cause-txt'] == 'Busy' and event.Tech.Name == 'x'"
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
