//! Steps for tests of their execution.

use tokio::time::Instant;

use super::{Decision, Engine, Fact, StepAction, WebhookCall, config};

/// Returns the web hook with these keys.
pub(crate) fn webhook(keys: &str) -> WebhookCall {
    #[derive(serde::Deserialize)]
    struct Sections {
        rule: Vec<config::Rule>,
    }
    let text = format!("[[rule]]\nname = 'r'\non = 'X'\ndo = [{{ {keys} }}]");
    let sections: Sections = toml::from_str(&text).unwrap();
    let mut engine = Engine::new(&sections.rule).unwrap();
    match &engine.decide(&Fact::new("X", []), Instant::now())[..] {
        [Decision::Start(run)] => match &run.steps[0].action {
            StepAction::Webhook(call) => WebhookCall::clone(call),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}
