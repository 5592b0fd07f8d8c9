use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use serde_json::Value;

use crate::cli::Cli;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs `handsetd rules test` with the rules of a good file.
fn test(arguments: &[&str]) -> Result<String, String> {
    let config = project("tests/fixtures/config/good/rule-break.toml");
    let given = ["handsetd", "rules", "test", "--config"].into_iter();
    let given = given.chain([config.to_str().unwrap()]);
    let cli = Cli::try_parse_from(given.chain(arguments.iter().copied()));
    let mut out = Vec::new();
    let done = cli.unwrap().run(&mut out);
    let text = String::from_utf8(out).unwrap();
    done.map(|_| text).map_err(|error| format!("{error:#}"))
}

/// The same for events in a file.
fn events(text: impl AsRef<[u8]>, more: &[&str]) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let told = test(&[&["--event", path], more].concat());
    told.map_err(|error| error.replace(path, "FILE"))
}

fn pause(more: &str) -> String {
    format!(
        "Event: QueueMemberPause\nQueue: sales\nInterface: PJSIP/1001\nPaused: 1\nReason: tea\n{more}\n"
    )
}

/// Returns the lines about a rule.
fn about(told: &str, rule: &str) -> Vec<String> {
    let prefix = format!("  {rule}: ");
    let lines = told.lines().filter_map(|line| line.strip_prefix(&prefix));
    lines
        .map(|line| line.split(';').next().unwrap().to_owned())
        .collect()
}

#[test]
fn it_tells_which_rules_fire_and_why_the_others_do_not() {
    let file = project("tests/fixtures/rules/breaks.txt");
    let told = test(&["--event", file.to_str().unwrap()]).unwrap();
    let expected = fs::read_to_string(project("tests/fixtures/rules/breaks.told")).unwrap();
    assert_eq!(told, expected);
}

#[test]
fn json_has_a_line_for_each_event_and_rule() {
    let told = events(pause(""), &["--json"]).unwrap();
    let lines: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["fires"], true);
    assert_eq!(lines[0]["rule"], "break");
    assert_eq!(lines[0]["values"]["Queue"], "sales");
    assert_eq!(lines[0]["sends"][0]["verb"], "push");
    assert_eq!(lines[0]["sends"][0]["text"], "sales: tea");
    assert_eq!(lines[1]["verdict"], "other-event");
    assert_eq!(lines[1]["why"], "does not fire: it waits for phone.dnd_on");
}

#[test]
fn json_events_are_taken_in_every_form() {
    for text in [
        r#"{"Event": "phone.dnd_on", "phone": 1001}"#,
        r#" [{"Event": "phone.dnd_on", "phone": ["1001", "x"]}]"#,
        r#"{"type":"banner","headers":[]} {"type":"event","headers":[["Event","phone.dnd_on"],["phone","1001"]],"offset":0}"#,
    ] {
        let told = events(text, &[]).unwrap();
        assert_eq!(about(&told, "do not disturb for two"), ["fires"], "{text}");
    }
}

#[test]
fn timestamps_are_the_time_and_without_them_none_passes() {
    let stamped = |seconds: &str| pause(&format!("Timestamp: {seconds}\n"));
    let file = [
        stamped("1700000000.5"),
        stamped("1700000008.000000"),
        stamped("1700000001.0"),
        pause(""),
        stamped("1700000010.6"),
        stamped("1e300"),
    ];
    let told = events(file.concat(), &[]).unwrap();
    let limited =
        |left: &str| format!("does not fire for \"PJSIP/1001\": limited for another {left}");
    let fires = "fires for \"PJSIP/1001\"".to_owned();
    let expected = [
        fires.clone(),
        limited("2s 500ms"),
        limited("2s 500ms"),
        limited("2s 500ms"),
        fires,
        limited("10s"),
    ];
    assert_eq!(about(&told, "break"), expected);
}

#[test]
fn runs_that_take_their_time_meet_the_mode() {
    let stamped = |seconds: u32| pause(&format!("Timestamp: {seconds}\n"));
    let file = [stamped(100), stamped(120)].concat();
    let told = events(&file, &["--takes", "30s"]).unwrap();
    assert_eq!(
        about(&told, "break")[1],
        "fires for \"PJSIP/1001\" and cancels the previous run"
    );
    let told = events(&file, &["--takes", "5s"]).unwrap();
    assert_eq!(about(&told, "break")[1], "fires for \"PJSIP/1001\"");
}

#[test]
fn a_capture_is_read_past_what_is_no_event() {
    let capture = format!(
        "Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nMessage: x\r\n\r\n{}garbage\r\n\r\n{}Event: Cut",
        pause("").replace('\n', "\r\n"),
        pause("").replace('\n', "\r\n"),
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    fs::write(&path, capture).unwrap();
    let told = test(&["--capture", path.to_str().unwrap()]).unwrap();
    assert_eq!(about(&told, "break").len(), 2, "{told}");
    let recorded = project("tests/fixtures/ami/asterisk-22.ami");
    let told = test(&["--capture", recorded.to_str().unwrap()]).unwrap();
    assert!(told.starts_with("FullyBooted at byte 102\n"), "{told}");
}

#[test]
fn what_is_no_event_is_refused_with_its_place() {
    let check = |text: &str, expected: &str| {
        let told = events(text, &[]).unwrap_err();
        assert_eq!(told, expected, "{text}");
    };
    check("", "FILE holds no event");
    check(
        "Event: A\n\nFoo: bar\n",
        "cannot read FILE: what begins at byte 10 has no line \"Event: NAME\"",
    );
    check(
        "{\"a\": \"b\"}",
        "cannot read FILE: object 1: there is no \"Event\" with the event's name",
    );
    check(
        "[{\"Event\": \"A\"}, 7]",
        "cannot read FILE: object 2: an event is an object",
    );
    check(
        "{\"Event\": \"A\", \"b\": {}}",
        "cannot read FILE: object 1: the value of \"b\" is neither a text nor a list of texts",
    );
    assert!(
        events("{\"Event\"", &[])
            .unwrap_err()
            .contains("no JSON: EOF")
    );
    assert!(
        test(&["--event", "/nowhere"])
            .unwrap_err()
            .contains("/nowhere")
    );
}

#[test]
fn nothing_of_an_event_commands_the_terminal() {
    let text = "Event: QueueMemberPause\nPaused: 1\nQueue: sales\nInterface: \u{1b}[2J\nReason: \u{202e}x\n";
    let told = events(text, &[]).unwrap();
    assert!(told.contains("fires"), "{told}");
    assert!(
        !told.contains('\u{1b}') && !told.contains('\u{202e}'),
        "{told}"
    );
}

#[test]
fn a_configuration_without_rules_is_told() {
    let config = project("tests/fixtures/config/good/empty.toml");
    let arguments = ["handsetd", "rules", "test", "--event", "-", "--config"];
    let arguments = arguments.into_iter().chain([config.to_str().unwrap()]);
    let cli = Cli::try_parse_from(arguments).unwrap();
    let error = cli.run(&mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "the configuration has no [[rule]]");
}
