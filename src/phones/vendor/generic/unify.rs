//! Phones of Unify (`OpenStage`, `OpenScape`, CP): CSTA requests as NOTIFYs outside any dialog.
//!
//! Asterisk sends them. The phone needs its setting `uaCSTA-enabled`. Its 200 says that it has the request; what it
//! answers in CSTA has no way back, so there are no call ids, and nothing that reads. The requests are those that
//! two public programs send (a CSTA provider for Asterisk, and the PBX Gemeinschaft).

use crate::csta::services::{self, CallRequest};
use crate::csta::{Edition, Part, Request, Style};
use crate::phone::{CstaCalls, Phone};
use crate::vendor::{Plan, PlanError, Task};
use crate::verb::Control;

/// Returns whether a model is one that takes CSTA requests as NOTIFYs, as its User-Agent or its label spells it.
pub(super) fn is_one(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    let is_cp = |model: &str| {
        let number = model.strip_prefix("cp");
        number.is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
    };
    model.starts_with("openstage") || model.starts_with("openscape") || is_cp(&model)
}

/// Plans `task` by a NOTIFY.
pub(super) fn plan(phone: &Phone, task: &Task) -> Result<Plan, PlanError> {
    let device = phone
        .endpoint
        .as_ref()
        .map_or_else(|| phone.plain_name(), |endpoint| endpoint.name());
    let request = match task {
        Task::Control(Control::Call(action, None)) => {
            let CallRequest { name, call, .. } = CallRequest::of(*action);
            Request::new(name, vec![Part::connection(call, None, device)])
        }
        Task::Control(Control::Dial { number, line: None }) => {
            services::make_call(device, number.as_str())
        }
        Task::Control(Control::Call(_, Some(_))) => {
            return Err(PlanError::unsupported(
                "call: a NOTIFY names no call on this phone; omit call, or use a CSTA session ([uacsta])",
            ));
        }
        Task::Control(Control::Dial { line: Some(_), .. }) => {
            return Err(PlanError::unsupported(
                "line: a NOTIFY is for the line that it reaches; omit line",
            ));
        }
        _ => return Err(PlanError::unsupported(ONLY)),
    };
    let style = Style {
        envelope: false,
        edition: Edition::Ed3,
        calls: CstaCalls::Nested,
    };
    // All names are our own, so there is a document.
    let document = request
        .document(style)
        .ok_or_else(|| PlanError::unsupported(ONLY))?;
    Ok(Plan::notify(EVENT, Some((CONTENT_TYPE, &document))).with_note(UNCONFIRMED))
}

/// The `Event` of the NOTIFY.
const EVENT: &str = "uaCSTA";

const CONTENT_TYPE: &str = "application/csta+xml";

const ONLY: &str = "by NOTIFY this phone answers, ends, holds, resumes and places calls only; use a CSTA session \
                    ([uacsta], and csta in the [[phone]])";

