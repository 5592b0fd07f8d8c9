//! Whether a rule fires on an event, what it asks for then, and what it says if it does not.

use super::*;

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
                "does not fire: state: invalid value \"maybe\"; expected on or off",
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
