//! Which phones support which verbs and keys, and over which transports.
//!
//! Every answer comes from planning the verb on a phone of each family, so it states what the
//! backends do. A transport is listed if at least one form of the verb supports it; where there is
//! none, the backend's own reason is given.

use std::net::{IpAddr, Ipv4Addr};

use secrecy::SecretString;
use url::Url;

use crate::csta::SessionDialect;
use crate::documents::Documents;
use crate::media::Model;
use crate::phone::{CstaAccount, Firmware, Identity, Phone, Vendor};
use crate::screen::Body;
use crate::vendor::{
    AudioFile, BackgroundImage, CstaSession, Image, Plan, PlanContext, PreparedContent,
    PreparedTone, Task, plan,
};
use crate::verb::{Action, Content, Key, Request, Row, Tone, Verb, Via};

/// Where a verb can be used.
#[derive(Debug)]
pub struct Support {
    /// The family of phones, such as `Cisco 8800`.
    pub family: &'static str,
    /// The transports, or why there is none.
    pub transports: Result<Vec<Via>, String>,
}

/// Returns the names of all families.
pub fn families() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().map(|family| family.title)
}

/// Returns the support of a verb by each family, in the order of [`families`]; `None` for verbs that
/// no phone performs.
pub fn of_verb(verb: Verb) -> Option<Vec<Support>> {
    let samples = samples(verb)?;
    let support = FAMILIES.iter().map(|family| Support {
        family: family.title,
        transports: family.transports(&samples),
    });
    Some(support.collect())
}

/// Returns what `key` does not do on some of the families that support the verb: each remark of the
/// backends with the names of these families.
pub fn remarks_on_key(row: &Row, key: &Key) -> Vec<(String, Vec<&'static str>)> {
    let has_required = row.keys.iter().any(|key| key.required);
    let is_base = |base: &&Key| base.required || !has_required && Some(base.name) == row.main_key;
    let base: Vec<_> = row.keys.iter().filter(is_base).collect();
    if base.iter().any(|base| base.name == key.name) {
        return Vec::new();
    }
    let base: Vec<_> = base.iter().map(|base| (base.name, base.example)).collect();
    let with_key = [base.clone(), vec![(key.name, key.example)]].concat();
    // A key that excludes the main key stands alone.
    let request = Request::parse(row.name(), with_key)
        .or_else(|_| Request::parse(row.name(), [(key.name, key.example)]));
    let plain = Request::parse(row.name(), base);
    let (Some(task), Some(plain)) = (
        request.ok().and_then(prepared),
        plain.ok().and_then(prepared),
    ) else {
        return Vec::new();
    };
    let mut remarks: Vec<(String, Vec<&'static str>)> = Vec::new();
    for family in FAMILIES {
        let Ok(usual) = family.plan(&plain, None) else {
            continue;
        };
        let remark = match family.plan(&task, None) {
            // Notes on the verb itself are not those on the key.
            Ok(plan) => own_note(&plan.note.unwrap_or_default(), usual.note.as_deref()).to_owned(),
            Err(reason) => own_note(&reason, Some(&format!("{}:", key.name))).to_owned(),
        };
        if remark.is_empty() {
            continue;
        }
        match remarks.iter_mut().find(|(known, _)| *known == remark) {
            Some((_, families)) => families.push(family.title),
            None => remarks.push((remark, vec![family.title])),
        }
    }
    remarks
}

/// Returns what a note says besides what it begins or ends with.
fn own_note<'a>(note: &'a str, usual: Option<&str>) -> &'a str {
    let usual = usual.unwrap_or_default();
    let note = note.strip_prefix(usual).unwrap_or(note);
    let note = note.strip_suffix(usual).unwrap_or(note);
    note.trim_matches([';', ' '])
}

/// Phones with the same abilities.
struct Family {
    title: &'static str,
    vendor: Vendor,
    model: &'static str,
    firmware: &'static str,
    /// Whether its phones have CSTA sessions over SIP, by any source.
    has_sessions: bool,
}

const FAMILIES: &[Family] = &[
    family("Cisco 7900", Vendor::Cisco, "7970G", "9.4.2"),
    family("Cisco 8800", Vendor::Cisco, "8841", "14.2.1"),
    family("Cisco multiplatform", Vendor::Cisco, "8841-3PCC", "12.0.1"),
    family("Snom", Vendor::Snom, "D785", "10.1.198.12").with_sessions(),
    family("Snom D8xx", Vendor::Snom, "D865", "10.1.226.13").with_sessions(),
    family("Yealink", Vendor::Yealink, "T54W", "96.86.0.70").with_sessions(),
    family("Unify", Vendor::Generic, "OpenStage 60", "").with_sessions(),
    family("others", Vendor::Generic, "", "").with_sessions(),
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
        has_sessions: false,
    }
}

