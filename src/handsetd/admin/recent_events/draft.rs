//! Drafts a rule that fires on a recent event, as TOML to copy into the configuration.

use serde::{Deserialize, Serialize};

use super::of_number;
use crate::admin::daemons::Question;
use crate::admin::question::LocalQuestion;
use crate::admin::state::Services;
use crate::admin::stream;
use crate::rules::Fact;

/// Asks for the draft of a rule that fires on events like the one of that number.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct DraftRule {
    pub(in crate::admin) number: u64,
}

/// A draft.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct Draft {
    /// The rule; `None` if the event is no longer kept.
    pub(in crate::admin) rule: Option<String>,
}

impl Question for DraftRule {
    const NAME: &'static str = "draft-rule";
    type Answer = Draft;
}

impl LocalQuestion for DraftRule {
    async fn here(self, services: &Services) -> Draft {
        let fact = of_number(services, self.number);
        Draft {
            rule: fact.map(|fact| draft(&fact)),
        }
    }
}

/// Returns a rule that fires on events like `fact`, and pushes one of its values.
fn draft(fact: &Fact) -> String {
    let fields = stream::fields(fact);
    let value = |name: &str| {
        let value = fields.get(name).and_then(|value| value.as_str());
        value.filter(|value| !value.is_empty())
    };
    let distinctive: Vec<(&str, &str)> = DISTINCTIVE
        .iter()
        .filter_map(|name| Some((*name, value(name)?)))
        // What looks like a placeholder is refused in a condition.
        .filter(|(_, value)| !value.contains("{{") && !value.contains("{%"))
        .take(MAX_CONDITIONS)
        .collect();
    // JSON escapes strings as the language of conditions does.
    let conditions = distinctive
        .iter()
        .map(|(name, value)| format!("event.{name} == {}", serde_json::Value::from(*value)));
    let conditions: Vec<String> = conditions.collect();
    let text = distinctive.first().map_or_else(
        || fact.name().to_owned(),
        |(name, _)| format!("{name}: {{{{ event.{name} }}}}"),
    );
    let phone = value("phone").map_or("1001", |_| "{{ event.phone }}");
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut lines = vec![
        "[[rule]]".to_owned(),
        format!("name = {}", quoted(fact.name())),
        format!("on = {}", quoted(fact.name())),
    ];
    if !conditions.is_empty() {
        lines.push(format!("when = {}", quoted(&conditions.join(" and "))));
    }
    lines.push(format!(
        "do = [ {{ verb = \"push\", phone = {}, title = {}, text = {} }} ]",
        quoted(phone),
        quoted(fact.name()),
        quoted(&text)
    ));
    lines.join("\n")
}

/// Fields that say what an event is about, the most distinctive first.
const DISTINCTIVE: [&str; 14] = [
    "phone",
    "line",
    "Peer",
    "PeerStatus",
    "Device",
    "State",
    "Queue",
    "Interface",
    "Paused",
    "Exten",
    "StatusText",
    "Mailbox",
    "Cause",
    "UserEvent",
];

/// How many of them a draft compares.
const MAX_CONDITIONS: usize = 2;

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use tokio::time::Instant;

    use super::*;
    use crate::rules::{Decision, Engine, config};

    #[test]
    fn draft_is_a_rule_that_fires_on_the_event_whatever_is_in_it() {
        #[derive(Deserialize)]
        struct Sections {
            rule: Vec<config::Rule>,
        }
        let hostile = "a\" or 1 == 1 '\\ {{ 7 }}\n\u{1}[[rule]]";
        for fields in [
            &[("Peer", "PJSIP/1001"), ("PeerStatus", "Reachable")][..],
            &[("phone", "1001"), ("line", "1")],
            &[("Peer", hostile), ("Queue", "support")],
            &[],
        ] {
            for name in ["PeerStatus", "phone.dnd_on"] {
                let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
                let fact = Fact::new(name, fields.iter().map(owned));
                let draft = draft(&fact);
                let sections: Sections = toml::from_str(&draft).expect(&draft);
                let mut engine = Engine::new(&sections.rule).expect(&draft);
                let decisions = engine.decide(&fact, Instant::now());
                assert!(matches!(decisions[..], [Decision::Start(_)]), "{draft}");
                let keys = ["Peer", "Queue"].map(str::to_owned);
                let other = Fact::new(name, keys.map(|key| (key, "other".to_owned())));
                // Another one, in which no run is in progress.
                let mut engine = Engine::new(&sections.rule).expect(&draft);
                let decisions = engine.decide(&other, Instant::now());
                assert_eq!(decisions.is_empty(), !fields.is_empty(), "{draft}");
            }
        }
    }
}
