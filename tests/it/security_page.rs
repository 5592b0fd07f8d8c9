//! The security page names a test for each promise; each of them exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_test_on_the_page_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("packaging/doc/security.md")).unwrap();
    let promises = page.split("## Promises").nth(1).unwrap();
    let promises = promises.split("## Not promised").next().unwrap();
    let rows = promises
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("---"));
    let tests = tests(root);
    let mut missing = Vec::new();
    for row in rows.filter(|row| *row != "| promise | test |") {
        let (_, named) = row.trim_end_matches(" |").rsplit_once(" | ").unwrap();
        let named: Vec<_> = named.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test: {row}");
        let is_missing = |test: &&str| !tests.contains(*test);
        missing.extend(named.into_iter().filter(is_missing).map(str::to_owned));
    }
    assert!(missing.is_empty(), "these tests do not exist: {missing:#?}");
}

/// Returns all functions as `file::function`; a file `tests.rs` also counts as its directory.
fn tests(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![root.join("src"), root.join("tests/it")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        // Tests in a file of their own belong to the one beside their directory.
        let named = match path.file_stem() {
            Some(stem) if stem == "tests" => path.parent().and_then(Path::file_name),
            stem => stem,
        };
        let file = named.unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines() {
            let line = line.trim_start();
            let line = line.strip_prefix("async ").unwrap_or(line);
            if let Some(rest) = line.strip_prefix("fn ")
                && let Some((name, _)) = rest.split_once('(')
            {
                found.insert(format!("{file}::{name}"));
            }
        }
    }
    found
}
