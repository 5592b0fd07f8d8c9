//! Rules: conditions and templates over the headers of an event, within their fuel.
//!
//! An input is a condition, a template and a key of the limit, one per line and with `\n` for line
//! breaks, and then an event.

use std::time::Duration;

use handset_ami::Event;
use handsetd::fuzzing::{Engine, Fact, Limit, Mode, Moment, Rule, Value, Values};

/// Evaluates a rule for the event twice.
pub fn check(bytes: &[u8]) {
    let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
    let mut line = || {
        let line = String::from_utf8_lossy(parts.next().unwrap_or_default());
        line.replace("\\n", "\n")
    };
    let (when, text, per) = (line(), line(), line());
    let Some(event) = parts.next().and_then(Event::parse) else {
        return;
    };
    let headers = event
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let Some(fact) = Fact::of_headers(headers) else {
        return;
    };
    let rule = rule(fact.name(), when, &text, per);
    let Ok(mut engine) = Engine::new(&[rule]) else {
        return;
    };
    let now = Moment::now();
    for _ in 0..2 {
        let (_, traces) = engine.explain(&fact, now);
        for trace in traces {
            let _ = trace.to_string();
            let Some(run) = trace.run() else { continue };
            for step in run.steps.iter() {
                let call = step.call().expect("the rule makes a request");
                let length: usize = call.pairs.iter().map(|(_, value)| value.len()).sum();
                assert!(length <= MAX_TEXT, "a template produced {length} bytes");
            }
        }
    }
    let _ = engine.dry_run(&fact, now);
}

fn rule(on: &str, when: String, text: &str, per: String) -> Rule {
    let mut push = Values::new();
    for (key, value) in [("verb", "push"), ("phone", "1001"), ("text", text)] {
        push.insert(key.to_owned(), Value::Text(value.to_owned()));
    }
    Rule {
        name: "rule".to_owned(),
        on: vec![on.to_owned()],
        schedule: None,
        timezone: None,
        when: Some(when).filter(|when| !when.is_empty()),
        limit: Some(Limit {
            every: Duration::from_secs(10),
            per: Some(per).filter(|per| !per.is_empty()),
        }),
        steps: vec![push],
        mode: Mode::default(),
        tests: Vec::new(),
    }
}

/// Maximum length of the text of a template plus the name of the phone, in bytes.
const MAX_TEXT: usize = 64 * 1024 + 16;