impl Family {
    const fn with_sessions(self) -> Self {
        Self {
            has_sessions: true,
            ..self
        }
    }

    /// Returns the transports over which any of the samples can be planned, or why there is none.
    fn transports(&self, samples: &[Task]) -> Result<Vec<Via>, String> {
        let is_supported = |via: &Via| {
            let mut samples = samples.iter();
            samples.any(|task| {
                self.plan_with(self.session().as_ref(), task, Some(*via))
                    .is_ok()
            })
        };
        let all = [Via::Http, Via::Notify, Via::Csta, Via::Pbx];
        let transports: Vec<_> = all.into_iter().filter(is_supported).collect();
        if !transports.is_empty() {
            return Ok(transports);
        }
        let mut samples = samples.iter();
        let reason = samples.find_map(|task| self.plan(task, None).err());
        Err(reason.unwrap_or_default())
    }

    /// Returns how its phones are spoken to in CSTA sessions.
    fn session(&self) -> Option<SessionDialect> {
        let account = CstaAccount::new("1001-csta", SecretString::default()).ok()?;
        let phone = Phone {
            csta: Some(account).filter(|_| self.has_sessions),
            ..self.phone()
        };
        SessionDialect::of(&phone)
    }

    /// Plans a task on a phone of the family that has no CSTA session, unless the family has nothing else.
    fn plan(&self, task: &Task, via: Option<Via>) -> Result<Plan, String> {
        let session = self.session().filter(|_| self.vendor == Vendor::Generic);
        self.plan_with(session.as_ref(), task, via)
    }

    fn plan_with(
        &self,
        session: Option<&SessionDialect>,
        task: &Task,
        via: Option<Via>,
    ) -> Result<Plan, String> {
        let phone = self.phone();
        let base = Url::parse("http://192.0.2.10:8090").map_err(|error| error.to_string())?;
        let documents = Documents::new(base, String::new());
        let context = PlanContext {
            via,
            asterisk: true,
            csta: session.map(|dialect| CstaSession {
                dialect,
                is_expected: true,
            }),
            documents: &documents,
        };
        accepts_media(&phone, task)?;
        plan(&phone, task, &context).map_err(|error| error.to_string())
    }

    fn phone(&self) -> Phone {
        let identity = Identity {
            vendor: self.vendor,
            model: self.model.to_owned(),
            firmware: Firmware::new(self.firmware),
            mac: None,
        };
        Phone {
            call_id: Some("0123@192.0.2.21".to_owned()),
            ..Phone::anonymous(IpAddr::from(EXAMPLE_ADDRESS), identity)
        }
    }
}

/// The address of the planned phones, one for documentation (RFC 5737).
const EXAMPLE_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 21);

/// Refuses what the media of a model rule out before anything is planned.
fn accepts_media(phone: &Phone, task: &Task) -> Result<(), String> {
    let model = Model::find(phone.vendor, &phone.model);
    let reason = match task {
        Task::Background(_) => model.background.err(),
        Task::Ring(PreparedTone::AudioFile(_)) => model.play.err(),
        _ => None,
    };
    reason.map_or(Ok(()), |reason| Err(reason.to_owned()))
}

/// Returns forms of a verb that require different abilities of a phone; `None` for verbs that phones
/// do not perform.
fn samples(verb: Verb) -> Option<Vec<Task>> {
    let forms: &[&str] = match verb {
        Verb::Login | Verb::Logout | Verb::Ping | Verb::Who => return None,
        Verb::Answer | Verb::Hangup | Verb::Hold | Verb::Resume => &["", "call=7"],
        Verb::Background => &["image=a.png"],
        Verb::Csta => &["request=RequestSystemStatus"],
        Verb::Dial | Verb::Forward => &["number=200"],
        Verb::Display | Verb::Dnd => &["state=on"],
        Verb::Dtmf => &["digits=1"],
        Verb::Execute => &["uri=Key:Soft1", "uri=Wav.Stop:", "uri=snom://mb_exit"],
        Verb::Firmware => &["url=http://192.0.2.10/firmware;confirm=yes"],
        Verb::Key => &["keys=1"],
        Verb::Led => &["state=on;led=1", "state=on;led=LINE1", "state=on"],
        Verb::Notify => &["event=check-sync"],
        Verb::Push => &["text=Hello"],
        Verb::Ring | Verb::Ringtone => &["tone=1", "tone=a.wav"],
        Verb::Settings => &["get=dnd", "set=a=b"],
        Verb::Stream => &["address=224.0.1.1:20480"],
        Verb::Transfer => &[
            "number=200",
            "number=200;call=7",
            "number=200;kind=attended",
        ],
        Verb::Clear | Verb::Info | Verb::Reboot | Verb::Resync | Verb::Screenshot => &[""],
    };
    Some(forms.iter().filter_map(|form| task(verb, form)).collect())
}

