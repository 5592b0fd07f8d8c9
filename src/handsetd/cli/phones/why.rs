//! `handsetd phones --why NAME`: tries the ways to a phone, and says what each answered and what to
//! change.
//!
//! What is tried shows nothing on the phone and changes nothing there.

use std::io::Write;

use anyhow::Context;
use serde::Serialize;
use tokio::time::Instant;

use super::{PATIENCE, follow};
use crate::commit_point::CommitPoint;
use crate::config::Config;
use crate::content_store::ContentStore;
use crate::daemon;
use crate::deliver::{self, Courier, PushCredentials, Sends};
use crate::outcome::{Outcome, Status};
use crate::resolver::{NotFound, PhoneResolver};
use crate::roster::Roster;
use crate::telemetry::TerminalSafe;
use handset_net::tasks::Tasks;
use handset_phones::phone::{Phone, Vendor};
use handset_phones::verb::Request;

/// What became of one phone.
#[derive(Debug, Serialize)]
pub(super) struct Tried {
    name: String,
    /// What is known of it, or why that is too little.
    known: String,
    ways: Vec<Way>,
}

/// What became of one way.
#[derive(Debug, Serialize)]
struct Way {
    #[serde(rename = "way")]
    name: &'static str,
    tried: &'static str,
    status: &'static str,
    reason: String,
}

impl Tried {
    /// Returns whether a way leads there.
    pub(super) fn is_reached(&self) -> bool {
        self.ways.iter().any(|way| way.status == Status::Ok.word())
    }
}

/// Tries all ways to the phones that `names` means.
pub(super) async fn ask(config: &Config, names: &str) -> anyhow::Result<Vec<Tried>> {
    let (tasks, roster) = (Tasks::new(), Roster::default());
    follow(config, &roster, &tasks)?;
    // So that whoever is registered is known, and who is not is known as well.
    let (_, away) = roster.all(Instant::now() + PATIENCE).await;
    let (directory, defaults) = (config.directory.clone(), config.vendors.clone());
    let resolver = PhoneResolver::new(directory, roster.clone(), defaults);
    let courier = courier(config, &roster)?;
    let mut tried = Vec::new();
    for found in resolver.find(names) {
        tried.push(match found {
            Ok(phone) => of_phone(&courier, &phone).await,
            Err(NotFound { outcome, .. }) => {
                let Outcome { phone, reason, .. } = outcome;
                let away = away.iter().map(|absent| format!("; {absent}"));
                Tried {
                    name: if phone.is_empty() {
                        names.to_owned()
                    } else {
                        phone
                    },
                    known: reason + &away.collect::<String>(),
                    ways: Vec::new(),
                }
            }
        });
    }
    tasks.shut_down(super::LOG_OFF).await;
    Ok(tried)
}

async fn of_phone(courier: &Courier, phone: &Phone) -> Tried {
    let mut ways = Vec::new();
    for Probe { way, tried, words } in probes(phone.vendor) {
        let outcome = if phone.vendor == Vendor::Cisco
            && phone.credentials.is_none()
            && *tried == COMMAND
        {
            let reason = "not tried: without a password in the configuration each push makes up \
                          its own, which only the running daemon can vouch for";
            Outcome::new(Status::Unsupported, reason)
        } else {
            match Request::parse(words.0, words.1.iter().copied()) {
                Ok(request) => {
                    courier
                        .deliver(phone, &request, &CommitPoint::default())
                        .await
                }
                Err(refusal) => Outcome::new(Status::Error, refusal.to_string()),
            }
        };
        ways.push(of_outcome(way, tried, outcome));
    }
    for (way, sends) in [("notify", Sends::Notify), ("pbx", Sends::Call)] {
        let outcome = courier.probe(phone, sends, Instant::now() + PATIENCE).await;
        ways.push(of_outcome(way, "asking Asterisk", outcome));
    }
    let Phone {
        vendor,
        model,
        firmware,
        address,
        ..
    } = phone;
    let words = [vendor.title(), model, &firmware.to_string()];
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    Tried {
        name: phone.name.clone(),
        known: format!("{} at {address}", words.join(" ")),
        ways,
    }
}

fn of_outcome(way: &'static str, tried: &'static str, outcome: Outcome) -> Way {
    let told = outcome.result.map(|result| result.to_string());
    let told = told.filter(|_| outcome.reason.is_empty());
    Way {
        name: way,
        tried,
        status: outcome.status.word(),
        reason: told.unwrap_or(outcome.reason),
    }
}

/// Something harmless to ask of a phone: verb, and keys with their values.
struct Probe {
    way: &'static str,
    tried: &'static str,
    words: (&'static str, &'static [(&'static str, &'static str)]),
}

const INFO: Probe = Probe {
    way: "http",
    tried: "reading what it is",
    words: ("info", &[("via", "http")]),
};

fn probes(vendor: Vendor) -> &'static [Probe] {
    match vendor {
        Vendor::Cisco => &[
            INFO,
            Probe {
                way: "http",
                tried: COMMAND,
                words: ("execute", &[("uri", "Init:AppStatus"), ("via", "http")]),
            },
        ],
        Vendor::Snom => &[
            INFO,
            Probe {
                way: "csta",
                tried: "asking for its state",
                words: (
                    "csta",
                    &[("request", "RequestSystemStatus"), ("via", "csta")],
                ),
            },
        ],
        Vendor::Yealink => &[
            INFO,
            Probe {
                way: "http",
                tried: "pushing a document that does nothing",
                words: (
                    "push",
                    &[
                        (
                            "xml",
                            "<YealinkIPPhoneExecute Beep=\"no\"><ExecuteItem URI=\"\"/>\
                             </YealinkIPPhoneExecute>",
                        ),
                        ("via", "http"),
                    ],
                ),
            },
        ],
    }
}

/// Shows it for people.
pub(super) fn show(all: &[Tried], out: &mut impl Write) -> std::io::Result<()> {
    for Tried { name, known, ways } in all {
        writeln!(out, "{}: {}", TerminalSafe(name), TerminalSafe(known))?;
        for Way {
            name,
            tried,
            status,
            reason,
        } in ways
        {
            let reason = TerminalSafe(reason);
            writeln!(out, "  {name:<7} {status:<11} {tried}: {reason}")?;
        }
    }
    Ok(())
}

/// Opens a courier of our own: it keeps no files, and nobody fetches from it.
fn courier(config: &Config, roster: &Roster) -> anyhow::Result<Courier> {
    let settings = deliver::Config {
        media_dir: None,
        // Here each way is tried for real.
        circuit_breaker: false,
        ..daemon::delivery_settings(config, config.http.listen)
    };
    let parts = (
        ContentStore::default(),
        PushCredentials::default(),
        roster.clone(),
    );
    Courier::open(settings, parts.0, parts.1, parts.2).context("cannot prepare to ask phones")
}

/// What is tried of a Cisco phone with user name and password.
const COMMAND: &str = "a command that does nothing";
