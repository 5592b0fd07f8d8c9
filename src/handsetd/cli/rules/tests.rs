use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde_json::Value;

use super::test::Test;
use crate::cli::output_format::OutputFormat;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    test: Test,
}

/// What `handsetd rules test` writes, and its exit code.
struct Output {
    out: String,
    notes: String,
    code: ExitCode,
}

/// Runs it with the rules of a file of valid ones.
fn run_with(file: &str, format: OutputFormat, arguments: &[&str]) -> anyhow::Result<Output> {
    let config = project("tests/fixtures/config/good").join(file);
    let given = ["test", "--config", config.to_str().unwrap()];
    let command = Command::try_parse_from(given.iter().chain(arguments)).unwrap();
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let code = command.test.run_in(format, &mut out, &mut notes)?;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ok(Output {
        out: text(out),
        notes: text(notes),
        code,
    })
}

/// Runs it on a terminal.
fn test(arguments: &[&str]) -> Result<String, String> {
    let output = run_with("rule-break.toml", OutputFormat::Text, arguments);
    output
        .map(|output| output.out)
        .map_err(|error| format!("{error:#}"))
}

/// Runs it on events in a file.
fn events(text: impl AsRef<[u8]>, more: &[&str]) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let output = test(&[&["--event", path], more].concat());
    output.map_err(|error| error.replace(path, "FILE"))
}

fn pause(more: &str) -> String {
    format!(
        "Event: QueueMemberPause\nQueue: sales\nInterface: PJSIP/1001\nPaused: 1\nReason: tea\n{more}\n"
    )
}

/// Returns the lines about a rule.
fn about(output: &str, rule: &str) -> Vec<String> {
    let prefix = format!("  {rule}: ");
    let lines = output.lines().filter_map(|line| line.strip_prefix(&prefix));
    lines
        .map(|line| line.split(';').next().unwrap().to_owned())
        .collect()
}

#[test]
fn output_shows_which_rules_fire_and_why_others_do_not() {
    let file = project("tests/fixtures/rules/breaks.txt");
    let output = test(&["--all", "--event", file.to_str().unwrap()]).unwrap();
    let expected = fs::read_to_string(project("tests/fixtures/rules/breaks.expected")).unwrap();
    assert_eq!(output, expected);
}

#[test]
fn json_has_a_line_for_each_event_and_rule() {
    let output = events(pause(""), &["--json", "--all"]).unwrap();
    let lines: Vec<Value> = output
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
fn rules_that_wait_for_other_events_are_counted_and_shown_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events");
    fs::write(&path, pause("")).unwrap();
    let path = path.to_str().unwrap();
    let hidden = "1 decision of rules that wait for other events not shown; --all shows them\n";
    for (format, all) in [
        (OutputFormat::Text, false),
        (OutputFormat::Text, true),
        (OutputFormat::Json, false),
        (OutputFormat::Json, true),
    ] {
        let all_option: &[&str] = if all { &["--all"] } else { &[] };
        let arguments = [&["--event", path], all_option].concat();
        let Output { out, notes, code } = run_with("rule-break.toml", format, &arguments).unwrap();
        assert_eq!(out.contains("do not disturb for two"), all, "{out}");
        assert_eq!(out.contains(hidden), !all && format == OutputFormat::Text);
        let expected = if all || format == OutputFormat::Text {
            ""
        } else {
            hidden
        };
        assert_eq!(notes, expected);
        assert_eq!(code, ExitCode::SUCCESS);
        if format == OutputFormat::Json {
            let lines = out.lines().map(serde_json::from_str::<Value>);
            assert!(lines.into_iter().all(|line| line.is_ok()), "{out}");
        }
    }
}

#[test]
fn failed_rule_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events");
    let without_paused = pause("").replace("Paused: 1\n", "");
    fs::write(&path, format!("{}{without_paused}", pause(""))).unwrap();
    let arguments = ["--event", path.to_str().unwrap()];
    let Output { out, code, .. } =
        run_with("rule-break.toml", OutputFormat::Text, &arguments).unwrap();
    assert_eq!(code, ExitCode::FAILURE);
    assert!(out.ends_with("break failed on 1 event\n"), "{out}");
    let Output { notes, code, .. } =
        run_with("rule-break.toml", OutputFormat::Json, &arguments).unwrap();
    assert_eq!(code, ExitCode::FAILURE);
    assert!(notes.ends_with("break failed on 1 event\n"), "{notes}");
}

#[test]
fn json_events_are_accepted_in_every_form() {
    for text in [
        r#"{"Event": "phone.dnd_on", "phone": 1001}"#,
        r#" [{"Event": "phone.dnd_on", "phone": ["1001", "x"]}]"#,
        r#"{"type":"banner","headers":[]} {"type":"event","headers":[["Event","phone.dnd_on"],["phone","1001"]],"offset":0}"#,
    ] {
        let output = events(text, &[]).unwrap();
        assert_eq!(
            about(&output, "do not disturb for two"),
            ["fires"],
            "{text}"
        );
    }
}

