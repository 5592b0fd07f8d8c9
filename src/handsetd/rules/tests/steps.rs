//! Steps: what is a fault at load, when each is filled in, and what values of events cannot do.

mod faults;
mod insertion;

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
