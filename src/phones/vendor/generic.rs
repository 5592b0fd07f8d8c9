//! Phones of vendors without a backend: Auerswald, Fanvil, Gigaset, Grandstream, Mitel, Panasonic, Poly and others.
//!
//! They are controlled in a CSTA session, by the verb `notify`, and by calls that Asterisk places. All of that
//! is planned before a backend is asked. Phones of Unify also take CSTA requests by NOTIFY.

mod unify;

use super::{Backend, Plan, PlanContext, PlanError, PreparedContent, Task, pbx};
use crate::documents::{Documents, StoredContent};
use crate::phone::Phone;
use crate::verb::Via;

/// Phones of vendors without a backend.
#[derive(Debug)]
pub(super) struct Generic;

impl Backend for Generic {
    fn plan(
        &self,
        phone: &Phone,
        task: &Task,
        context: &PlanContext<'_>,
    ) -> Result<Plan, PlanError> {
        if unify::is_one(&phone.model) && is_for_notify(task, context) {
            return unify::plan(phone, task);
        }
        Err(PlanError::unsupported(match context.via {
            Some(Via::Http) => "handsetd knows no HTTP commands of phones of this vendor; omit via",
            Some(Via::Notify) => {
                "handsetd knows no NOTIFY of phones of this vendor that does it; use the verb notify, or omit via"
            }
            _ => NO_WAY,
        }))
    }

    fn document(
        &self,
        _: &Phone,
        _: &PreparedContent,
        _: &Documents,
    ) -> Result<StoredContent, PlanError> {
        Err(PlanError::unsupported(NO_SCREENS))
    }

    fn closing_document(&self, _: &Phone) -> StoredContent {
        empty()
    }

    fn test_document(&self, _: &Phone) -> (StoredContent, &'static str) {
        (empty(), NO_SCREENS)
    }
}

/// Returns whether a NOTIFY is the best way for a task, or the one asked for. It shows less of what the phone did than
/// a session or Asterisk.
fn is_for_notify(task: &Task, context: &PlanContext<'_>) -> bool {
    let has_session = context.csta.is_some_and(|session| session.is_expected);
    match context.via {
        Some(via) => via == Via::Notify,
        None => context.asterisk && !has_session && !pbx::can_replace_key(task),
    }
}

fn empty() -> StoredContent {
    StoredContent::new("text/plain", "")
}

/// Why a task is not done.
const NO_WAY: &str = "phones of other vendors do what a CSTA session offers ([uacsta], and csta in the [[phone]]), \
                      notify, and via=pbx";

const NO_SCREENS: &str = "handsetd knows no screens of phones of this vendor";

#[cfg(test)]
mod tests {
    use crate::csta::SessionDialect;
    use crate::phone::{CstaAccount, Identity, Vendor};
    use crate::vendor::Step;
    use crate::vendor::testing::{Fixture, control_task, push_task};
    use crate::verb::Via;

    fn fixture(has_account: bool) -> Fixture {
        let mut fixture = Fixture::new(Vendor::Generic, "X4U", "");
        fixture.asterisk = true;
        if has_account {
            fixture.phone.csta = CstaAccount::new("1001-csta", "s3cret".into()).ok();
            fixture.csta = SessionDialect::of(&fixture.phone);
            // It is UNREACHABLE until it registers, not unable.
            fixture.is_expected = false;
        }
        fixture
    }

    /// Returns the kind of the first step, or the reason why there is none.
    fn way(fixture: &Fixture, via: Option<Via>, verb: &str, pairs: &str) -> String {
        let task = match verb {
            "push" => push_task(pairs),
            _ => control_task(verb, pairs),
        };
        let plan = match via {
            Some(via) => fixture.plan_via(via, &task),
            None => fixture.plan(&task),
        };
        match plan.map(|plan| plan.steps) {
            Ok(steps) => match steps.as_slice() {
                [Step::Csta(exchange), ..] => exchange.message.name().to_owned(),
                [Step::Notify(notify)] => notify.event.clone(),
                [Step::Call(_) | Step::Channel(_)] => "pbx".to_owned(),
                steps => panic!("{steps:?}"),
            },
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn session_does_what_it_can() {
        let (with, without) = (fixture(true), fixture(false));
        for (verb, pairs, request) in [
            ("answer", "", "SnapshotDevice"),
            ("hold", "call=7", "HoldCall"),
            ("dial", "number=100", "MakeCall"),
            ("dnd", "state=on", "SetDoNotDisturb"),
            ("info", "", "RequestSystemStatus"),
            ("csta", "request=GetCSTAFeatures", "GetCSTAFeatures"),
        ] {
            assert_eq!(way(&with, None, verb, pairs), request);
            assert_eq!(way(&with, Some(Via::Csta), verb, pairs), request);
            assert_eq!(way(&without, None, verb, pairs), super::NO_WAY);
        }
    }

    #[test]
    fn asterisk_does_what_it_can() {
        for fixture in [fixture(true), fixture(false)] {
            assert_eq!(way(&fixture, Some(Via::Pbx), "dial", "number=100"), "pbx");
            assert_eq!(way(&fixture, None, "hangup", ""), "pbx");
            assert_eq!(
                way(&fixture, None, "notify", "event=check-sync"),
                "check-sync"
            );
        }
    }

    #[test]
    fn everything_else_is_refused_with_what_there_is() {
        let fixture = fixture(true);
        for (verb, pairs) in [
            ("push", "text=a"),
            ("reboot", ""),
            ("key", "keys=1"),
            ("led", "state=on"),
        ] {
            assert_eq!(way(&fixture, None, verb, pairs), super::NO_WAY, "{verb}");
        }
        assert!(way(&fixture, Some(Via::Http), "hold", "").contains("no HTTP commands"));
        assert!(way(&fixture, Some(Via::Notify), "hold", "").contains("verb notify"));
    }

    #[test]
    fn no_user_agent_is_recognized_as_one() {
        for agent in [
            "Grandstream GXP2170 1.0.9.26",
            "PolycomVVX-VVX_410-UA/5.9.0",
            "Fanvil X4U 2.4.5",
        ] {
            assert_eq!(Identity::of_user_agent(agent), None, "{agent}");
        }
    }
}
