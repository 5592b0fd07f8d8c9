//! What rules see of phones.

use std::sync::Arc;

use handset_phones::phone::ServerName;

use super::*;
use crate::rules::{PhoneDescription, Phones};

/// Knows the phone 1002.
#[derive(Debug)]
struct OneDesk;

impl Phones for OneDesk {
    fn describe(&self, name: &str, _: Option<&ServerName>) -> Option<PhoneDescription> {
        matches!(name, "1002" | "PJSIP/1002").then(|| PhoneDescription {
            name: "1002".to_owned(),
            vendor: "snom".to_owned(),
            endpoint: "PJSIP/1002".to_owned(),
            ..PhoneDescription::default()
        })
    }
}

fn engine_with_desk(text: &str) -> Engine {
    engine(text).with_phones(Arc::new(OneDesk))
}

/// Returns what a rule with this text on the screen does.
fn pushed(text: &str) -> String {
    let rule = format!(
        "[[rule]]\nname = \"a\"\non = \"X\"\ndo = [{{ verb = \"push\", phone = \"1\", text = '''{text}''' }}]"
    );
    let mut engine = engine_with_desk(&rule);
    let (decisions, traces) = engine.explain(&fact("Event: X\nOther: 1002"), Instant::now());
    match decisions.as_slice() {
        [] => traces[0].to_string(),
        decisions => shown(decisions),
    }
}

#[test]
fn any_known_phone_can_be_looked_up() {
    for (text, expected) in [
        (
            r#"{{ phones["1002"].vendor }}"#,
            "1 push phone=1 text=snom\n",
        ),
        (
            "{{ phones[event.Other].activity }}",
            "1 push phone=1 text=unknown\n",
        ),
        (
            r#"{{ phones["1009"] is defined }} {{ phones["1002"] is defined }}"#,
            "1 push phone=1 text=False True\n",
        ),
    ] {
        assert_eq!(pushed(text), expected, "{text}");
    }
    let unknown = pushed(r#"{{ phones["1009"].vendor }}"#);
    assert!(
        unknown.starts_with("does not fire: ") && unknown.contains("1009"),
        "{unknown}"
    );
}

#[test]
fn dry_run_shows_the_state_after_the_event() {
    let text = r#"
        [[rule]]
        name = "a"
        on = "DeviceStateChange"
        mode = "parallel"
        do = [{ verb = "push", phone = "1", text = "{{ phones['1002'].activity }}" }]
        [[rule]]
        name = "b"
        on = "X"
        mode = "parallel"
        do = [{ verb = "push", phone = "1", text = "{{ phones['1002'].activity }}" }]
    "#;
    let mut engine = engine_with_desk(text);
    let now = Instant::now();
    let talking = fact("Event: DeviceStateChange\nDevice: PJSIP/1002\nState: INUSE");
    let paused =
        fact("Event: DeviceStateChange\nDevice: Queue:sales_pause_PJSIP/1002\nState: INUSE");
    for (event, expected) in [
        (&paused, "push phone=1 text=unknown"),
        (&talking, "push phone=1 text=talking"),
    ] {
        let traces = engine.dry_run(event, now);
        let run = traces[0].run().unwrap().clone();
        let planned = shown(&[Decision::Start(run)]);
        assert!(planned.trim_end().ends_with(expected), "{planned}");
        // It has changed nothing.
        let later = shown(&engine.decide(&fact("Event: X"), now));
        assert!(later.trim_end().ends_with("text=unknown"), "{later}");
    }
    engine.decide(&talking, now);
    let later = shown(&engine.decide(&fact("Event: X"), now));
    assert!(later.trim_end().ends_with("text=talking"), "{later}");
}
