//! What each family of phones can do, by which way: the table of the README.
//!
//! A test writes it, so the program does not need it. It is made by asking the backends themselves, so it says what they do. A way counts if one form of
//! the verb goes by it; a cell without any carries the backend's own reason.

use std::fmt::Write;

use url::Url;

use super::{AudioFile, Image, Picture, PlanContext, PreparedContent, PreparedTone, Task, plan};
use crate::documents::Documents;
use crate::phone::{Firmware, Phone, Vendor};
use crate::verb::{Action, Content, Request, TABLE, Tone, Via};

/// Writes the table and, below it, the reasons of its empty cells, as Markdown.
fn markdown() -> String {
    let (mut table, mut notes) = (String::new(), Vec::<String>::new());
    let titles: Vec<_> = FAMILIES.iter().map(|family| family.title).collect();
    let _ = writeln!(table, "| verb | does | {} |", titles.join(" | "));
    let _ = writeln!(table, "| --- | --- |{}", " --- |".repeat(FAMILIES.len()));
    for row in TABLE {
        let Some(samples) = samples(row.name) else {
            continue;
        };
        let mut line = format!("| `{}` | {} |", row.name, row.does);
        for family in FAMILIES {
            let cell = match family.ways(&samples) {
                Ok(ways) => ways.join(", "),
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
        notes.len().saturating_sub(1)
    });
    format!("({})", at.saturating_add(1))
}

/// Phones that can do the same.
struct Family {
    title: &'static str,
    vendor: Vendor,
    model: &'static str,
    firmware: &'static str,
}

const FAMILIES: &[Family] = &[
    family("Cisco 7900", Vendor::Cisco, "7970G", "9.4.2"),
    family("Cisco 8800", Vendor::Cisco, "8841", "14.2.1"),
    family("Cisco MPP", Vendor::Cisco, "8841-3PCC", "12.0.1"),
    family("Snom", Vendor::Snom, "D785", "10.1.198.12"),
    family("Snom D8xx", Vendor::Snom, "D865", "10.1.226.13"),
    family("Yealink", Vendor::Yealink, "T53W", "96.86.0.70"),
];

const fn family(
    title: &'static str,
    vendor: Vendor,
    model: &'static str,
    firmware: &'static str,
) -> Family {
    Family {
        title,
        vendor,
        model,
        firmware,
    }
}

impl Family {
    /// Returns the ways by which one of the samples goes, or why none of them does.
    fn ways(&self, samples: &[Task]) -> Result<Vec<&'static str>, String> {
        let phone = self.phone();
        let base = Url::parse("http://192.0.2.10:8090").map_err(|error| error.to_string())?;
        let documents = Documents::new(base, String::new());
        let by = |via| PlanContext {
            via,
            asterisk: true,
            documents: &documents,
        };
        let goes = |via: &Via| {
            let mut samples = samples.iter();
            samples.any(|task| plan(&phone, task, &by(Some(*via))).is_ok())
        };
        let all = [Via::Http, Via::Notify, Via::Csta, Via::Pbx];
        let ways = all.iter().filter(|via| goes(via)).map(|via| via.name());
        let ways: Vec<_> = ways.collect();
        if !ways.is_empty() {
            return Ok(ways);
        }
        let mut samples = samples.iter();
        let reason = samples.find_map(|task| plan(&phone, task, &by(None)).err());
        Err(reason.map(|reason| reason.to_string()).unwrap_or_default())
    }

    fn phone(&self) -> Phone {
        Phone {
            firmware: Firmware::new(self.firmware),
            call_id: Some("0123@192.0.2.21".to_owned()),
            ..Phone::example(self.vendor, self.model)
        }
    }
}

/// Returns forms of a verb that differ in what a phone must be able to do; `None` for verbs that
/// are not done by phones.
fn samples(verb: &str) -> Option<Vec<Task>> {
    let forms: &[&str] = match verb {
        "login" | "logout" | "ping" | "who" => return None,
        "answer" | "hangup" | "hold" | "resume" => &["", "call=7"],
        "background" => &["image=a.png"],
        "csta" => &["request=RequestSystemStatus"],
        "dial" | "forward" => &["number=200"],
        "display" | "dnd" => &["state=on"],
        "dtmf" => &["digits=1"],
        "execute" => &["uri=Key:Soft1", "uri=Wav.Stop:", "uri=snom://mb_exit"],
        "firmware" => &["url=http://192.0.2.10/firmware;confirm=yes"],
        "key" => &["keys=1"],
        "led" => &["state=on;led=1", "state=on;led=LINE1", "state=on"],
        "notify" => &["event=check-sync"],
        "push" => &["text=Hello"],
        "ring" | "ringtone" => &["tone=1", "tone=a.wav"],
        "settings" => &["get=dnd", "set=a=b"],
        "stream" => &["address=224.0.1.1:20480"],
        "transfer" => &[
            "number=200",
            "number=200;call=7",
            "number=200;kind=attended",
        ],
        _ => &[""],
    };
    Some(forms.iter().filter_map(|form| task(verb, form)).collect())
}

fn task(verb: &str, form: &str) -> Option<Task> {
    let pairs = form.split(';').filter_map(|pair| pair.split_once('='));
    let request = Request::parse(verb, pairs).ok()?;
    let file = |name: &str| Url::parse(&format!("http://192.0.2.10:8090/media/1/{name}")).ok();
    let sound = |tone: Tone| {
        Some(match tone {
            Tone::BuiltIn(name) => PreparedTone::BuiltIn(name),
            Tone::Source(_) => PreparedTone::AudioFile(AudioFile {
                url: file("a.wav")?,
                name: "a.wav".to_owned(),
            }),
        })
    };
    Some(match request.action {
        Action::Background { .. } => Task::Background(Picture {
            image: file("a.png")?,
            thumbnail: file("b.png"),
            name: "a.png".to_owned(),
        }),
        Action::Control(control) => Task::Control(control),
        Action::Push(push) => match push.content {
            Content::Screen(screen) => {
                let shown = PreparedContent::Screen(Box::new(screen), None::<Image>);
                Task::Push(shown, push.priority)
            }
            _ => return None,
        },
        Action::Ring(tone) => Task::Ring(sound(tone)?),
        Action::Ringtone { tone, line } => Task::Ringtone(sound(tone)?, line),
        Action::Mobility(_) | Action::Ping => return None,
    })
}

const START: &str = "<!-- The table is made by src/vendor/matrix.rs. -->\n";
const END: &str = "<!-- The end of the table. -->\n";

#[test]
fn the_table_of_the_readme_is_that_of_the_code() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = readme.split_once(START).unwrap();
    let (table, after) = rest.split_once(END).unwrap();
    let made = format!("\n{}\n", markdown());
    if std::env::var_os("HANDSETD_REWRITE").is_some() {
        std::fs::write(&file, format!("{before}{START}{made}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(
        table, made,
        "README.md is out of date: run HANDSETD_REWRITE=1 cargo test --lib matrix"
    );
}

#[test]
fn every_verb_of_phones_has_samples() {
    for row in TABLE {
        if let Some(samples) = samples(row.name) {
            assert!(!samples.is_empty(), "{}", row.name);
        }
    }
}