#[test]
fn events_of_the_stream_are_accepted_as_they_are_printed() {
    let event = |at: &str| {
        format!(
            "{{\"at\":\"2026-11-30T08:00:{at}Z\",\"daemon\":\"a\",\"event\":\"QueueMemberPause\",\"fields\":\
             {{\"Interface\":\"PJSIP/1001\",\"Paused\":\"1\",\"Queue\":\"sales\",\"Reason\":\"tea\"}},\
             \"server\":\"pbx\"}}\n"
        )
    };
    let all = [event("00.000"), event("08.500"), event("10.500")].concat();
    let output = events(&all, &[]).unwrap();
    assert_eq!(
        about(&output, "break"),
        [
            "fires for \"PJSIP/1001\"",
            "does not fire for \"PJSIP/1001\": limited for another 1s 500ms",
            "fires for \"PJSIP/1001\"",
        ],
        "{output}"
    );
    // What the values say of time takes precedence over when they arrived.
    let stamped = all.replace("\"Queue\"", "\"Timestamp\":\"1700000000.5\",\"Queue\"");
    let output = events(&stamped, &[]).unwrap();
    assert_eq!(about(&output, "break").len(), 3);
    assert!(
        about(&output, "break")[2].ends_with("limited for another 10s"),
        "{output}"
    );

    // The names of user events, and values that no rule gets.
    let others = "{\"event\":\"UserEvent.Door\",\"fields\":{\"UserEvent\":\"Door\",\"Place\":[\"a\",\"b\"]}}\n\
                  {\"event\":\"handsetd.delivery\",\"fields\":{\"id\":\"9\",\"steps\":[{\"took\":1}],\"took\":null}}\n";
    let output = events(others, &["--all"]).unwrap();
    let names = output.lines().filter(|line| line.contains("(object "));
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["UserEvent.Door (object 1)", "handsetd.delivery (object 2)"],
        "{output}"
    );
}

#[test]
fn time_passes_only_by_timestamps() {
    let stamped = |seconds: &str| pause(&format!("Timestamp: {seconds}\n"));
    let file = [
        stamped("1700000000.5"),
        stamped("1700000008.000000"),
        stamped("1700000001.0"),
        pause(""),
        stamped("1700000010.6"),
        stamped("1e300"),
    ];
    let output = events(file.concat(), &[]).unwrap();
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
    assert_eq!(about(&output, "break"), expected);
}

#[test]
fn mode_applies_to_runs_that_take_time() {
    let stamped = |seconds: u32| pause(&format!("Timestamp: {seconds}\n"));
    let file = [stamped(100), stamped(120)].concat();
    let output = events(&file, &["--takes", "30s"]).unwrap();
    assert_eq!(
        about(&output, "break")[1],
        "fires for \"PJSIP/1001\" and cancels the previous run"
    );
    let output = events(&file, &["--takes", "5s"]).unwrap();
    assert_eq!(about(&output, "break")[1], "fires for \"PJSIP/1001\"");
}

#[test]
fn capture_may_contain_more_than_events() {
    let capture = format!(
        "Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nMessage: x\r\n\r\n{}garbage\r\n\r\n{}Event: Cut",
        pause("").replace('\n', "\r\n"),
        pause("").replace('\n', "\r\n"),
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    fs::write(&path, capture).unwrap();
    let output = test(&["--capture", path.to_str().unwrap()]).unwrap();
    assert_eq!(about(&output, "break").len(), 2, "{output}");
    let recorded = project("tests/fixtures/ami/asterisk-22.ami");
    let output = test(&["--capture", recorded.to_str().unwrap()]).unwrap();
    assert!(output.starts_with("FullyBooted at byte 102\n"), "{output}");
}

#[test]
fn malformed_event_is_rejected_with_its_position() {
    let check = |text: &str, expected: &str| {
        let output = events(text, &[]).unwrap_err();
        assert_eq!(output, expected, "{text}");
    };
    check("", "FILE contains no events");
    check(
        "Event: A\n\nFoo: bar\n",
        "cannot read FILE: the block at byte 10 has no line \"Event: NAME\"",
    );
    check(
        "{\"a\": \"b\"}",
        "cannot read FILE: object 1: missing \"Event\" with the name of the event",
    );
    check(
        "[{\"Event\": \"A\"}, 7]",
        "cannot read FILE: object 2: expected an object",
    );
    check(
        "{\"Event\": \"A\", \"b\": {}}",
        "cannot read FILE: object 1: the value of \"b\" must be a string or a list of strings",
    );
    check(
        "{\"event\": \"A\", \"fields\": 1}",
        "cannot read FILE: object 1: \"fields\" must be an object",
    );
    check(
        "{\"event\": \"A\", \"fields\": {}, \"at\": \"noon\"}",
        "cannot read FILE: object 1: \"at\": failed to parse four digit integer as year: invalid digit, expected 0-9 but got n",
    );
    assert!(
        events("{\"Event\"", &[])
            .unwrap_err()
            .contains("invalid JSON: EOF")
    );
    assert!(
        test(&["--event", "/nowhere"])
            .unwrap_err()
            .contains("/nowhere")
    );
}

#[test]
fn event_values_cannot_control_the_terminal() {
    let text = "Event: QueueMemberPause\nPaused: 1\nQueue: sales\nInterface: \u{1b}[2J\nReason: \u{202e}x\n";
    let output = events(text, &[]).unwrap();
    assert!(output.contains("fires"), "{output}");
    assert!(
        !output.contains('\u{1b}') && !output.contains('\u{202e}'),
        "{output}"
    );
}

#[test]
fn configuration_without_rules_is_rejected() {
    let error = run_with("empty.toml", OutputFormat::Text, &["--event", "-"]);
    let error = error.err().unwrap();
    assert_eq!(error.to_string(), "the configuration has no [[rule]]");
}
