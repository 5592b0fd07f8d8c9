//! Imports only point down: the table of `src/lib.rs`, held against the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Each module, and the modules that it may know. What may know everything is not listed.
const MAY_KNOW: &[(&str, &[&str])] = &[
    (
        "admin",
        &[
            "ami", "dispatch", "door", "events", "resolver", "history", "media", "meters",
            "outcome", "phone", "rules", "shutdown", "token", "verb",
        ],
    ),
    ("agi", &["shutdown"]),
    ("ami", &["backoff", "pin", "shutdown"]),
    ("backoff", &[]),
    (
        "config",
        &[
            "admin",
            "agi",
            "ami",
            "deliver",
            "history",
            "http",
            "phone",
            "pin",
            "rules",
            "telemetry",
            "verb",
        ],
    ),
    (
        "deliver",
        &[
            "ami",
            "backoff",
            "media",
            "outcome",
            "phone",
            "pin",
            "roster",
            "screen",
            "commit_point",
            "content_store",
            "shutdown",
            "token",
            "vendor",
            "verb",
        ],
    ),
    (
        "dialplan",
        &[
            "agi", "dispatch", "history", "outcome", "phone", "resolver", "screen", "shutdown",
            "token", "verb",
        ],
    ),
    (
        "events",
        &[
            "ami", "dispatch", "history", "outcome", "rules", "shutdown", "verb",
        ],
    ),
    (
        "dispatch",
        &[
            "backoff",
            "deliver",
            "resolver",
            "held",
            "history",
            "meters",
            "outcome",
            "phone",
            "roster",
            "commit_point",
            "shutdown",
            "verb",
        ],
    ),
    ("door", &["shutdown"]),
    ("resolver", &["outcome", "phone", "roster", "shutdown"]),
    ("fuzzing", &["deliver", "http", "phone", "content_store"]),
    ("held", &[]),
    ("history", &["outcome", "phone"]),
    (
        "http",
        &["deliver", "door", "phone", "content_store", "shutdown"],
    ),
    ("media", &["phone"]),
    ("meters", &["outcome", "phone", "verb"]),
    ("outcome", &["phone", "token"]),
    ("phone", &["pin", "verb"]),
    ("pin", &[]),
    ("roster", &["ami", "phone", "shutdown"]),
    ("rules", &["ami", "phone", "verb"]),
    ("screen", &[]),
    ("commit_point", &[]),
    ("content_store", &["token"]),
    ("shutdown", &[]),
    ("simulate", &["phone", "shutdown"]),
    ("telemetry", &[]),
    ("token", &[]),
    ("vendor", &["phone", "screen", "content_store", "verb"]),
    ("verb", &["screen"]),
];

/// What puts the parts together.
const MAY_KNOW_ALL: &[&str] = &["cli", "daemon", "demo", "lib", "main"];

#[test]
fn imports_only_point_down() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    visit(&source, &mut |path| {
        let inside = path.strip_prefix(&source).unwrap();
        let top = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap();
        let module = top.trim_end_matches(".rs");
        seen.insert(module.to_owned());
        if MAY_KNOW_ALL.contains(&module) {
            return;
        }
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(known, _)| *known == module) else {
            wrong.push(format!("{module} is in no row of the table"));
            return;
        };
        for known in imports(&fs::read_to_string(path).unwrap()) {
            if known != module && !allowed.contains(&known.as_str()) {
                wrong.push(format!(
                    "{}: {module} must not know {known}",
                    inside.display()
                ));
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (module, _) in MAY_KNOW {
        assert!(
            seen.contains(*module),
            "the table names {module}, which is not there"
        );
    }
}

/// Returns the modules that a file names after `crate::`, doc comments left out.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(list) => {
                // `use crate::{agi, http};`: the first word of each part.
                let list = list.split("};").next().unwrap();
                found.extend(list.split(',').map(|part| word(part.trim())));
            }
            None => {
                found.insert(word(rest));
            }
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_ascii_lowercase() || *c == '_')
        .collect()
}

fn visit(folder: &Path, found: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found(&path);
        }
    }
}
