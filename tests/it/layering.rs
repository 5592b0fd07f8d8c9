//! Imports only point down: between the modules of the daemon, as documented in its `lib.rs`, and
//! between the files of each crate. Between crates the compiler enforces it.

use std::collections::BTreeSet;
use std::path::Path;

use super::support::imports::{Crate, Module};

#[test]
fn modules_of_the_daemon_import_only_lower_ones() {
    let daemon = read("handsetd");
    let mut wrong = Vec::new();
    let mut found = BTreeSet::new();
    for module in daemon.modules() {
        let Some(top) = module.first() else {
            continue;
        };
        found.insert(top.as_str());
        if IMPORT_ALL.contains(&top.as_str()) {
            continue;
        }
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| name == top) else {
            wrong.push(format!("{top} is in no row of the table"));
            continue;
        };
        let imported: BTreeSet<&String> =
            daemon.paths(module).iter().map(|path| &path[0]).collect();
        for other in imported {
            if other != top && !allowed.contains(&other.as_str()) {
                let file = files(std::slice::from_ref(module));
                wrong.push(format!("{file}: {top} must not import {other}"));
            }
        }
    }
    for (module, _) in MAY_IMPORT {
        if !found.contains(module) {
            wrong.push(format!("the table names {module}, which does not exist"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_do_not_import_each_other_in_cycles() {
    let mut cycles = Vec::new();
    for name in CRATES {
        for cycle in read(name).cycles() {
            cycles.push(format!("{name}: {}", files(&cycle)));
        }
    }
    assert!(cycles.is_empty(), "\n{}", cycles.join("\n"));
}

fn read(name: &str) -> Crate {
    Crate::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name))
}

/// Writes a path of files.
fn files(modules: &[Module]) -> String {
    let file = |module: &Module| match module.len() {
        0 => "lib.rs".to_owned(),
        _ => format!("{}.rs", module.join("/")),
    };
    modules.iter().map(file).collect::<Vec<_>>().join(" -> ")
}

const CRATES: &[&str] = &[
    "agi",
    "ami",
    "cluster",
    "handsetd",
    "net",
    "phones",
    "simulator",
    "sip",
];

/// Each module of the daemon, and the modules that it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    (
        "admin",
        &[
            "deliver",
            "dispatch",
            "events",
            "fleet",
            "history",
            "metrics",
            "outcome",
            "pages",
            "reference",
            "resolver",
            "rules",
            "telemetry",
            "uacsta",
        ],
    ),
    (
        "cluster",
        &[
            "admin",
            "commit_point",
            "deliver",
            "dispatch",
            "events",
            "fleet",
            "history",
            "metrics",
            "outbox",
            "outcome",
            "resolver",
            "roster",
            "rules",
            "scheduler",
            "uacsta",
        ],
    ),
    ("commit_point", &[]),
    (
        "config",
        &[
            "admin",
            "deliver",
            "dialplan",
            "history",
            "page_names",
            "pages",
            "phone_http",
            "phone_networks",
            "rules",
            "telemetry",
            "uacsta",
        ],
    ),
    ("content_store", &[]),
    (
        "deliver",
        &[
            "commit_point",
            "content_store",
            "fleet",
            "http_client",
            "outcome",
            "phone_networks",
            "roster",
            "uacsta",
        ],
    ),
    (
        "dialplan",
        &[
            "dispatch", "history", "metrics", "outcome", "resolver", "roster",
        ],
    ),
    (
        "dispatch",
        &[
            "commit_point",
            "deliver",
            "fleet",
            "history",
            "metrics",
            "outbox",
            "outcome",
            "page_names",
            "resolver",
            "roster",
            "uacsta",
        ],
    ),
    (
        "events",
        &[
            "dispatch",
            "fleet",
            "history",
            "http_client",
            "outcome",
            "rules",
        ],
    ),
    ("fleet", &["outcome"]),
    (
        "fuzzing",
        &[
            "admin",
            "content_store",
            "deliver",
            "outcome",
            "phone_http",
            "rules",
        ],
    ),
    ("history", &["outcome", "sqlite"]),
    ("http_client", &[]),
    ("metrics", &["outcome"]),
    ("outbox", &["fleet", "outcome", "sqlite"]),
    ("outcome", &["content_store"]),
    ("page_names", &[]),
    (
        "pages",
        &[
            "content_store",
            "deliver",
            "page_names",
            "phone_networks",
            "resolver",
            "rules",
        ],
    ),
    ("phone_http", &["content_store", "deliver", "pages"]),
    ("phone_networks", &[]),
    ("reference", &["outcome"]),
    (
        "resolver",
        &["fleet", "outcome", "phone_networks", "roster", "uacsta"],
    ),
    ("roster", &[]),
    ("rules", &["outcome"]),
    ("scheduler", &["fleet", "rules"]),
    ("sqlite", &[]),
    ("telemetry", &[]),
    ("uacsta", &["commit_point", "roster"]),
];

/// Modules that put the others together.
const IMPORT_ALL: &[&str] = &["cli", "daemon", "demo"];
