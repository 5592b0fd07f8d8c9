//! What is a fault at load.

use super::*;

/// Steps, and the fault in each.
const WRONG_STEPS: &[(&str, &str)] = &[
    (
        "{ text = 'a' }",
        "do: a step requires one of verb, wait, webhook and ami, such as verb = \"push\" or wait = \"5s\"",
    ),
    (
        "{ wait = 'soon' }",
        "do.wait: invalid duration \"soon\": expected number at 0; write one such as 5s or 2m",
    ),
    (
        "{ wait = '25h' }",
        "do.wait: a run waits 1day at most, not 25h; use schedule for a time of day",
    ),
    (
        "{ wait = 5 }",
        "do.wait: must be a duration, such as \"5s\"",
    ),
    (
        "{ wait = '5s', text = 'a' }",
        "do.text: a step that waits has no such key; remove it",
    ),
    (
        "{ wait = '5s', id = 'a-b' }",
        "do.id: invalid name \"a-b\"; use letters, digits and _, at most 64, a letter first",
    ),
    (
        "{ wait = '5s', on_error = 'ignore' }",
        "do.on_error: must be \"continue\" or \"stop\"",
    ),
    (
        "{ wait = '5s', id = 'a' }, { wait = '5s', id = 'a' }",
        "do.id: \"a\" is already the name of step 1; keep one",
    ),
    (
        "{ wait = '5s', if = \"steps.a.status == 'OK'\" }",
        "do.if: no step before has id = \"a\"",
    ),
    (
        "{ wait = '5s', if = 'steps.b' }, { wait = '5s', id = 'b' }",
        "do.if: the step \"b\" comes later; only steps before can be mentioned",
    ),
    (
        "{ wait = '5s', id = 'a' }, { verb = 'clear', phone = '{{ steps.b.result }}' }",
        "do.phone: no step before has id = \"b\"; there is a",
    ),
    (
        "{ wait = '5s', id = 'a' }, { verb = 'clear', phone = '{{ steps.a.state }}' }",
        "do.phone: the result of a step has no attribute state; expected one of http, reason, result, status (column 12: state }})",
    ),
    (
        "{ wait = '5s', id = 'a' }, { verb = 'clear', phone = '{{ steps }}' }",
        "do.phone: steps has no value of its own; write steps.ID, such as steps.a.status",
    ),
    (
        "{ ami = 'Login' }",
        "do.ami: Login concerns the connection of handsetd itself; it cannot be a step",
    ),
    (
        "{ ami = 'events', EventMask = 'off' }",
        "do.ami: events concerns the connection of handsetd itself; it cannot be a step",
    ),
    (
        "{ ami = '{{ event.A }}' }",
        "do.ami: must be written as it is: ami takes no {{ … }}",
    ),
    (
        "{ ami = 'Setvar', server = '{{ event.A }}' }",
        "do.server: must be written as it is: server takes no {{ … }}",
    ),
    (
        "{ ami = 'Setvar', ActionID = '1' }",
        "do: header ActionID of action Setvar is reserved",
    ),
    (
        "{ ami = 'Setvar', \"A\\nB\" = '1' }",
        "do: malformed header: \"A\\nB\" contains a colon, a line break or NUL",
    ),
    (
        "{ ami = 'Setvar', Channel = 1.5 }",
        "do.Channel: must be a string, an integer, a boolean or a list of strings",
    ),
    (
        "{ webhook = 'ftp://a/' }",
        "do.webhook: \"ftp://a/\" must start with https:// or http://",
    ),
    (
        "{ webhook = 'https://{{ event.A }}/' }",
        "do.webhook: the host must be written as it is; put / between it and the first {{",
    ),
    (
        "{ webhook = 'https://a{{ event.A }}/' }",
        "do.webhook: the host must be written as it is; put / between it and the first {{",
    ),
    (
        "{ webhook = 'https:////a{{ event.A }}/' }",
        "do.webhook: invalid URL \"https:////a{{ event.A }}/\": it has no host",
    ),
    (
        "{ webhook = 'https:///{{ event.A }}/' }",
        "do.webhook: invalid URL \"https:///{{ event.A }}/\": it has no host",
    ),
    (
        "{ webhook = 'https://a\\{{ event.A }}/' }",
        "do.webhook: the host must be written as it is; put / between it and the first {{",
    ),
    (
        "{ webhook = 'https://a{% if event.A %}.b{% endif %}/' }",
        "do.webhook: the host must be written as it is; put / between it and the first {{",
    ),
    (
        "{ webhook = 'https://a{# #}.b/' }",
        "do.webhook: the host must be written as it is; put / between it and the first {{",
    ),
    (
        "{ webhook = 'https://good.example@{{ event.A }}/' }",
        "do.webhook: the host must be written as it is; put / between it and the first {{",
    ),
    (
        "{ webhook = 'https://good.example@evil.example/' }",
        "do.webhook: must not contain a password; use headers = { Authorization_file = \"…\" }",
    ),
    (
        "{ webhook = \"https://a\\t.b/\" }",
        "do.webhook: must not contain a backslash, a line break or another control character",
    ),
    (
        "{ ami = 'Originate', Channel = 'PJSIP/1', Exten = '2', Async = false }",
        "do.Async: must be true, or Asterisk would do nothing else for handsetd until the call is answered",
    ),
    (
        "{ webhook = 'https://u:p@a/' }",
        "do.webhook: must not contain a password; use headers = { Authorization_file = \"…\" }",
    ),
    (
        "{ webhook = 'https://a/', method = 'TRACE' }",
        "do.method: must be GET, POST, PUT, PATCH or DELETE",
    ),
    (
        "{ webhook = 'https://a/', json = {}, body = 'a' }",
        "do.body: conflicts with json; keep one",
    ),
    (
        "{ webhook = 'https://a/', headers = { Host = 'b' } }",
        "do.headers: handsetd sets Host itself; remove it",
    ),
    (
        "{ webhook = 'https://a/', headers = { A = \"b\\r\\nC: d\" } }",
        "do.headers: a: \"b\\r\\nC: d\" contains a line break or another control character",
    ),
    (
        "{ webhook = 'https://a/', deadline = '1h' }",
        "do.deadline: must be a duration from 100ms to 60s",
    ),
    (
        "{ webhook = 'https://a/', text = 'a' }",
        "do.text: unknown key text; a web hook has webhook, webhook_file, method, json, body, headers, deadline",
    ),
];

#[test]
fn wrong_steps_are_faults_at_load() {
    let unexpected = |(steps, expected): &(&str, &str)| {
        let errors = errors(steps);
        (errors != [*expected]).then(|| format!("{steps}\n  {errors:?}\n  {expected:?}"))
    };
    let wrong: Vec<String> = WRONG_STEPS.iter().filter_map(unexpected).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let text = "[[rule]]\nname = 'a'\non = 'X'\nwhen = \"steps.a.status == 'OK'\"\ndo = [{ wait = '1s', id = 'a' }]";
    let errors = Engine::new(&rules(text)).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "rule \"a\": when: steps are known in do only; none has been taken here"
    );
}

#[test]
fn wait_beside_a_verb_is_a_key_of_the_verb() {
    let steps = "{ verb = 'clear', phone = '1', wait = false }, { wait = '90s' }";
    assert_eq!(
        planned(steps, "Event: X"),
        ["clear phone=\"1\" wait=\"no\"", "wait 1m 30s"]
    );
}
