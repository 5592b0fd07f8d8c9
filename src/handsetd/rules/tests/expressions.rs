//! Conditions and templates: what they see of an event, and what can be wrong with them.

use super::*;

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
                "Event: Hangup\nCause: 17\nCause-txt: Rejection",
                "2 push beep=yes phone=1001 text=Rejection timeout=30",
            ),
        ],
    );
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
        when = "event['Cause-txt'] == 'Rejection' and event.Tech.Name == 'x'"
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
                "Event: X\nTech: y\nCause-txt: Rejection",
                "does not fire: undefined value (in <expression>:1); event.Cause-txt is \"Rejection\", event.Tech is \"y\"",
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
fn secrets_of_events_are_not_shown() {
    let text = "[[rule]]\nname = \"a\"\non = \"X\"\nwhen = \"event.Password == 'x'\"\ndo = [{ verb = \"ping\" }]";
    let (_, traces) = engine(text).explain(&fact("Event: X\nPassword: hunter2"), Instant::now());
    assert!(!format!("{0} {0:?}", traces[0]).contains("hunter2"));
}