fn task(verb: Verb, form: &str) -> Option<Task> {
    let pairs = form.split(';').filter_map(|pair| pair.split_once('='));
    prepared(Request::parse(verb.name(), pairs).ok()?)
}

/// Prepares the action of a request as if its media had been converted; `None` if no phone performs
/// it, or if it depends on a document.
fn prepared(request: Request) -> Option<Task> {
    let file = |name: &str| Url::parse(&format!("http://192.0.2.10:8090/media/1/{name}")).ok();
    let prepare = |tone: Tone| {
        Some(match tone {
            Tone::BuiltIn(name) => PreparedTone::BuiltIn(name),
            Tone::Source(_) => PreparedTone::AudioFile(AudioFile {
                url: file("a.wav")?,
                name: "a.wav".to_owned(),
            }),
        })
    };
    Some(match request.action {
        Action::Background { .. } => Task::Background(BackgroundImage {
            image: file("a.png")?,
            thumbnail: file("b.png"),
            name: "a.png".to_owned(),
        }),
        Action::Control(control) => Task::Control(control),
        Action::Push(push) => match push.content {
            Content::Screen(screen) => {
                let image = matches!(screen.body, Body::Image(_));
                let image = file("a.png").filter(|_| image).map(Image::File);
                Task::Push(
                    PreparedContent::Screen(Box::new(screen), image),
                    push.priority,
                )
            }
            Content::Url(url) => Task::Push(PreparedContent::Url(url), push.priority),
            Content::Document(_) | Content::Template { .. } => return None,
        },
        Action::Ring(tone) => Task::Ring(prepare(tone)?),
        Action::Ringtone { tone, line } => Task::Ringtone(prepare(tone)?, line),
        Action::Mobility(_) | Action::Ping => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verb::TABLE;

    #[test]
    fn every_verb_of_phones_has_samples() {
        for row in TABLE {
            if let Some(samples) = samples(row.verb) {
                assert!(!samples.is_empty(), "{}", row.verb);
            }
        }
    }

    #[test]
    fn planning_is_deterministic() {
        let outcome = |phone: &Phone, task: &Task, via| {
            let base = Url::parse("http://192.0.2.10:8090").unwrap();
            let documents = Documents::new(base, "a1b2".to_owned());
            let context = PlanContext {
                via,
                asterisk: true,
                csta: None,
                documents: &documents,
            };
            let planned = plan(phone, task, &context).map_err(|error| error.to_string());
            (planned, documents.into_items())
        };
        let transports = [None]
            .into_iter()
            .chain(Via::ALL.into_iter().map(Some))
            .collect::<Vec<_>>();
        for family in FAMILIES {
            let phone = family.phone();
            for task in TABLE.iter().filter_map(|row| samples(row.verb)).flatten() {
                for via in &transports {
                    let first = outcome(&phone, &task, *via);
                    let second = outcome(&phone, &task, *via);
                    assert_eq!(first, second, "{}: {task:?} via {via:?}", family.title);
                }
            }
        }
    }

    #[test]
    fn remarks_name_the_families_on_which_a_key_differs() {
        let row = Verb::Push.row();
        let remarks = remarks_on_key(row, row.key("beep").unwrap());
        let on = |family: &str| {
            let mut remarks = remarks.iter();
            remarks.any(|(_, families)| families.contains(&family))
        };
        assert!(on("Cisco 7900") && on("Snom"), "{remarks:?}");
        assert!(!on("Yealink"), "{remarks:?}");
        assert!(remarks_on_key(row, row.key("text").unwrap()).is_empty());
    }
}
