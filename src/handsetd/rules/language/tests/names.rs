//! Names that do not exist.

use super::*;

#[test]
fn names_that_do_not_exist_are_found_at_load() {
    for (condition, expected) in UNKNOWN_NAMES {
        let error = met(condition).unwrap_err();
        assert!(error.contains(expected), "{condition}: {error}");
        // The same in a branch that is never taken.
        let (fault, _) = error.split_once(" (").unwrap();
        if !fault.starts_with("syntax") {
            let template = format!("a {{% if false %}}{{{{ {condition} }}}}{{% endif %}} b");
            let error = filled(&template).unwrap_err();
            assert!(error.starts_with(fault), "{template}: {error}");
        }
    }
    for (condition, column) in [
        ("{{ event.A == '1' }}", 1),
        ("{{ event.A }} == '1'", 1),
        ("'1' == '{{ event.A }}'", 8),
        ("{% if event.A %}true{% endif %}", 1),
    ] {
        let error = met(condition).unwrap_err();
        let expected = format!("write event.Name without {{{{ }}}} (column {column}: ");
        assert!(error.contains(&expected), "{condition}: {error}");
    }
    for condition in [
        "event.A is defined and event.A == 'true'",
        "phone.activity in ['idle', 'away'] and phone.dnd != 'on' and 'unknown' == phone.hook",
        "event.Or == event.Contains",
        "(1 == 1) == true",
    ] {
        assert!(Condition::parse(condition).is_ok(), "{condition}");
    }
    for (template, expected) in [
        ("{{ event.A = 1 }}", "did you mean ==? (column 12: = 1 }})"),
        (
            "{% if event.A = 1 %}a{% endif %}",
            "did you mean ==? (column 15: = 1 %}",
        ),
        (
            "{% fi event.A %}{% endif %}",
            "syntax error: unknown statement fi",
        ),
        (
            "{% if event.A %}{% elsif event.B %}{% endif %}",
            "unknown statement elsif; did you mean elif?",
        ),
        ("{% for a in b %}{{ a }}{% endfor %}", "unknown name b"),
        (
            "{% for a in [1] %}{{ a }}{% endfor %}{{ a }}",
            "a is assigned to only inside a block, and used outside",
        ),
        ("{% set x = event.A %}{{ x|uper }}", "unknown filter uper"),
    ] {
        let error = filled(template).unwrap_err();
        assert!(error.contains(expected), "{template}: {error}");
    }
}

#[test]
fn names_of_filters_and_tests_are_complete() {
    // The only place where minijinja names them.
    let environment = format!("{:?}", *crate::rules::scope::ENVIRONMENT);
    let names = |kind: &str| {
        let start = environment.find(&format!("{kind}: [")).unwrap() + kind.len() + 3;
        let list = environment[start..].split(']').next().unwrap();
        let names = list
            .split(", ")
            .map(|name| name.trim_matches('"').to_owned());
        names
            .filter(|name| !name.starts_with("__"))
            .collect::<Vec<_>>()
    };
    assert_eq!(names("filters"), vocabulary::FILTERS);
    assert_eq!(names("tests"), vocabulary::TESTS);
}

#[test]
fn all_faults_of_a_text_are_found() {
    let faults = |text: &str| {
        let error = Condition::parse(text).unwrap_err();
        error.each()
    };
    assert_eq!(
        faults("Queue == 'a' and event.Channel.statswith('x') or evnt.Cause == 1"),
        [
            "unknown name Queue; use event.Queue for a value of the event, or put literal text in quotes \
             (column 1: Queue == 'a' and event.Channel.statswith…)",
            "unknown method statswith of a text; did you mean startswith? (column 32: statswith('x') or evnt.Cause == 1)",
            "unknown name evnt; did you mean event? (column 50: evnt.Cause == 1)",
        ]
    );
    // What explains another one at the same place stands for both.
    assert_eq!(faults("event.Cause-txt == 'x'").len(), 1);
    let error = Template::parse("{{ evnt.A }} {% if now.hours > 1 %}{{ event.B|uper }}{% endif %}");
    let columns: Vec<String> = error.unwrap_err().each();
    let columns = columns
        .iter()
        .map(|fault| fault.split(" (").next().unwrap());
    assert_eq!(
        columns.collect::<Vec<_>>(),
        [
            "unknown name evnt; did you mean event?",
            "now has no attribute hours; did you mean hour?",
            "unknown filter uper; did you mean upper?",
        ]
    );
}
