//! Loading of rules: errors, and memory kept over a reload.

use super::*;

#[test]
fn all_errors_are_found_at_load_with_their_location() {
    let check = |rule: &str, expected: &str| {
        let text = format!("[[rule]]\nname = \"a\"\n{rule}");
        let errors = Engine::new(&rules(&text)).err().unwrap_or_default();
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts.join("\n"), expected, "{rule}");
    };
    let ping = "on = \"X\"\ndo = [{ verb = \"ping\" }]\n";
    let push = |keys: &str| format!("on = \"X\"\ndo = [{{ verb = \"push\", {keys} }}]");
    check(
        "on = \"phone.a \"\ndo = [{ verb = \"ping\" }]",
        "rule \"a\": on: invalid event name \"phone.a \"; use one such as QueueMemberPause, Queue*, phone.EVENT or UserEvent.NAME",
    );
    check(
        &format!("{ping}when = \"event.A ==\""),
        "rule \"a\": when: syntax error: unexpected end of input, expected expression (column 11, at the end)",
    );
    check(
        &format!("{ping}when = \"event.A == one\""),
        "rule \"a\": when: unknown name one; use event.one for a value of the event, or put literal text in quotes (column 12: one)",
    );
    check(
        &format!("{ping}limit = {{ every = \"1s\", per = \"{{{{ event.A }}\" }}"),
        "rule \"a\": limit.per: syntax error: unexpected `}`, expected end of variable block (column 12: })",
    );
    for (step, key, separator) in [
        ("verb = \"push\", item = \"{{ event.A }}\"", "item", '|'),
        (
            "verb = \"push\", entry = \"{{ event.A }} {{ '|' }}\"",
            "entry",
            '|',
        ),
        ("verb = \"settings\", set = \"{{ event.A }}\"", "set", '='),
    ] {
        check(
            &format!("on = \"X\"\ndo = [{{ {step}, phone = \"1\" }}]"),
            &format!(
                "rule \"a\": do.{key}: the rule itself must contain {separator}; in a value of an \
                 event it separates nothing"
            ),
        );
    }
    check(
        "on = \"X\"\ndo = [{ verb = \"dance\" }]",
        "rule \"a\": do.verb: unknown verb \"dance\"; expected one of answer, background, clear, csta, dial, display, dnd, dtmf, execute, firmware, forward, hangup, hold, info, key, led, login, logout, notify, ping, push, reboot, resume, resync, ring, ringtone, screenshot, settings, stream, transfer, who",
    );
    check(
        "on = \"X\"\ndo = [{ verb = \"ping\" }, { verb = \"dnd\", state = \"maybe\", phnoe = \"{{ event.A }}\" }]",
        "rule \"a\": do.phnoe: unknown key phnoe; did you mean phone?\n\
         rule \"a\": do.state: invalid value \"maybe\"; expected on or off",
    );
    check(
        &push("phone = \"1\""),
        "rule \"a\": do: text is missing; push requires it",
    );
    check(&push("text = \"{{ event.A }}\""), "");
    check(&push("item = [\"{{ event.A }}|dial:1\"]"), "");
    check(
        &push("item = [\"A|dial:1\"], image = \"a.png\""),
        "rule \"a\": do: image and item cannot be combined",
    );
    check(
        &push("text = \"{{ nobody }}\", title = \"{% if %}\""),
        "rule \"a\": do.text: unknown name nobody; use event.nobody for a value of the event, or put literal text in quotes (column 4: nobody }})\n\
         rule \"a\": do.title: syntax error: unexpected end of block (column 7: %})",
    );
    check(
        "on = \"X\"\ndo = [{ verb = \"dnd\", phone = \"{{ event.A }}\" }]",
        "rule \"a\": do: state is missing; dnd requires it",
    );
    for parts in [
        "type = \"text/plain\", body = \"{{ event.A }}\"",
        "type = \"{{ event.A }}\", body = \"a\"",
    ] {
        let notify = format!("verb = \"notify\", phone = \"1\", event = \"a\", {parts}");
        check(&format!("on = \"X\"\ndo = [{{ {notify} }}]"), "");
    }
    check(
        "on = \"X\"\ndo = [{ verb = \"notify\", phone = \"1\", event = \"a\", type = \"text/plain\" }]",
        "rule \"a\": do: type requires body",
    );
    check(
        "on = \"X\"\ndo = [{ verb = \"led\", state = true, led = 3, wait = false }]",
        "",
    );
}

#[test]
fn rules_of_the_same_name_keep_their_memory_over_a_reload() {
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
