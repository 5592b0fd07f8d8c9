//! Steps: what is a fault at load, when each is filled in, and what values of events cannot do.

use super::*;
use crate::outcome::Status;
use crate::rules::run_record::RunState;
use crate::rules::step::{StepResult, StepResults};

fn rule(steps: &str) -> String {
    format!("[[rule]]\nname = 'a'\non = ['X', 'UserEvent.*']\ndo = [{steps}]\n")
}

/// Returns the errors of a rule with these steps, each with the key.
fn errors(steps: &str) -> Vec<String> {
    let errors = Engine::new(&rules(&rule(steps))).unwrap_err();
    let errors = errors.into_iter();
    errors
        .map(|error| format!("{}: {}", error.part, error.error))
        .collect()
}

/// Returns the run that a rule with these steps starts for `event`, or why there is none.
fn run(steps: &str, event: &str) -> Result<Run, String> {
    let mut engine = engine(&rule(steps));
    let (decisions, traces) = engine.explain(&fact(event), Instant::now());
    match decisions.into_iter().next() {
        Some(Decision::Start(run)) => Ok(run),
        _ => Err(traces[0].to_string()),
    }
}

/// Returns the planned steps.
fn planned(steps: &str, event: &str) -> Vec<String> {
    let run = run(steps, event).unwrap_or_else(|why| panic!("{why}"));
    run.steps
        .iter()
        .map(|step| Outline::from(step).to_string())
        .collect()
}

