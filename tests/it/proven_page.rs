//! `packaging/doc/proven.md`: what has been tried on which phones. It is made from the tests on simulated
//! phones and from the reports of `handsetd prove` in `packaging/doc/proofs`, so it claims nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// The vendors, with the tests of their verbs on simulated phones.
const VENDORS: [(&str, &str); 3] = [
    (
        "cisco",
        concat!(include_str!("cisco_verbs.rs"), include_str!("mobility.rs")),
    ),
    ("snom", include_str!("snom_verbs.rs")),
    ("yealink", include_str!("yealink_verbs.rs")),
];

/// How much is known of a verb on the phones of a vendor, beginning with the least.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Proof {
    Nothing,
    /// A test runs it on a simulated phone.
    Emulated,
    /// A report of a real phone says that the request succeeded, and its effect was not judged.
    Reported,
    /// A report of a real phone says that the phone has done it.
    Proven,
}

impl Proof {
    fn word(self) -> &'static str {
        match self {
            Self::Nothing => "–",
            Self::Emulated => "emulated",
            Self::Reported => "reported",
            Self::Proven => "proven",
        }
    }

    /// Returns what a trial of a report proves.
    fn of(trial: &Value) -> Self {
        let is_done = matches!(trial["status"].as_str(), Some("OK" | "QUEUED"));
        match trial["judgement"].as_str() {
            Some("proven") if is_done => Self::Proven,
            Some("unjudged") if is_done => Self::Reported,
            _ => Self::Nothing,
        }
    }
}

#[test]
fn page_is_up_to_date() {
    let path = project("packaging/doc/proven.md");
    let page = page(&reports());
    if std::env::var_os("HANDSETD_REWRITE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "{} is out of date: run HANDSETD_REWRITE=1 cargo test --test it proven_page",
        path.display()
    );
}

#[test]
fn only_what_a_report_says_is_proven() {
    let trial = |verb: &str, status: &str, judgement: &str| json!({"verb": verb, "status": status, "judgement": judgement});
    let report = json!({
        "handsetd": "0.2.0", "date": "2026-11-29", "vendor": "snom", "model": "D785", "firmware": "10.1",
        "interrupted": false,
        "trials": [
            trial("push", "OK", "proven"),
            trial("ring", "OK", "unjudged"),
            trial("dnd", "OK", "failed"),
            trial("led", "UNSUPPORTED", "proven"),
            trial("stream", "", "untried"),
        ],
    });
    let page = page(&[report]);
    let line = |verb: &str| {
        let start = format!("| `{verb}` |");
        page.lines().find(|line| line.starts_with(&start)).unwrap()
    };
    assert_eq!(line("push"), "| `push` | emulated | proven | emulated |");
    assert_eq!(line("ring"), "| `ring` | emulated | reported | emulated |");
    assert_eq!(line("dnd").split(" | ").nth(2), Some("emulated"));
    assert_eq!(line("led").split(" | ").nth(2), Some("emulated"));
    assert!(
        page.contains("| snom D785 | 10.1 | 0.2.0 | 2026-11-29 | 1 | 1 | 1 |"),
        "{page}"
    );
}

fn page(reports: &[Value]) -> String {
    let mut known: BTreeMap<(&str, &str), Proof> = BTreeMap::new();
    let verbs = verbs();
    for (vendor, tests) in VENDORS {
        for verb in verbs.iter().copied() {
            // As an argument: `run("push", …)`.
            if tests.contains(&format!("\"{verb}\"")) {
                known.insert((vendor, verb), Proof::Emulated);
            }
        }
    }
    for report in reports {
        let vendor = report["vendor"].as_str().unwrap();
        for trial in report["trials"].as_array().unwrap() {
            let key = (vendor, trial["verb"].as_str().unwrap());
            let proof = known.entry(key).or_insert(Proof::Nothing);
            *proof = (*proof).max(Proof::of(trial));
        }
    }
    let mut page = HEAD.to_owned();
    for verb in verbs.iter().copied() {
        let _ = write!(page, "| `{verb}` |");
        for (vendor, _) in VENDORS {
            let proof = known.get(&(vendor, verb)).copied();
            let _ = write!(page, " {} |", proof.unwrap_or(Proof::Nothing).word());
        }
        page.push('\n');
    }
    page.push_str("\n## Real phones\n\n");
    if reports.is_empty() {
        page.push_str("No report has been sent yet; be the first.\n");
        return page;
    }
    page.push_str("| phone | firmware | handsetd | date | proven | reported | failed |\n");
    page.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    for report in reports {
        let text = |key: &str| report[key].as_str().unwrap();
        let trials = report["trials"].as_array().unwrap();
        let count = |proof| {
            trials
                .iter()
                .filter(|trial| Proof::of(trial) == proof)
                .count()
        };
        let failed = trials
            .iter()
            .filter(|trial| trial["judgement"] == "failed")
            .count();
        let _ = writeln!(
            page,
            "| {} {} | {} | {} | {} | {} | {} | {failed} |",
            text("vendor"),
            text("model"),
            text("firmware"),
            text("handsetd"),
            text("date"),
            count(Proof::Proven),
            count(Proof::Reported),
        );
    }
    page
}

/// Returns the reports that were sent.
fn reports() -> Vec<Value> {
    let Ok(entries) = fs::read_dir(project("packaging/doc/proofs")) else {
        return Vec::new();
    };
    let paths: BTreeSet<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    let json = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "json"));
    json.map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        .collect()
}

fn verbs() -> Vec<&'static str> {
    let all = handset_phones::verb::Verb::ALL.iter();
    all.map(|verb| verb.name()).collect()
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

const HEAD: &str = "\
# Proven on

| word | meaning |
| --- | --- |
| emulated | a test of this project runs the verb on a simulated phone of the vendor, which is as strict as the vendor's documents are |
| reported | on a real phone the request succeeded, and its effect was not judged |
| proven | a person saw a real phone do it, or read its result |
| – | neither |

Asterisk 16 and 22: the tests run on real servers of both versions. Versions between are not tested.

To prove a phone of yours, run `handsetd prove NAME`, and send the folder that it writes to the project. It takes
back each effect, and its report holds no password, token, name or address. Reports are in the folder `proofs`
beside this page, which is made from them.

| verb | Cisco | Snom | Yealink |
| --- | --- | --- | --- |
";
