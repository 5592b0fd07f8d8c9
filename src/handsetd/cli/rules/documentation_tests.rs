//! The rules in the documentation, evaluated on events that real Asterisk servers sent.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use tokio::time::Instant;

use super::events::{self, Recorded};
use crate::config::{Config, Sources};
use crate::daemon::RulePhones;
use crate::rules::{Decision, Engine, Moment, Verdict};

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A configuration in the documentation that contains rules.
#[derive(Debug)]
struct Example {
    /// File and line.
    place: String,
    text: String,
}

/// Returns the configurations with rules of all files for users.
fn examples() -> Vec<Example> {
    let mut files = vec![project("README.md")];
    for folder in ["etc", "etc/provisioning", "packaging/doc", "packaging/man"] {
        for entry in fs::read_dir(project(folder)).unwrap() {
            files.push(entry.unwrap().path());
        }
    }
    files.sort();
    let mut examples = Vec::new();
    for file in files.iter().filter(|file| file.is_file()) {
        let text = fs::read_to_string(file).unwrap();
        let found = match file.extension().and_then(|extension| extension.to_str()) {
            Some("md") => fenced(&text),
            Some("toml") => commented(&text),
            Some("8") => preformatted(&text),
            _ => continue,
        };
        let name = file.strip_prefix(project("")).unwrap().display();
        let found = found
            .into_iter()
            .filter(|(_, text)| text.contains("[[rule]]"));
        examples.extend(found.map(|(line, text)| Example {
            place: format!("{name}:{line}"),
            text,
        }));
    }
    examples
}

/// Returns the TOML blocks of Markdown, with the numbers of their first lines.
fn fenced(text: &str) -> Vec<(usize, String)> {
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut is_inside = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            is_inside = line.trim() == "```toml";
            if is_inside {
                blocks.push((number + 1, String::new()));
            }
        } else if is_inside {
            let block = &mut blocks.last_mut().unwrap().1;
            *block += line;
            block.push('\n');
        }
    }
    blocks
}

/// Returns the rules of a TOML file, which may be comments: from each `[[rule]]` to the next section of
/// another name.
fn commented(text: &str) -> Vec<(usize, String)> {
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut is_inside = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line
            .strip_prefix("# ")
            .or_else(|| line.strip_prefix('#'))
            .unwrap_or(line);
        let line = line.trim_end();
        if line == "[[rule]]" {
            is_inside = true;
            blocks.push((number, String::new()));
        } else if line.starts_with('[') && !line.starts_with("[[rule.") {
            is_inside = false;
        }
        if is_inside {
            let block = &mut blocks.last_mut().unwrap().1;
            *block += line;
            block.push('\n');
        }
    }
    blocks
}

/// Returns the examples of a man page.
fn preformatted(text: &str) -> Vec<(usize, String)> {
    let text = text
        .replace("\\(aq", "'")
        .replace("\\(dq", "\"")
        .replace("\\-", "-");
    if !text.contains("[[rule]]") {
        return Vec::new();
    }
    commented(&text)
}

/// Loads an example, together with the phones and the groups that the examples name.
fn load(example: &Example, folder: &Path) -> Config {
    let path = folder.join("handsetd.toml");
    let media = folder.display();
    fs::write(&path, format!("[media]\nfolders = ['{media}']\n{SITE}")).unwrap();
    fs::create_dir_all(folder.join("conf.d")).unwrap();
    fs::write(folder.join("conf.d/example.toml"), &example.text).unwrap();
    let place = &example.place;
    // Tests of rules are part of it.
    match Config::load(&Sources::of_process(Some(&path))) {
        Ok(config) => config,
        Err(diagnostics) => panic!("{place}: {diagnostics}\n{}", example.text),
    }
}

/// Evaluates all recorded events at `clock`; returns the names of the rules that fired, and the failures.
fn fired(
    example: &Example,
    config: &Config,
    version: u32,
    clock: Timestamp,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let engine = Engine::new(&config.rules).unwrap();
    let mut engine = engine.with_phones(Arc::new(RulePhones::configured(config)));
    let (mut fired, mut failures) = (BTreeSet::new(), BTreeSet::new());
    let capture = project(&format!("tests/fixtures/events/asterisk-{version}.ami"));
    let mut each = |recorded: &Recorded| {
        let instant = Instant::now();
        let (mut decisions, traces) = engine.explain(&recorded.fact, Moment { instant, clock });
        for trace in traces {
            if matches!(trace.verdict, Verdict::Failed(_)) {
                failures.insert(format!(
                    "{}: Asterisk {version}: {}: {trace}",
                    example.place, trace.rule
                ));
            }
            fired.extend(trace.run().map(|run| run.rule.to_string()));
        }
        while let Some(decision) = decisions.pop() {
            if let Decision::Start(run) = decision {
                decisions.extend(engine.finished(run.id, instant));
            }
        }
        Ok(())
    };
    events::read_capture(&capture, &mut each).unwrap();
    (fired, failures)
}

#[test]
fn documented_rules_fire_on_events_of_both_versions() {
    let examples = examples();
    assert!(examples.len() >= 12, "{examples:?}");
    // A day and a half in steps of three hours: some rules look at the clock.
    let start: Timestamp = "2026-11-27T08:30:00Z".parse().unwrap();
    let clocks: Vec<_> = (0..12).map(|step| start + (step * 3).hours()).collect();
    let mut wrong = BTreeSet::new();
    for example in &examples {
        let folder = tempfile::tempdir().unwrap();
        let config = load(example, folder.path());
        let doubts = config.warnings().iter().map(ToString::to_string);
        let doubts = doubts.filter(|doubt| doubt.contains(" waits for "));
        wrong.extend(doubts.map(|doubt| format!("{}: {doubt}", example.place)));
        for version in [16, 22] {
            let mut fired = BTreeSet::new();
            for clock in &clocks {
                let (at_clock, failures) = self::fired(example, &config, version, *clock);
                fired.extend(at_clock);
                wrong.extend(failures);
            }
            for rule in &config.rules {
                let is_own =
                    |name: &String| name.starts_with("phone.") || name.starts_with("handsetd.");
                let is_of_asterisk = !rule.on.is_empty() && !rule.on.iter().any(is_own);
                let has_test = rule.tests.iter().any(|test| !test.expect.is_empty());
                // The dialplan chooses what user events there are.
                let is_of_users = rule.on.iter().all(|name| name.starts_with("UserEvent."));
                let is_tested = is_of_users && has_test;
                if is_of_asterisk && !fired.contains(&rule.name) && !is_tested {
                    wrong.insert(format!(
                        "{}: {:?} fires on no event of Asterisk {version}",
                        example.place, rule.name
                    ));
                } else if !is_of_asterisk && !has_test {
                    wrong.insert(format!("{}: {:?} has no test", example.place, rule.name));
                }
            }
        }
    }
    let wrong: Vec<_> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The site that the examples are about.
const SITE: &str = r#"
[[asterisk]]
name = "pbx"
address = "127.0.0.1:5038"
username = "handsetd"
secret = "a secret of the example"
[[phone]]
name = "1001"
vendor = "snom"
address = "192.0.2.21"
[[phone]]
name = "1002"
vendor = "yealink"
address = "192.0.2.22"
[[group]]
name = "reception"
members = ["1001", "1002"]
"#;