/// Returns what the step `index` does when it is reached after the step `a` came to `result`.
fn reached(run: &Run, index: usize, result: StepResult) -> String {
    let mut results = StepResults::default();
    results.insert(&"a".into(), result);
    let later = run.later.as_ref().unwrap();
    let now = jiff::Timestamp::constant(1_790_000_000, 0);
    match later.reach(index, &results, false, now) {
        Ok(Reached::AsPlanned) => Outline::from(&run.steps[index]).to_string(),
        Ok(Reached::Filled(action)) => Outline::from(&action).to_string(),
        Ok(Reached::Skipped) => "skipped".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Steps, and the fault in each.
const WRONG_STEPS: &[(&str, &str)] = &[
    (
        "{ text = 'a' }",
        "do: a step requires one of verb, wait, webhook and ami",
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
    let told = |(steps, expected): &(&str, &str)| {
        let errors = errors(steps);
        (errors != [*expected]).then(|| format!("{steps}\n  {errors:?}\n  {expected:?}"))
    };
    let wrong: Vec<String> = WRONG_STEPS.iter().filter_map(told).collect();
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

#[test]
fn missing_value_of_any_step_keeps_the_run_from_starting() {
    let steps = "{ verb = 'clear', phone = '1' }, { wait = '1s' }, { verb = 'clear', phone = '{{ event.A }}' }";
    let why = run(steps, "Event: X").unwrap_err();
    assert!(
        why.starts_with("does not fire: the event has no A"),
        "{why}"
    );
    assert!(run(steps, "Event: X\nA: 1").is_ok());
}

#[test]
fn condition_may_be_about_the_missing_value() {
    let guarded = |condition: &str| {
        format!(
            "{{ wait = '1s', id = 'a' }}, {{ verb = 'clear', phone = '{{{{ event.A }}}}', if = \"{condition}\" }}"
        )
    };
    let of_event = guarded("event.A is defined");
    assert_eq!(
        planned(&of_event, "Event: X")[1],
        "clear phone=\"{{ event.A }}\""
    );
    assert_eq!(planned(&of_event, "Event: X\nA: 1")[1], "clear phone=\"1\"");
    let of_both = guarded("event.A is defined and steps.a.status == 'OK'");
    let run = run(&of_both, "Event: X").unwrap();
    let ok = StepResult::new(Status::Ok, "");
    assert_eq!(reached(&run, 1, ok), "skipped");
    let of_step = guarded("steps.a.status == 'OK'");
    assert!(
        steps::run(&of_step, "Event: X")
            .unwrap_err()
            .contains("no A")
    );
}

#[test]
fn steps_see_what_those_before_came_to() {
    let steps = "{ webhook = 'https://a/', id = 'a', on_error = 'continue' }, \
                 { verb = 'push', phone = '1', text = '{{ steps.a.status }} {{ steps.a.http }} {{ steps.a.result.name }}' }, \
                 { verb = 'clear', phone = '1', if = \"steps.a.status != 'OK'\" }";
    let run = run(steps, "Event: X").unwrap();
    let shown: Vec<String> = run
        .steps
        .iter()
        .map(|step| Outline::from(step).to_string())
        .collect();
    assert_eq!(shown[0], "webhook https://a/ method=\"GET\"");
    assert!(shown[1].contains("{{ steps.a.status }}"), "{}", shown[1]);
    assert!(run.steps[0].continues);
    let ok = StepResult {
        result: Some(serde_json::json!({"name": "A&B"})),
        http: Some(200),
        ..StepResult::new(Status::Ok, "")
    };
    assert_eq!(
        reached(&run, 1, ok.clone()),
        "push phone=\"1\" text=\"OK 200 A&B\""
    );
    assert_eq!(reached(&run, 2, ok), "skipped");
    let away = StepResult::new(Status::Unreachable, "away");
    assert_eq!(reached(&run, 2, away.clone()), "clear phone=\"1\"");
    // The step has no answer whose name could be shown.
    assert!(reached(&run, 1, away).contains("undefined value"));
}

#[test]
fn result_of_a_step_is_one_value_wherever_it_is_inserted() {
    let steps = "{ wait = '1s', id = 'a' }, { verb = 'clear', phone = '{{ steps.a.reason }}' }";
    let run = run(steps, "Event: X").unwrap();
    let result = StepResult::new(Status::Ok, "1001&1002");
    let later = run.later.as_ref().unwrap();
    let mut results = StepResults::default();
    results.insert(&"a".into(), result);
    let now = jiff::Timestamp::constant(1_790_000_000, 0);
    let error = later
        .reach(1, &results, false, now)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("phone: invalid name \"1001&1002\""),
        "{error}"
    );
}

#[test]
fn state_of_a_phone_is_that_of_the_moment() {
    let text = "[[rule]]\nname = 'a'\non = 'phone.incoming_call'\n\
                do = [{ wait = '5s' }, { verb = 'push', text = '{{ phone.activity }}' }, { verb = 'push', text = '{{ event.A }}' }]";
    let mut engine = engine(text);
    let call = Fact::of_phone("incoming_call", "1001", [("A".to_owned(), "b".to_owned())]);
    let decisions = engine.decide(&call, Instant::now());
    let [Decision::Start(run)] = &decisions[..] else {
        panic!("{decisions:?}")
    };
    assert!(
        Outline::from(&run.steps[1])
            .to_string()
            .contains("text=\"ringing\"")
    );
    engine.decide(
        &Fact::of_phone("call_terminated", "1001", []),
        Instant::now(),
    );
    let ok = StepResult::new(Status::Ok, "");
    assert!(reached(run, 1, ok.clone()).contains("text=\"idle\""));
    // What depends on the event alone is not filled in again.
    assert!(matches!(
        run.later.as_ref().unwrap().reach(
            2,
            &StepResults::default(),
            false,
            jiff::Timestamp::UNIX_EPOCH
        ),
        Ok(Reached::AsPlanned)
    ));
    let simple = steps::run(
        "{ verb = 'clear', phone = '{{ event.A }}' }",
        "Event: X\nA: 1",
    );
    assert!(simple.unwrap().later.is_none());
}

#[test]
fn values_of_events_lead_a_web_hook_nowhere_else() {
    let url = |value: &str| {
        let steps = "{ webhook = 'https://a.example:8443/hook/{{ event.A }}?x={{ event.A }}', json = { a = ['{{ event.A }}', 5, true, 1.5] } }";
        let run = run(steps, &format!("Event: X\nA: {value}"))?;
        let StepAction::Webhook(call) = &run.steps[0].action else {
            panic!()
        };
        assert_eq!(
            call.url.origin().ascii_serialization(),
            "https://a.example:8443"
        );
        assert_eq!(call.url.fragment(), None);
        assert_eq!(call.url.query_pairs().count(), 1);
        let json: serde_json::Value = serde_json::from_str(call.body.as_ref().unwrap()).unwrap();
        assert_eq!(json, serde_json::json!({"a": [value, 5, true, 1.5]}));
        assert_eq!(call.headers["content-type"], "application/json");
        Ok::<_, String>(call.url.to_string())
    };
    assert_eq!(
        url("1 2").unwrap(),
        "https://a.example:8443/hook/1%202?x=1%202"
    );
    assert_eq!(
        url("../a?b=c&d#e").unwrap(),
        "https://a.example:8443/hook/..%2Fa%3Fb%3Dc%26d%23e?x=..%2Fa%3Fb%3Dc%26d%23e"
    );
    for odd in [
        "@b.example/",
        "\\\\b.example",
        "//b.example",
        "{\"a\": 1}",
        "1\", \"b\": \"2",
        "%2e%2e",
        "é",
    ] {
        url(odd).unwrap();
    }
    for (url, value) in [
        ("https://a.example/x/.{{ event.A }}/y", "."),
        ("https://a.example/x/%2e{{ event.A }}/y", "."),
        ("https://a.example/x/%2E%2e{{ event.A }}", ""),
        (
            "https://a.example/x/{% if event.A %}\\\\{% endif %}{{ event.A }}",
            "..",
        ),
    ] {
        let steps = format!("{{ webhook = \"{url}\" }}");
        let why = run(&steps, &format!("Event: X\nA: {value}")).unwrap_err();
        let is_told = why.contains("leads to another path") || why.contains("no A");
        assert!(is_told, "{url}: {why}");
    }
    for dots in ["..", "."] {
        let why = url(dots).unwrap_err();
        assert!(why.contains("leads to another path"), "{why}");
    }
}

#[test]
fn values_of_events_add_no_header() {
    let event = Fact::new("X", [("A".to_owned(), "1\r\nAction: Command".to_owned())]);
    for steps in [
        "{ ami = 'Setvar', Channel = 'PJSIP/1-1', Variable = 'A', Value = '{{ event.A }}' }",
        "{ webhook = 'https://a/', headers = { A = '{{ event.A }}' } }",
    ] {
        let (decisions, traces) = engine(&rule(steps)).explain(&event, Instant::now());
        assert!(decisions.is_empty(), "{steps}");
        assert!(
            traces[0].to_string().contains("line break"),
            "{}",
            traces[0]
        );
    }
    let hangup = "{ ami = 'Hangup', Channel = ' {{ event.A }}' }";
    for expression in ["/.*/", " \t/.*/", "\u{1}\u{1f}/^PJSIP/"] {
        let event = Fact::new("X", [("A".to_owned(), expression.to_owned())]);
        let (decisions, traces) = engine(&rule(hangup)).explain(&event, Instant::now());
        assert!(decisions.is_empty(), "{expression:?}");
        let why = traces[0].to_string();
        assert!(
            why.contains("is a regular expression, not a channel"),
            "{why}"
        );
    }
    assert!(run("{ ami = 'Hangup', Channel = '/^PJSIP/' }", "Event: X").is_ok());
}

#[test]
fn values_of_events_set_no_other_variable() {
    let originate = "{ ami = 'Originate', Channel = 'PJSIP/1', Async = true, Variable = 'A=x,B={{ event.A }}' }";
    assert_eq!(
        planned(originate, "Event: X\nA: 1,DB(a/b)=\"2")[0],
        r#"ami Originate Async="true" Channel="PJSIP/1" Variable="A=x,B=1\\,DB\\(a/b\\)=\\\"2""#
    );
    let setvar = "{ ami = 'Setvar', Channel = 'PJSIP/1-1', Variable = 'X_{{ event.A }}', Value = '{{ event.A }}' }";
    assert!(planned(setvar, "Event: X\nA: 1,2")[0].contains("Value=\"1,2\""));
    let why = run(setvar, "Event: X\nA: SHELL(id)").unwrap_err();
    assert!(why.contains("would be a function"), "{why}");
}

#[test]
fn action_has_its_headers_and_a_list_repeats_one() {
    let steps = "{ ami = 'Originate', Channel = '{{ event.A }}', Variable = ['A=1', 'B={{ event.A }}'], Timeout = 3000, Async = true, server = 'pbx', deadline = '2s' }";
    assert_eq!(
        planned(steps, "Event: X\nA: PJSIP/1"),
        [
            "ami Originate server=\"pbx\" Async=\"true\" Channel=\"PJSIP/1\" Timeout=\"3000\" Variable=\"A=1\" Variable=\"B=PJSIP/1\""
        ]
    );
}

#[test]
fn record_tells_why_a_run_was_cancelled() {
    let text = "[[rule]]\nname = 'a'\non = 'X'\nmode = 'restart'\ndo = [{ wait = '1h' }]";
    let mut engine = engine(text);
    let first = engine.decide(&fact("Event: X"), Instant::now());
    engine.decide(&fact("Event: X"), Instant::now());
    let [Decision::Start(run)] = &first[..] else {
        panic!("{first:?}")
    };
    let why = |run: &Run| match run.record.state() {
        RunState::Cancelled(why) => why.to_string(),
        state => format!("{state:?}"),
    };
    assert_eq!(why(run), "the rule fired again");
    let traces: Vec<_> = engine.traces("a").cloned().collect();
    assert_eq!(why(traces[0].run().unwrap()), "the rule fired again");
    assert_eq!(why(traces[1].run().unwrap()), "Pending");
    assert_eq!(engine.counters("a").unwrap().runs_cancelled, 1);
    let mut other = Engine::new(&rules(&rule("{ wait = '1s' }").replace("'a'", "'b'"))).unwrap();
    let decisions = other.adopt(engine);
    assert!(
        matches!(decisions[..], [Decision::Cancel(_)]),
        "{decisions:?}"
    );
    assert_eq!(
        why(traces[1].run().unwrap()),
        "the rule is gone after a reload"
    );
}

#[test]
fn runs_with_long_values_are_bounded() {
    let text = "[[rule]]\nname = 'a'\non = 'X'\nmode = 'parallel'\ndo = [{ verb = 'push', phone = '1', text = '{{ event.A }}' }, { wait = '1h' }]";
    let mut engine = engine(text);
    let long = Fact::new("X", [("A".to_owned(), "x".repeat(60_000))]);
    let now = Instant::now();
    let started: usize = (0..500).map(|_| engine.decide(&long, now).len()).sum();
    assert!((100..200).contains(&started), "{started}");
    let last = engine.traces("a").last().unwrap().to_string();
    assert!(last.contains("take more than 16 MiB"), "{last}");
    assert_eq!(engine.counters("a").unwrap().skipped, 500 - started as u64);
    // Room is made when runs end.
    assert!(engine.finished(RunId(1), now).is_empty());
    assert_eq!(engine.decide(&long, now).len(), 1);
}

#[test]
fn results_of_a_run_are_bounded() {
    let mut results = StepResults::default();
    let result = |length: usize| StepResult {
        result: Some(serde_json::Value::from("x".repeat(length))),
        ..StepResult::new(Status::Ok, "")
    };
    results.insert(&"a".into(), result(200_000));
    results.insert(&"b".into(), result(100_000));
    let value = results.to_value();
    let field = |id: &str, field: &str| value.get_attr(id).unwrap().get_attr(field).unwrap();
    assert_eq!(field("a", "result").as_str().unwrap().len(), 200_000);
    assert!(field("b", "result").is_none());
    assert_eq!(
        field("b", "reason").as_str(),
        Some("its result of 100002 bytes is not kept")
    );
}
