use tokio::time::Instant;

use super::*;
use crate::rules::condition::Condition;
use crate::rules::fact::Fact;
use crate::rules::template::Template;
use crate::rules::{Engine, Outline, config};

/// Evaluates a rule for each fact; returns the traces, each with the keys of the push.
fn verdicts(when: &str, facts: &[Fact]) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Sections {
        rule: Vec<config::Rule>,
    }
    let text = format!(
        "[[rule]]\nname = 'r'\non = 'phone.incoming_call'\nwhen = \"{when}\"\n\
         do = [{{ verb = 'push', text = '{{{{ phone.name }}}} {{{{ phone.activity }}}}' }}]"
    );
    let sections: Sections = toml::from_str(&text).unwrap();
    let mut engine = Engine::new(&sections.rule).unwrap();
    let texts = facts.iter().map(|fact| {
        let (_, traces) = engine.explain(fact, Instant::now());
        let run = traces[0].run();
        let pairs = run.map(|run| Outline::from(&run.steps[0]).to_string());
        format!("{} {}", traces[0], pairs.unwrap_or_default())
    });
    texts.collect()
}

fn phone_event(event: &str) -> Fact {
    Fact::of_phone(event, "1001", [])
}

#[test]
fn expressions_too_long_to_compile_are_rejected() {
    for link in [
        "1+",
        "1|abs+",
        "not ",
        "-",
        "1 if 1 else ",
        "1 and ",
        "event.",
        "1~",
    ] {
        let chain = |length: usize| format!("{}1", link.repeat((length - 1) / link.len()));
        // The result does not matter, as long as the stack does not overflow.
        let longest = chain(MAX_EXPRESSION);
        drop(Condition::parse(&longest));
        drop(Template::parse(&format!(
            "{{{{{}}}}}",
            chain(MAX_EXPRESSION - 2)
        )));

        let text = chain(60_000);
        let template = format!("{{{{ 1 }}}} {{{{{text}}}}}");
        let refused = [
            Condition::parse(&text).unwrap_err(),
            Template::parse(&template).unwrap_err(),
        ];
        for error in refused {
            assert!(matches!(error, Error::TooLongExpression { .. }), "{error}");
        }
    }
    let long = format!("{0}{{{{ 1 }}}}{0}{{# {0} #}}", "text ".repeat(2000));
    assert!(Template::parse(&long).is_ok());
    assert!(Template::parse(&"text {{ 1 }} ".repeat(2000)).is_ok());
}

#[test]
fn slices_with_a_step_are_rejected() {
    for expression in [
        "event.Name[::-1]",
        "values.Name[1:'a]':x]",
        "'[' ~ [{'a': 1}][ : (1) : -1]",
    ] {
        let template = format!("[1::2] {{% if {expression} %}}x{{% endif %}}");
        let refused = [
            Condition::parse(expression).unwrap_err(),
            Template::parse(&template).unwrap_err(),
        ];
        for error in refused {
            let error = error.to_string();
            assert!(
                error.starts_with("slices with a step"),
                "{expression}: {error}"
            );
        }
    }
    for expression in [
        "event.Name[1:-1]",
        "'[::-1]'",
        "[{'a': {'b': 1}}][:2]",
        "\"\\\"[::]\"",
    ] {
        assert!(Condition::parse(expression).is_ok(), "{expression}");
        assert!(Template::parse(&format!("[1::2] {{{{ {expression} }}}}")).is_ok());
    }
}

/// Once this fails, the step can be allowed: then remove it from `language::check`.
#[test]
fn minijinja_still_panics_on_a_backward_slice_of_an_empty_text() {
    let evaluated = std::panic::catch_unwind(|| {
        let environment = Environment::new();
        let expression = environment.compile_expression("''[::-1]").unwrap();
        expression.eval(()).map(|value| value.to_string())
    });
    assert!(evaluated.is_err(), "fixed upstream: {evaluated:?}");
}

#[test]
fn conditions_can_use_the_state_of_the_phone() {
    let device = [
        ("Event", "DeviceStateChange"),
        ("Device", "PJSIP/1001"),
        ("State", "INUSE"),
    ];
    let device = device.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let facts = [
        phone_event("incoming_call"),
        phone_event("dnd_on"),
        phone_event("incoming_call"),
        phone_event("dnd_off"),
        phone_event("incoming_call"),
        Fact::of_headers(device).unwrap(),
    ];
    let verdicts = verdicts("phone.dnd != 'on'", &facts);
    assert!(verdicts[0].contains("fires"), "{}", verdicts[0]);
    assert!(verdicts[0].contains("1001 ringing"), "{}", verdicts[0]);
    assert!(verdicts[2].contains("does not fire"), "{}", verdicts[2]);
    assert!(
        verdicts[2].contains("phone.dnd is \"on\""),
        "{}",
        verdicts[2]
    );
    assert!(verdicts[4].contains("fires"), "{}", verdicts[4]);
}
