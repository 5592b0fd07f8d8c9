mod explosions;
mod expressions;
mod failures;
mod firing;
mod limits;
mod load;
mod loop_guard;
mod modes;
mod nonsense;
mod phones;
mod steps;
mod triggers;

use std::fmt::Write as _;
use std::time::Duration;

use tokio::time::Instant;

use super::config;
use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn rules(text: &str) -> Vec<config::Rule> {
    #[derive(serde::Deserialize)]
    struct Sections {
        rule: Vec<config::Rule>,
    }
    toml::from_str::<Sections>(text).unwrap().rule
}

fn engine(text: &str) -> Engine {
    Engine::new(&rules(text)).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// Reads `Name: value` lines.
fn fact(text: &str) -> Fact {
    let pairs = text.lines().filter_map(|line| {
        let (name, value) = line.trim_start().split_once(": ")?;
        Some((name.to_owned(), value.to_owned()))
    });
    Fact::of_headers(pairs).unwrap()
}

fn shown(decisions: &[Decision]) -> String {
    let mut text = String::new();
    for decision in decisions {
        match decision {
            Decision::Cancel(id) => writeln!(text, "cancel {id}").unwrap(),
            Decision::Start(run) => {
                for step in run.steps.iter() {
                    write!(text, "{} ", run.id).unwrap();
                    match &step.action {
                        StepAction::Verb(call) => {
                            write!(text, "{}", call.request.verb).unwrap();
                            for (key, value) in &call.pairs {
                                write!(text, " {key}={value}").unwrap();
                            }
                        }
                        _ => write!(text, "{}", Outline::from(step)).unwrap(),
                    }
                    text.push('\n');
                }
            }
        }
    }
    text
}

/// Passes events to the rules, a second apart, and compares the started runs and the reasons of rules
/// that do not fire. Each run ends at once.
fn check(text: &str, events: &[(&str, &str)]) {
    let mut engine = engine(text);
    let mut now = Instant::now();
    for (event, expected) in events {
        let joined = |traces: &[std::sync::Arc<Trace>]| {
            let traces = traces.iter().map(ToString::to_string);
            traces.collect::<Vec<_>>().join("\n")
        };
        let dry = joined(&engine.dry_run(&fact(event), now));
        let (decisions, traces) = engine.explain(&fact(event), now);
        // A dry run has the same result and no effect, which the next event would show.
        assert_eq!(dry, joined(&traces), "{event}");
        let mut output = shown(&decisions);
        for trace in traces.iter().filter(|trace| trace.run().is_none()) {
            writeln!(output, "{trace}").unwrap();
        }
        assert_eq!(output.trim_end(), *expected, "{event}");
        for decision in decisions {
            if let Decision::Start(run) = decision {
                assert_eq!(shown(&engine.finished(run.id, now)), "");
            }
        }
        now += SECOND;
    }
}

const PAUSED: &str = r#"
    [[rule]]
    name = "desk"
    on = "QueueMemberPause"
    when = "event.Paused == '1' and event.Queue == 'sales'"
    limit = { every = "10s", per = "{{ event.Interface }}" }
    do = [{ verb = "push", phone = "{{ event.Interface }}", title = "Break", text = "{{ event.Reason }}" }]
"#;

fn paused(interface: &str, more: &str) -> String {
    format!(
        "Event: QueueMemberPause\nQueue: sales\nPaused: 1\nReason: tea\nInterface: {interface}\n{more}"
    )
}

/// A Yealink phone reports DND even if the rule has set it.
const DND: &str = r#"
    [[rule]]
    name = "both desks"
    on = "phone.dnd_on"
    do = [{ verb = "dnd", phone = "1001&PJSIP/1002", state = "on" }]
"#;
