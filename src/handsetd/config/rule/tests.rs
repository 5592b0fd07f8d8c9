use std::fs;
use std::path::Path;

use crate::config::{Config, Sources};
use crate::rules::Moment;

fn load(path: &Path) -> Config {
    let sources = Sources {
        file: path.to_owned(),
        is_required: true,
        variables: Vec::new(),
    };
    Config::load(&sources).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Runs the tests of the rules in `text`; returns what is reported.
fn test_rules(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handsetd.toml");
    fs::write(&path, text).unwrap();
    let prefix = format!("{}/", folder.path().display());
    let faults = load(&path).test_rules(Moment::now()).err();
    faults.map_or_else(String::new, |faults| {
        faults.to_string().replace(&prefix, "")
    })
}

#[test]
fn tests_of_every_good_file_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config/good");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let config = load(&entry.unwrap().path());
        count += config.rules.iter().flat_map(|rule| &rule.tests).count();
        config
            .test_rules(Moment::now())
            .unwrap_or_else(|faults| panic!("{faults}"));
    }
    assert!(count >= 5, "{count}");
}

#[test]
fn test_has_the_time_that_it_names() {
    let rule = "[[rule]]\nname = \"a\"\non = \"X\"\ntimezone = \"Europe/Berlin\"\nwhen = \"now.hour >= 18\"\n\
                do = [{ verb = \"push\", phone = \"1\", text = \"{{ now.date }} {{ now.time }}\" }]\n\n";
    let check = |now: &str, expect: &str| {
        let test = format!(
            "{rule}[[rule.test]]\nnow = {now}\nevent = {{ Event = \"X\" }}\nexpect = [{expect}]"
        );
        test_rules(&test)
    };
    let push = |text: &str| format!("{{ verb = \"push\", phone = \"1\", text = \"{text}\" }}");
    let expect = push("2026-11-27 18:30");
    // In the zone of the rule, in another one, and at another time of day.
    assert_eq!(check("\"2026-11-27T18:30\"", &expect), "");
    assert_eq!(check("\"2026-11-27 17:30:00Z\"", &expect), "");
    assert_eq!(check("\"2026-11-27T17:59\"", ""), "");
    assert!(check("\"2026-11-27T17:59\"", &expect).contains("now.hour >= 18 is false"));
    assert_eq!(
        check("\"half past six\"", &expect),
        "handsetd.toml:8: rule.test: test of \"a\" failed: now: invalid time \"half past six\"; \
         use one such as \"2026-11-27T18:30\", with an offset if it is not in the zone of the rule"
    );
}

#[test]
fn failed_test_is_reported_with_its_line_and_the_actual_requests() {
    let rule = "[[rule]]\nname = \"a\"\non = \"X\"\nwhen = \"event.A == '1'\"\n\
                do = [{ verb = \"dnd\", phone = \"{{ event.P }}\", state = \"on\" }]\n\n";
    let check = |test: &str, expected: &str| {
        assert_eq!(
            test_rules(&format!("{rule}[[rule.test]]\n{test}")),
            expected,
            "{test}"
        );
    };
    let on = "{ verb = \"dnd\", phone = \"1001\", state = true }";
    check(
        &format!("event = {{ Event = \"x\", A = \"1\", P = \"1001\" }}\nexpect = [{on}]"),
        "",
    );
    check(
        &format!("event = {{ Event = \"X\", A = \"1\", P = \"1002\" }}\nexpect = [{on}]"),
        "handsetd.toml:7: rule.test: test of \"a\" failed: \
         expected dnd phone=\"1001\" state=\"on\"; got dnd phone=\"1002\" state=\"on\"",
    );
    check(
        "event = { Event = \"X\", A = \"1\", P = \"1002\" }\nexpect = []",
        "handsetd.toml:7: rule.test: test of \"a\" failed: \
         expected nothing; got dnd phone=\"1002\" state=\"on\"",
    );
    check(
        &format!("event = {{ Event = \"X\", A = \"0\" }}\nexpect = [{on}]"),
        "handsetd.toml:7: rule.test: test of \"a\" failed: \
         expected dnd phone=\"1001\" state=\"on\"; got nothing, because it does not fire: \
         event.A == '1' is false; event.A is \"0\"",
    );
    // A rule that fails does nothing, but not on purpose.
    check(
        "event = { Event = \"X\" }\nexpect = []",
        "handsetd.toml:7: rule.test: test of \"a\" failed: \
         expected nothing; got nothing, because it does not fire: the event has no A; event.A is missing",
    );
    check(
        "event = { A = \"1\" }\nexpect = []",
        "handsetd.toml:7: rule.test: test of \"a\" failed: the event has no name; add Event = \"X\"",
    );
}