const UNCONFIRMED: &str = "unverified on real phones: the phone has the request, which counts only with its setting \
                           uaCSTA-enabled, and does not tell whether it did it";

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::csta::SessionDialect;
    use crate::phone::{CstaAccount, Vendor};
    use crate::vendor::testing::{Fixture, control_task};
    use crate::vendor::{Notify, Step};
    use crate::verb::Via;

    fn fixture(model: &str) -> Fixture {
        let mut fixture = Fixture::new(Vendor::Generic, model, "");
        fixture.asterisk = true;
        fixture
    }

    fn notify(
        fixture: &Fixture,
        via: Option<Via>,
        verb: &str,
        pairs: &str,
    ) -> Result<Notify, String> {
        let task = control_task(verb, pairs);
        let plan = match via {
            Some(via) => fixture.plan_via(via, &task),
            None => fixture.plan(&task),
        };
        match plan.map_err(|error| error.to_string())?.steps.as_slice() {
            [Step::Notify(notify)] => Ok(notify.clone()),
            steps => Err(format!("{steps:?}")),
        }
    }

    #[test]
    fn calls_are_controlled_by_notify() {
        let fixture = fixture("OpenStage 60");
        for (verb, pairs, request) in [
            ("answer", "", "<AnswerCall "),
            ("hold", "", "<HoldCall "),
            ("resume", "", "<RetrieveCall "),
            ("dial", "number=100", "<MakeCall "),
        ] {
            let sent = notify(&fixture, None, verb, pairs).unwrap();
            assert_eq!((sent.event.as_str(), sent.call), (EVENT, None));
            let (content_type, document) = sent.body.unwrap();
            assert_eq!(content_type, CONTENT_TYPE);
            assert!(document.contains(request), "{document}");
            assert!(document.contains("/csta/ed3\""), "{document}");
            assert!(!document.contains("callID"), "{document}");
        }
        let hangup = notify(&fixture, Some(Via::Notify), "hangup", "").unwrap();
        assert!(hangup.body.unwrap().1.contains("<ClearConnection "));
    }

    #[test]
    fn asterisk_ends_calls_unless_a_notify_is_asked_for() {
        let planned = notify(&fixture("CP600"), None, "hangup", "");
        assert!(planned.unwrap_err().contains("Channel"));
    }

    #[test]
    fn session_is_preferred_where_it_is_up() {
        let mut fixture = fixture("CP600");
        fixture.phone.csta = CstaAccount::new("1001-csta", "s3cret".into()).ok();
        fixture.csta = SessionDialect::of(&fixture.phone);
        fixture.is_expected = true;
        assert!(
            notify(&fixture, None, "hold", "")
                .unwrap_err()
                .contains("Csta")
        );
        fixture.is_expected = false;
        assert!(notify(&fixture, None, "hold", "").is_ok());
    }

    #[test]
    fn what_a_notify_cannot_do_is_refused() {
        let fixture = fixture("OpenScape Desk Phone IP 55G");
        for (verb, pairs, reason) in [
            ("hold", "call=7", "call:"),
            ("dial", "number=100;line=2", "line:"),
            ("dnd", "state=on", ONLY),
            ("csta", "request=GetDoNotDisturb", ONLY),
        ] {
            let refused = notify(&fixture, Some(Via::Notify), verb, pairs).unwrap_err();
            assert!(refused.contains(reason), "{verb}: {refused}");
        }
    }

    #[test]
    fn other_models_get_none() {
        for model in ["", "X4U", "VVX 410", "CPX"] {
            let refused = notify(&fixture(model), Some(Via::Notify), "hold", "");
            assert!(refused.unwrap_err().contains("verb notify"), "{model}");
        }
    }

    #[test]
    fn request_is_that_of_the_sample() {
        let root = std::env::var_os("HANDSETD_FIXTURES").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
            PathBuf::from,
        );
        let path = root.join("uacsta/notify-unify-makecall.xml");
        let Ok(sample) = std::fs::read_to_string(&path) else {
            println!("skipped: {} is not there", path.display());
            return;
        };
        let mut fixture = fixture("OpenStage 60");
        fixture.phone.endpoint = Some("PJSIP/1002".parse().unwrap());
        let (_, document) = notify(&fixture, None, "dial", "number=1001")
            .unwrap()
            .body
            .unwrap();
        assert_eq!(document, sample.replace('\n', ""));
    }

    #[test]
    fn marks_in_the_name_of_the_phone_are_escaped() {
        let mut fixture = fixture("OpenStage 60");
        fixture.phone.endpoint = None;
        fixture.phone.name = "a</deviceID><callID>7&\r\nEvent: x".to_owned();
        let sent = notify(&fixture, None, "hold", "").unwrap();
        let (_, document) = sent.body.unwrap();
        assert_eq!(crate::xml::document_fault(&document), None);
        assert!(!document.contains("<callID"), "{document}");
    }

    #[test]
    fn note_says_that_it_is_unproven() {
        let plan = fixture("CP600").plan(&control_task("hold", "")).unwrap();
        assert!(plan.note.unwrap().contains("unverified on real phones"));
    }
}
