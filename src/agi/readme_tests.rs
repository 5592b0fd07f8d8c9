//! Keeps the README in step with the code.

use super::wire::{MAX_ENVIRONMENT, MAX_LINE, MAX_LINES, MAX_REPLY};

#[test]
fn limits_in_the_readme_are_those_of_the_code() {
    let rows = [
        format!("| a line of the environment | {} KiB |", MAX_LINE / 1024),
        format!(
            "| the environment | {} KiB, {MAX_LINES} lines,",
            MAX_ENVIRONMENT / 1024
        ),
        format!("| a reply | {} KiB,", MAX_REPLY / 1024),
    ];
    for row in rows {
        assert!(include_str!("README.md").contains(&row), "{row}");
    }
}
