//! Steps and schedules of rules: what reaches web servers and Asterisk, and when.
//!
//! An input is the section of a rule as TOML, an event, and optionally the result of each step as JSON,
//! separated by lines `--`.

use std::time::Duration;

use handset_ami::Event;
use handsetd::fuzzing::{Clock, Engine, Fact, Moment, Sent, Value, Values, read_rule, take_steps};
use url::Url;

/// Follows the schedule of a rule, and takes its steps for the event.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.splitn(3, "\n--\n");
    let Ok(mut rule) = read_rule(parts.next().unwrap_or_default()) else {
        return;
    };
    let engine = match Engine::new(std::slice::from_ref(&rule)) {
        Ok(engine) => engine,
        Err(errors) => {
            for error in errors {
                check_error(&error.to_string(), text.len());
            }
            return;
        }
    };
    if rule.schedule.is_some() {
        for start in STARTS {
            follow(&engine, start);
        }
    }
    let Some(event) = parts.next().and_then(|part| Event::parse(part.as_bytes())) else {
        return;
    };
    let headers = event
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let Some(fact) = Fact::of_headers(headers) else {
        return;
    };
    // Most inputs would wait for another event.
    rule.on.push(fact.name().to_owned());
    let Ok(mut engine) = Engine::new(std::slice::from_ref(&rule)) else {
        return;
    };
    let result = parts.next().unwrap_or_default();
    let result = result.parse().unwrap_or_else(|_| result.into());
    let now = Moment::now();
    let preview = engine.dry_run(&fact, now);
    let (_, traces) = engine.explain(&fact, now);
    for (trace, preview) in traces.iter().zip(&preview) {
        assert_eq!(
            trace.to_string(),
            preview.to_string(),
            "the dry run differs"
        );
        if let Some(run) = trace.run() {
            let sent = take_steps(run, &result);
            assert_eq!(sent.len(), rule.steps.len());
            for (sent, values) in sent.iter().zip(&rule.steps) {
                check_step(sent, values);
            }
        }
    }
}

/// Checks that what a step sends is what the rule has written, and within its limits.
fn check_step(sent: &Sent, values: &Values) {
    match sent {
        Sent::Ami(action) => {
            assert_eq!(
                values.get("ami"),
                Some(&Value::Text(action.name().to_owned()))
            );
            let mut headers = 0;
            for (name, value) in action.headers() {
                let is_written = values.contains_key(name) || name == "Async";
                assert!(is_written, "a header {name} was added");
                assert!(
                    !value.contains(['\r', '\n', '\0']),
                    "{value:?} is not one line"
                );
                headers += 1;
            }
            let written: usize = values.values().map(count).sum();
            assert!(headers <= written + 1, "{headers} headers of {written}");
        }
        Sent::Verb(length) => {
            let written: usize = values.values().map(count).sum();
            assert!(*length <= written * MAX_TEXT, "a request of {length} bytes");
        }
        Sent::Wait(duration) => assert!(*duration <= MAX_WAIT, "{duration:?}"),
        Sent::Webhook {
            origin,
            headers,
            length,
        } => {
            if let Some(Value::Text(text)) = values.get("webhook") {
                assert_eq!(*origin, written_origin(text), "{text:?} leads elsewhere");
            }
            assert!(*length <= MAX_WEBHOOK, "a web hook of {length} bytes");
            let written = match values.get("headers") {
                Some(Value::Table(table)) => table.len(),
                _ => 0,
            };
            // And the type of the body.
            assert!(headers.len() <= written + 1, "{headers:?}");
        }
        _ => {}
    }
}

/// Returns scheme, host and port as they are written, before anything of the event.
fn written_origin(text: &str) -> String {
    let marks = ["{{", "{%", "{#"].iter();
    let start = marks.filter_map(|mark| text.find(mark)).min();
    let literal = start.and_then(|start| text.get(..start)).unwrap_or(text);
    Url::parse(literal).map_or_else(
        |error| format!("{literal:?}: {error}"),
        |url| url.origin().ascii_serialization(),
    )
}

/// Returns how many values a key has.
fn count(value: &Value) -> usize {
    match value {
        Value::List(list) => list.len(),
        _ => 1,
    }
}

/// Checks that an error says something, and not the whole input several times.
fn check_error(error: &str, length: usize) {
    assert!(!error.is_empty());
    // Control characters are escaped, in up to ten characters.
    assert!(
        error.len() <= 1024 + 32 * length,
        "an error of {} bytes",
        error.len()
    );
}

/// Checks that a schedule goes on, is due once at each of its times, and is not repeated by a restart.
fn follow(engine: &Engine, start: i64) {
    let mut clock = Clock::new(engine, start);
    assert_eq!(clock.take_due(start), [], "a new rule is due at once");
    let mut now = start;
    for _ in 0..TIMES {
        let Some(next) = clock.next() else { return };
        assert!(now < next, "after {now} it is due at {next}");
        assert_eq!(clock.take_due(next - 1), [], "it is due too early");
        let due = clock.take_due(next);
        let [(at, local)] = due.as_slice() else {
            panic!("at {next} it is due {} times", due.len());
        };
        assert_eq!(*at, next, "{local}");
        assert_eq!(clock.take_due(next), [], "it is due twice");
        let mut restarted = clock.restarted(engine, next);
        assert_eq!(restarted.take_due(next), [], "a restart repeats it");
        assert_eq!(restarted.next(), clock.next(), "a restart changes it");
        now = next;
    }
}

/// Before the clock changes of Berlin and New York in 2026, and before a leap day: seconds since 1970.
const STARTS: [i64; 3] = [1_772_900_000, 1_792_900_000, 1_835_395_199];

/// How many times of a schedule are followed.
const TIMES: usize = 5;

/// The longest pause.
const MAX_WAIT: Duration = Duration::from_hours(24);

/// The longest result of a template, in bytes.
const MAX_TEXT: usize = 64 * 1024;

/// The longest URL and the longest body of a web hook, in bytes.
const MAX_WEBHOOK: usize = (8 + 256) * 1024;
