//! The dialplan in the guides, loaded by real Asterisk servers.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::support::asterisk::{Asterisk, Options, Version};
use super::support::on_both_versions;

on_both_versions! {
    asterisk_loads_the_dialplan_of_the_guides
}

/// A fenced block with lines of a dialplan.
#[derive(Debug)]
struct Block {
    /// File and line.
    place: String,
    lines: Vec<String>,
}

async fn asterisk_loads_the_dialplan_of_the_guides(version: Version) {
    let blocks = blocks();
    assert!(blocks.len() > 15, "{}", blocks.len());
    let mut dialplan = String::new();
    for (number, block) in blocks.iter().enumerate() {
        writeln!(dialplan, "[guide-{number}]").unwrap();
        if !block.lines[0].starts_with("exten") {
            dialplan += "exten => 1,1,NoOp()\n";
        }
        for line in &block.lines {
            writeln!(dialplan, "{line}").unwrap();
        }
    }
    let options = Options {
        dialplan: &dialplan,
        ..Options::registrar(&[])
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    for (number, block) in blocks.iter().enumerate() {
        let shown = asterisk.cli(&format!("dialplan show guide-{number}"));
        let added = usize::from(!block.lines[0].starts_with("exten"));
        let loaded = shown
            .lines()
            .filter(|line| line.contains('[') && line.contains(". "))
            .filter(|line| !line.contains("Context"))
            .count();
        assert_eq!(
            loaded,
            block.lines.len() + added,
            "{}: {shown}",
            block.place
        );
    }
}

/// Returns the blocks of the README and the guides that contain lines of a dialplan.
fn blocks() -> Vec<Block> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![root.join("README.md")];
    let guides = fs::read_dir(root.join("packaging/doc")).unwrap();
    paths.extend(guides.map(|entry| entry.unwrap().path()));
    paths.sort();
    let mut blocks = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        for (number, block) in text.split("```").enumerate().filter(|(n, _)| n % 2 == 1) {
            let is_dialplan = |line: &&str| {
                let line = line.trim_start();
                line.starts_with("exten =>") || line.starts_with("same =>")
            };
            let lines: Vec<_> = block.lines().filter(is_dialplan).collect();
            if !lines.is_empty() {
                blocks.push(Block {
                    place: format!("{name}, block {}", number / 2 + 1),
                    lines: lines
                        .into_iter()
                        .map(|line| line.trim().to_owned())
                        .collect(),
                });
            }
        }
    }
    blocks
}
