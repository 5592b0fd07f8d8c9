//! Which tasks go over a session, and which another way.

use super::*;
use crate::vendor::PlanError;
use crate::vendor::testing::push_task;
use crate::verb::Via;

/// Returns the transport of the first step, or the reason why there is none.
fn transport(fixture: &Fixture, via: Option<Via>, verb: &str, pairs: &str) -> String {
    let task = if verb == "push" {
        push_task(pairs)
    } else {
        control_task(verb, pairs)
    };
    let plan = match via {
        Some(via) => fixture.plan_via(via, &task),
        None => fixture.plan(&task),
    };
    match plan {
        Ok(plan) => match &plan.steps[0] {
            Step::Csta(_) => "session".to_owned(),
            Step::Http(exchange) => exchange.request.transport.to_owned(),
            Step::Notify(_) => "notify".to_owned(),
            _ => "pbx".to_owned(),
        },
        Err(PlanError::Unsupported(_)) => "-".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn session_is_preferred_for_what_it_is_made_for() {
    let mut snom = fixture(Vendor::Snom, "D785", "10.1.198.12");
    let mut d8 = fixture(Vendor::Snom, "D865", "10.1.226.13");
    let mut yealink = yealink();
    for phone in [&mut snom, &mut d8, &mut yealink] {
        phone.asterisk = true;
    }
    let csta = Some(Via::Csta);
    for (via, verb, pairs, expected) in [
        (csta, "hold", "", ["session", "session", "session"]),
        (csta, "push", "text=a", ["csta", "-", "-"]),
        (csta, "csta", "request=MonitorStart", ["-", "-", "-"]),
        (None, "hold", "", ["http", "notify", "notify"]),
        (None, "hold", "call=7", ["session", "session", "session"]),
        (
            None,
            "hold",
            "call=PJSIP/1001-1",
            [
                "notify",
                "notify",
                "call: invalid call id \"PJSIP/1001-1\"; use $call_id of the action URL",
            ],
        ),
        (
            None,
            "transfer",
            "number=2;call=7",
            ["session", "session", "session"],
        ),
        (
            None,
            "csta",
            "request=GetCSTAFeatures",
            ["session", "session", "session"],
        ),
        (None, "info", "", ["http", "session", "http"]),
        (Some(Via::Http), "hold", "call=7", ["-", "-", "http"]),
    ] {
        let got = [&snom, &d8, &yealink].map(|phone| transport(phone, via, verb, pairs));
        assert_eq!(got, expected, "{verb} {pairs} {via:?}");
    }
    // A session that is not up is waited for only where nothing else does it.
    for phone in [&mut snom, &mut d8, &mut yealink] {
        phone.is_expected = false;
    }
    for (via, verb, pairs, expected) in [
        (csta, "hold", "call=7", ["csta", "session", "session"]),
        (None, "hold", "call=7", ["csta", "session", "http"]),
        (
            None,
            "transfer",
            "number=2;call=7",
            ["http", "session", "session"],
        ),
    ] {
        let got = [&snom, &d8, &yealink].map(|phone| transport(phone, via, verb, pairs));
        assert_eq!(got, expected, "{verb} {pairs} {via:?}");
    }
}

#[test]
fn phone_without_an_account_has_no_session() {
    let yealink = Fixture::new(Vendor::Yealink, "T54W", "96.86.0.70");
    let refused = planned(&yealink, "hold", "").unwrap_err();
    assert!(refused.contains("[uacsta]"), "{refused}");
    let snom = Fixture::new(Vendor::Snom, "D785", "10.1.198.12");
    for request in ["MonitorStart", "MonitorStop", "SystemRegister"] {
        let refused = planned(&snom, "csta", &format!("request={request}")).unwrap_err();
        assert!(
            refused.contains("action URLs") && refused.contains("[uacsta]"),
            "{refused}"
        );
    }
}
