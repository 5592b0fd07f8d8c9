//! Replays the corpus of the fuzzer as regression tests, without the fuzzer.
//!
//! `tests/fuzz/README.md` describes the fuzzer itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap should fail")]

#[expect(
    unreachable_pub,
    reason = "the fuzzer's package has these modules as its library"
)]
#[path = "properties/lib.rs"]
mod properties;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// Defines a test for each target, and a list of the targets.
macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name), properties::$name::check);
            }
        )*

        const TARGETS: &[&str] = &[$(stringify!($name)),*];
    };
}

targets! {
    agi ami cisco configuration csta digest growth identity mobility phone_http picture ringtone rules sip_message
    sip_stream snom steps verb yealink
}

#[test]
fn every_target_has_a_corpus_a_dictionary_and_a_test() {
    let names = |folder: &str| {
        let entries = fs::read_dir(here().join(folder)).unwrap();
        let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut names: Vec<_> = entries.map(|entry| stem(entry.unwrap().path())).collect();
        names.sort();
        names
    };
    for folder in ["corpus", "dictionaries", "targets"] {
        assert_eq!(names(folder), TARGETS, "{folder}");
    }
}

/// Checks every file of a target's corpus.
fn replay(name: &str, check: fn(&[u8])) {
    let folder = here().join("corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut broken = Vec::new();
    let mut count = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        count += 1;
        if catch_unwind(|| check(&bytes)).is_err() {
            broken.push(path);
        }
    }
    assert!(count > 0, "{} is empty", folder.display());
    assert!(broken.is_empty(), "violated properties: {broken:?}");
}

fn here() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz"))
}
