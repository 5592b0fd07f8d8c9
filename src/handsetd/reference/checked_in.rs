//! Keeps the files that contain the reference current: `packaging/doc/verbs.md` and the pages of the
//! manual.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use handset_phones::support;
use handset_phones::verb::TABLE;

use super::document::Document;
use super::{configuration, manual, markdown, statuses, targets, verbs};

#[test]
fn guide_to_the_verbs_is_current() {
    let page = read(GUIDE);
    let expected = with_section(&page, "matrix", &matrix());
    let mut reference = Document::default();
    for row in TABLE {
        reference.append(verbs::section(row));
    }
    reference.heading(2, "Keys of every verb");
    reference.append(verbs::common_keys());
    reference.heading(1, "Targets");
    reference.append(demoted(targets::document()));
    reference.heading(1, "Statuses");
    reference.append(statuses::document());
    let expected = with_section(&expected, "reference", &markdown::render(&reference, 2));
    assert_current(GUIDE, &expected);
}

#[test]
fn page_of_the_verbs_is_current() {
    let mut document = Document::default();
    document.heading(1, "Description");
    document.append(verbs::introduction());
    document.heading(1, "Verbs");
    for row in TABLE {
        document.append(verbs::section(row));
    }
    document.heading(1, "Keys of every verb");
    document.append(verbs::common_keys());
    document.heading(1, "Targets");
    document.append(demoted(targets::document()));
    document.heading(1, "Statuses");
    document.append(statuses::document());
    document.heading(1, "See also");
    document.paragraph(
        "`handsetd-send`(8), `handsetd.toml`(5). `handsetd help VERB` also shows which phones support a \
         verb, and over which transports.",
    );
    let summary = "verbs and keys of requests to desk phones";
    let page = manual::render(&document, "handsetd-verbs", "7", summary);
    assert_current("packaging/man/handsetd-verbs.7", &page);
}

#[test]
fn page_of_the_configuration_is_current() {
    let summary = "configuration of handsetd";
    let document = configuration::document();
    let page = manual::render(&document, "handsetd.toml", "5", summary);
    assert_current("packaging/man/handsetd.toml.5", &page);
}

#[test]
fn pages_of_the_manual_are_free_of_warnings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/man");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let output = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww"])
            .arg(&path)
            .stdin(Stdio::null())
            .output();
        let Ok(output) = output else {
            println!("The pages were not checked: groff is not installed.");
            return;
        };
        let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success() && warnings.is_empty(),
            "{}: {warnings}",
            path.display()
        );
    }
}

/// Returns the matrix of verbs, families of phones and transports, followed by the numbered reasons
/// of its empty cells, as Markdown.
fn matrix() -> String {
    let (mut table, mut notes) = (String::new(), Vec::<String>::new());
    let families: Vec<_> = support::families().collect();
    let _ = writeln!(table, "| verb | action | {} |", families.join(" | "));
    let _ = writeln!(table, "| --- | --- |{}", " --- |".repeat(families.len()));
    for row in TABLE {
        let Some(support) = support::of_verb(row.verb) else {
            continue;
        };
        let mut line = format!("| `{}` | {} |", row.name(), row.summary);
        for family in support {
            let cell = match family.transports {
                Ok(transports) => {
                    let names: Vec<_> = transports.iter().map(|via| via.name()).collect();
                    names.join(", ")
                }
                Err(reason) => note(&mut notes, reason),
            };
            let _ = write!(line, " {cell} |");
        }
        let _ = writeln!(table, "{line}");
    }
    table.push('\n');
    for (number, reason) in (1..).zip(notes) {
        let _ = writeln!(table, "{number}. {reason}");
    }
    table
}

/// Returns the number of a reason, in the order of their first use.
fn note(notes: &mut Vec<String>, reason: String) -> String {
    let known = notes.iter().position(|known| *known == reason);
    let at = known.unwrap_or_else(|| {
        notes.push(reason);
        notes.len() - 1
    });
    format!("({})", at + 1)
}

/// Returns a document with its headings one level lower.
fn demoted(document: Document) -> Document {
    use super::document::Block;

    let blocks = document.0.into_iter().map(|block| match block {
        Block::Heading(level, text) => Block::Heading(level + 1, text),
        block => block,
    });
    Document(blocks.collect())
}

/// Replaces the text between the marker comments of `section`.
fn with_section(page: &str, section: &str, text: &str) -> String {
    let start = format!("<!-- Generated from src/phones/verb/table.rs: the {section}. -->\n");
    let end = format!("<!-- End of the {section}. -->\n");
    let (before, rest) = page.split_once(&start).expect(&start);
    let (_, after) = rest.split_once(&end).expect(&end);
    format!("{before}{start}\n{text}\n{end}{after}")
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(path).unwrap_or_default()
}

/// Asserts that the file has the expected content; writes it instead if `HANDSETD_REWRITE` is set.
fn assert_current(path: &str, expected: &str) {
    if std::env::var_os("HANDSETD_REWRITE").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        fs::write(path, expected).unwrap();
        return;
    }
    assert!(
        read(path) == expected,
        "{path} is out of date: run HANDSETD_REWRITE=1 cargo test --lib reference"
    );
}

const GUIDE: &str = "packaging/doc/verbs.md";
