//! Arbitrary events, conditions and templates.

use proptest::prelude::*;

use super::*;
use crate::rules::context::testing::of;

proptest! {
    #[test]
    fn events_never_cause_a_panic(
        pairs in prop::collection::vec(("[A-Za-z-]{0,12}|Paused|Queue|Interface|phone|Channel|UserEvent", "\\PC{0,20}|1|sales"), 0..12),
        name in "QueueMemberPause|phone.dnd_on|UserEvent|\\PC{0,8}",
    ) {
        let mut engine = engine(&format!("{PAUSED}{DND}"));
        let now = Instant::now();
        let headers = std::iter::once(("Event".to_owned(), name)).chain(pairs);
        let fact = Fact::of_headers(headers).unwrap();
        let (_, traces) = engine.explain(&fact, now);
        prop_assert_eq!(traces.len(), 2);
        for trace in traces {
            let _ = trace.to_string();
        }
        engine.finished(RunId(1), now);
    }

    #[test]
    fn conditions_and_templates_never_cause_a_panic(when in "\\PC{0,30}|event.[a-z=' ()|]{0,20}", text in "\\{\\{\\PC{0,20}\\}\\}") {
        if let Ok(condition) = condition::Condition::parse(&when) {
            let _ = condition.is_met(&of(&fact("Event: X\na: 1")));
        }
        if let Ok(template) = template::Template::parse(&text) {
            let _ = template.fill(&of(&fact("Event: X\na: 1")));
        }
    }
}
