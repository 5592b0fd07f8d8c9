//! The report: what was tried on which phone, for people and for programs.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use handset_net::files;
use serde::Serialize;

use super::scrub::Scrub;

/// What is sent back. It names no phone, no address, no password and no token.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    pub(super) handsetd: &'static str,
    pub(super) date: String,
    pub(super) vendor: String,
    pub(super) model: String,
    pub(super) firmware: String,
    pub(super) trials: Vec<Entry>,
    /// The requests that took back the effects.
    pub(super) cleanup: Vec<Entry>,
    /// Whether it was ended before all trials were over.
    pub(super) interrupted: bool,
}

/// One request.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    pub(super) verb: &'static str,
    pub(super) keys: Vec<(String, String)>,
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) judgement: Judgement,
    /// The file with the picture of the screen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) picture: Option<String>,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Judgement {
    /// The phone has done it: the person at the phone says so, or the result.
    Proven,
    /// The request failed, or the person says that the phone has not done it.
    Failed,
    /// This phone cannot do that.
    Unsupported,
    /// The request succeeded, and its effect was not judged.
    Unjudged,
    /// It was not tried; the reason says why.
    Untried,
}

impl Judgement {
    fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Failed => "failed",
            Self::Unsupported => "unsupported",
            Self::Unjudged => "not judged",
            Self::Untried => "not tried",
        }
    }
}

/// The folder of a report.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Creates a folder that did not exist.
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    /// Returns its path.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Stores a picture of the screen; returns the name of its file.
    pub(super) fn add_picture(&self, name: &str, png: &[u8]) -> io::Result<String> {
        let name = format!("{name}.png");
        files::replace(&self.0.join(&name), png)?;
        Ok(name)
    }

    /// Writes `report.json` and `report.md`.
    pub(super) fn write(&self, report: &Report, scrub: &Scrub) -> io::Result<()> {
        let report = &report.scrubbed(scrub);
        let json = serde_json::to_string_pretty(report).map_err(io::Error::other)?;
        files::replace(&self.0.join("report.json"), json.as_bytes())?;
        files::replace(&self.0.join("report.md"), markdown(report).as_bytes())
    }
}

impl Report {
    /// Returns the report without what must not leave the site.
    fn scrubbed(&self, scrub: &Scrub) -> Self {
        let clean = |entry: &Entry| {
            let keys = entry.keys.iter();
            Entry {
                keys: keys
                    .map(|(key, value)| (key.clone(), scrub.text(value)))
                    .collect(),
                reason: scrub.text(&entry.reason),
                ..entry.clone()
            }
        };
        Self {
            trials: self.trials.iter().map(clean).collect(),
            cleanup: self.cleanup.iter().map(clean).collect(),
            ..self.clone()
        }
    }
}

fn markdown(report: &Report) -> String {
    let Report {
        handsetd,
        date,
        vendor,
        model,
        firmware,
        ..
    } = report;
    let mut page = format!(
        "# {vendor} {model}, firmware {firmware}\n\nTried with handsetd {handsetd} on {date}.\n"
    );
    if report.interrupted {
        page.push_str("\nIt was ended before all trials were over.\n");
    }
    table(&mut page, "What was tried", &report.trials);
    table(&mut page, "What was taken back", &report.cleanup);
    page
}

fn table(page: &mut String, title: &str, entries: &[Entry]) {
    let _ = write!(
        page,
        "\n## {title}\n\n| verb | keys | status | judgement | reason |\n"
    );
    page.push_str("| --- | --- | --- | --- | --- |\n");
    for entry in entries {
        let keys = entry
            .keys
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        let keys = keys.collect::<Vec<_>>().join(" ");
        let cells = [
            entry.verb,
            &keys,
            &entry.status,
            entry.judgement.word(),
            &entry.reason,
        ];
        page.push('|');
        for cell in cells {
            let _ = write!(page, " {} |", in_cell(cell));
        }
        page.push('\n');
    }
}

/// Returns a text, which may come from the phone, for a cell of a table.
fn in_cell(text: &str) -> String {
    let escape = |c: char| match c {
        '|' | '<' | '>' | '`' | '[' | ']' | '\\' | '*' | '_' => format!("\\{c}"),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_phones_stay_in_their_cells() {
        assert_eq!(in_cell("a|b\n<img>"), "a\\|b \\<img\\>");
    }
}
