//! What values of events cannot do in web hooks and actions.

use super::*;

#[test]
fn values_of_events_lead_a_web_hook_nowhere_else() {
    let url = |value: &str| {
        let steps = "{ webhook = 'https://a.example:8443/hook/{{ event.A }}?x={{ event.A }}', json = { a = ['{{ event.A }}', 5, true, 1.5] } }";
        let run = run(steps, &format!("Event: X\nA: {value}"))?;
        let StepAction::Webhook(call) = &run.steps[0].action else {
            panic!()
        };
        assert_eq!(
            call.url.origin().ascii_serialization(),
            "https://a.example:8443"
        );
        assert_eq!(call.url.fragment(), None);
        assert_eq!(call.url.query_pairs().count(), 1);
        let json: serde_json::Value = serde_json::from_str(call.body.as_ref().unwrap()).unwrap();
        assert_eq!(json, serde_json::json!({"a": [value, 5, true, 1.5]}));
        assert_eq!(call.headers["content-type"], "application/json");
        Ok::<_, String>(call.url.to_string())
    };
    assert_eq!(
        url("1 2").unwrap(),
        "https://a.example:8443/hook/1%202?x=1%202"
    );
    assert_eq!(
        url("../a?b=c&d#e").unwrap(),
        "https://a.example:8443/hook/..%2Fa%3Fb%3Dc%26d%23e?x=..%2Fa%3Fb%3Dc%26d%23e"
    );
    for odd in [
        "@b.example/",
        "\\\\b.example",
        "//b.example",
        "{\"a\": 1}",
        "1\", \"b\": \"2",
        "%2e%2e",
        "é",
    ] {
        url(odd).unwrap();
    }
    for (url, value) in [
        ("https://a.example/x/.{{ event.A }}/y", "."),
        ("https://a.example/x/%2e{{ event.A }}/y", "."),
        ("https://a.example/x/%2E%2e{{ event.A }}", ""),
        (
            "https://a.example/x/{% if event.A %}\\\\{% endif %}{{ event.A }}",
            "..",
        ),
    ] {
        let steps = format!("{{ webhook = \"{url}\" }}");
        let why = run(&steps, &format!("Event: X\nA: {value}")).unwrap_err();
        let is_told = why.contains("leads to another path") || why.contains("no A");
        assert!(is_told, "{url}: {why}");
    }
    for dots in ["..", "."] {
        let why = url(dots).unwrap_err();
        assert!(why.contains("leads to another path"), "{why}");
    }
}

#[test]
fn values_of_events_add_no_header() {
    let event = Fact::new("X", [("A".to_owned(), "1\r\nAction: Command".to_owned())]);
    for steps in [
        "{ ami = 'Setvar', Channel = 'PJSIP/1-1', Variable = 'A', Value = '{{ event.A }}' }",
        "{ webhook = 'https://a/', headers = { A = '{{ event.A }}' } }",
    ] {
        let (decisions, traces) = engine(&rule(steps)).explain(&event, Instant::now());
        assert!(decisions.is_empty(), "{steps}");
        assert!(
            traces[0].to_string().contains("line break"),
            "{}",
            traces[0]
        );
    }
    let hangup = "{ ami = 'Hangup', Channel = ' {{ event.A }}' }";
    for expression in ["/.*/", " \t/.*/", "\u{1}\u{1f}/^PJSIP/"] {
        let event = Fact::new("X", [("A".to_owned(), expression.to_owned())]);
        let (decisions, traces) = engine(&rule(hangup)).explain(&event, Instant::now());
        assert!(decisions.is_empty(), "{expression:?}");
        let why = traces[0].to_string();
        assert!(
            why.contains("is a regular expression, not a channel"),
            "{why}"
        );
    }
    assert!(run("{ ami = 'Hangup', Channel = '/^PJSIP/' }", "Event: X").is_ok());
}

#[test]
fn values_of_events_set_no_other_variable() {
    let originate = "{ ami = 'Originate', Channel = 'PJSIP/1', Async = true, Variable = 'A=x,B={{ event.A }}' }";
    assert_eq!(
        planned(originate, "Event: X\nA: 1,DB(a/b)=\"2")[0],
        r#"ami Originate Async="true" Channel="PJSIP/1" Variable="A=x,B=1\\,DB\\(a/b\\)=\\\"2""#
    );
    let setvar = "{ ami = 'Setvar', Channel = 'PJSIP/1-1', Variable = 'X_{{ event.A }}', Value = '{{ event.A }}' }";
    assert!(planned(setvar, "Event: X\nA: 1,2")[0].contains("Value=\"1,2\""));
    let why = run(setvar, "Event: X\nA: SHELL(id)").unwrap_err();
    assert!(why.contains("would be a function"), "{why}");
}

#[test]
fn action_has_its_headers_and_a_list_repeats_one() {
    let steps = "{ ami = 'Originate', Channel = '{{ event.A }}', Variable = ['A=1', 'B={{ event.A }}'], Timeout = 3000, Async = true, server = 'pbx', deadline = '2s' }";
    assert_eq!(
        planned(steps, "Event: X\nA: PJSIP/1"),
        [
            "ami Originate server=\"pbx\" Async=\"true\" Channel=\"PJSIP/1\" Timeout=\"3000\" Variable=\"A=1\" Variable=\"B=PJSIP/1\""
        ]
    );
}
