//! Whether a rule fires, the requests it makes, and the reason if it does not fire.

use super::*;

#[test]
fn rules_fire_on_their_event_or_give_the_reason() {
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
                "does not fire: event.Paused == '1' and event.Queue == 'sales' is false; \
                 event.Paused is \"0\", event.Queue is \"sales\"",
            ),
            (
                &first,
                "does not fire for \"PJSIP/1001\": limited for another 7s; \
                 event.Paused is \"1\", event.Queue is \"sales\"",
            ),
            (&other, "2 push phone=PJSIP/1002 text=tea title=Break"),
            (
                "Event: QueueMemberPause\nPaused: 1",
                "does not fire: the event has no Queue; event.Paused is \"1\", event.Queue is missing",
            ),
        ],
    );
}

#[test]
fn event_names_are_case_insensitive_and_user_events_have_two() {
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
fn phone_defaults_to_that_of_the_channel() {
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
                "does not fire: phone is missing: clear requires it, and the event has no channel",
            ),
        ],
    );
}

#[test]
fn invalid_requests_are_counted_and_keep_the_run_from_starting() {
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
