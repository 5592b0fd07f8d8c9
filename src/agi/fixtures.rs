//! The shared wire cases, where they are present.

use std::path::PathBuf;

/// Returns the cases of one file, or none (and prints a note) where the fixtures are absent.
pub(super) fn lines(file: &str) -> Vec<serde_json::Value> {
    let root = std::env::var_os("HANDSETD_FIXTURES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        PathBuf::from,
    );
    let path = root.join("asterisk").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} not found", path.display());
        return Vec::new();
    };
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Prints the number of cases that were compared.
pub(super) fn report(what: &str, count: usize) {
    println!("compared {count} {what}");
}
