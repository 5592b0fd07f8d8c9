//! The configuration: a file, and optionally variables after a line `--`, one `NAME=VALUE` per line.

use std::ffi::OsString;
use std::path::Path;
use std::sync::LazyLock;

use handsetd::fuzzing::{Config, Diagnostic, Engine, Location, Moment, Sources};
use tempfile::TempDir;

/// Loads the file; every diagnostic has a location, and passwords never show.
pub fn check(bytes: &[u8]) {
    // Configurations that name devices are skipped: reading a device may block.
    if bytes.windows(4).any(|window| window == b"/dev") {
        return;
    }
    let mark = bytes.windows(4).position(|window| window == b"\n--\n");
    let file = bytes
        .get(..mark.map_or(bytes.len(), |at| at + 1))
        .unwrap_or_default();
    let variables = mark.and_then(|at| bytes.get(at + 4..)).unwrap_or_default();
    let sources = Sources {
        file: FOLDER
            .path()
            .join(format!("{:?}.toml", std::thread::current().id())),
        is_required: true,
        variables: variables_of(variables),
    };
    std::fs::write(&sources.file, file).expect("a writable folder");
    let lines = file.split(|byte| *byte == b'\n').count();
    let is_hidden = only_in_its_place(bytes);
    match Config::load(&sources) {
        Ok(config) => {
            Engine::new(&config.rules).expect("checked rules are valid");
            let _ = config.test_rules(Moment::now());
            let shown = format!("{config:?}");
            assert!(!is_hidden || !shown.contains(SECRET), "a secret shows");
        }
        Err(diagnostics) => {
            for diagnostic in diagnostics.iter() {
                check_location(diagnostic, &sources.file, lines);
            }
            let shown = diagnostics.to_string();
            assert!(
                !is_hidden || !shown.contains(SECRET),
                "{shown} shows a secret"
            );
        }
    }
}

/// A diagnostic names its file and a line of it, and contains no control characters.
fn check_location(diagnostic: &Diagnostic, file: &Path, lines: usize) {
    let text = diagnostic.to_string();
    match diagnostic.location() {
        Location::File { line, path, .. } => {
            assert_eq!(**path, *file);
            assert!(*line <= lines, "{text:?}, but the file has {lines} lines");
        }
        Location::Variable(name) => assert!(text.contains("HANDSETD"), "{name}"),
    }
    let is_unsafe = |c: char| c.is_control() && c != '\n';
    assert!(
        !text.contains(is_unsafe),
        "{text:?} contains a control character"
    );
}

/// Whether the secret is only the value of keys for secrets, so that it must never show.
fn only_in_its_place(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let in_place = |line: &str| {
        let (key, value) = line.split_once('=').unwrap_or_default();
        let key = key.trim().to_ascii_lowercase();
        let secrets = ["password", "secret", "token"];
        secrets.iter().any(|word| key.ends_with(word)) && value.trim_matches([' ', '"']) == SECRET
    };
    // In a multi-line string, lines that look like keys are not keys.
    !text.contains("\"\"\"")
        && !text.contains("'''")
        && text
            .lines()
            .filter(|line| line.contains(SECRET))
            .all(in_place)
}

fn variables_of(bytes: &[u8]) -> Vec<(OsString, OsString)> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let is_own = |name: &str| name.starts_with("HANDSETD");
    pairs
        .filter(|(name, _)| is_own(name))
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// The value of passwords, tokens and secrets in the seeds.
const SECRET: &str = "hunter2hunter2hunter2";

static FOLDER: LazyLock<TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder for temporary files"));
