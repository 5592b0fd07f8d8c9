//! `handsetd phones --why NAME`: probes each transport to a phone, and reports the results and what
//! to change.
//!
//! Probes change nothing on the phone, and show nothing, but for the [`fetch`] test of the running
//! daemon, which shows as little as the vendor's documents allow.

mod fetch;
mod probe_result;
mod session;

use std::io::Write;

use anyhow::Context;
use handset_net::tasks::Tasks;
use handset_phones::phone::Phone;
use serde::Serialize;
use tokio::time::Instant;

use super::sessions::ShownSessions;
use crate::cli::servers::{LOAD_TIMEOUT, LOG_OFF_TIMEOUT, connect};
use crate::config::Config;
use crate::content_store::ContentStore;
use crate::daemon;
use crate::deliver::{self, Courier, PushCredentials, TransportProbe};
use crate::outcome::{Outcome, Status};
use crate::phone_networks::PhoneNetworks;
use crate::resolver::{NotFound, PhoneResolver};
use crate::roster::Roster;
use crate::telemetry::TerminalSafe;
use crate::uacsta::Sessions;
use fetch::FetchReport;
use probe_result::ProbeResult;

/// The probes of one phone.
#[derive(Debug, Serialize)]
pub(super) struct PhoneReport {
    name: String,
    /// Vendor, model, firmware and address, or why they cannot be determined.
    known: String,
    /// The contacts of its endpoint that do not count, since they are not desk phones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
    /// The refused connections of the phone, and what to do about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    #[serde(rename = "ways")]
    probes: Vec<ProbeResult>,
}

impl PhoneReport {
    /// Returns whether at least one transport works, and the phone does not fail to fetch what it is told
    /// to.
    pub(super) fn is_reachable(&self) -> bool {
        let with = |status: Status| move |result: &ProbeResult| result.status == status.word();
        let (fetches, transports): (Vec<_>, Vec<_>) = self
            .probes
            .iter()
            .partition(|result| result.transport == fetch::TRANSPORT);
        transports.into_iter().any(with(Status::Ok))
            && !fetches.into_iter().any(with(Status::Unknown))
    }
}

/// Probes all transports to the phones that match `names`.
pub(super) async fn probe(config: &Config, names: &str) -> anyhow::Result<Vec<PhoneReport>> {
    let (tasks, roster) = (Tasks::new(), Roster::default());
    connect(config, &roster, &tasks)?;
    // The resolver needs all registrations.
    let (_, unavailable) = roster.all(Instant::now() + LOAD_TIMEOUT).await;
    let (directory, defaults) = (config.directory.clone(), config.vendors.clone());
    let resolver = PhoneResolver::new(directory, roster.clone(), defaults);
    let courier = courier(config, &roster)?;
    resolver
        .inquire(&names.into(), None, Instant::now() + LOAD_TIMEOUT)
        .await;
    let fetches = fetch::test(config, names).await;
    let mut reports = Vec::new();
    for found in resolver.find(&names.into(), None) {
        reports.push(match found {
            Ok(phone) => {
                let report = probe_phone(&courier, &phone).await;
                with_fetch_test(report, &phone, &fetches)
            }
            Err(NotFound { outcome, .. }) => {
                let Outcome { phone, reason, .. } = outcome;
                let servers = unavailable.iter().map(|server| format!("; {server}"));
                PhoneReport {
                    name: if phone.is_empty() {
                        names.to_owned()
                    } else {
                        phone
                    },
                    known: reason + &servers.collect::<String>(),
                    left_out: Vec::new(),
                    refused: None,
                    probes: Vec::new(),
                }
            }
        });
    }
    let sessions = ShownSessions::load(config).await;
    for report in &mut reports {
        let session = sessions.of(&report.name).map(session::result);
        report.probes.extend(session);
    }
    tasks.shut_down(LOG_OFF_TIMEOUT).await;
    Ok(reports)
}

async fn probe_phone(courier: &Courier, phone: &Phone) -> PhoneReport {
    let probed = courier.probe_transports(phone, false, LOAD_TIMEOUT).await;
    let results = probed.iter().map(result).collect();
    let Phone {
        vendor,
        model,
        firmware,
        address,
        ..
    } = phone;
    let words = [vendor.title(), model, &firmware.to_string()];
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    PhoneReport {
        name: phone.name.clone(),
        known: format!("{} at {address}", words.join(" ")),
        left_out: phone.left_out.clone(),
        refused: None,
        probes: results,
    }
}

fn result(probed: &TransportProbe) -> ProbeResult {
    ProbeResult {
        transport: probed.transport,
        probe: probed.description.into(),
        status: probed.outcome.status.word().to_owned(),
        reason: probed.reason(),
    }
}

/// Adds what the daemon says of a phone.
fn with_fetch_test(
    mut report: PhoneReport,
    phone: &Phone,
    fetches: &Result<Vec<FetchReport>, String>,
) -> PhoneReport {
    let address = phone.address.to_string();
    let of_phone = |test: &&FetchReport| test.phone == phone.name && test.address == address;
    match fetches {
        Ok(all) => match all.iter().find(of_phone) {
            Some(test) => {
                report.probes.extend(test.probes());
                report.refused = test.refused();
            }
            None => report
                .probes
                .push(fetch::not_tried("it finds no such phone; was it reloaded?")),
        },
        Err(why) => report.probes.push(fetch::not_tried(why)),
    }
    report
}

/// Writes the reports as text.
pub(super) fn show(reports: &[PhoneReport], out: &mut impl Write) -> std::io::Result<()> {
    for PhoneReport {
        name,
        known,
        left_out,
        refused,
        probes,
    } in reports
    {
        writeln!(out, "{}: {}", TerminalSafe(name), TerminalSafe(known))?;
        if !left_out.is_empty() {
            let others = left_out.join(", ");
            let others = TerminalSafe(&others);
            writeln!(out, "  left out, since not a desk phone: {others}")?;
        }
        if let Some(refused) = refused {
            writeln!(out, "  {}", TerminalSafe(refused))?;
        }
        for ProbeResult {
            transport,
            probe,
            status,
            reason,
        } in probes
        {
            let (probe, reason) = (TerminalSafe(probe), TerminalSafe(reason));
            let status = TerminalSafe(status).to_string();
            writeln!(out, "  {transport:<7} {status:<11} {probe}: {reason}")?;
        }
    }
    Ok(())
}

/// Opens a separate courier, which stores no files and serves no content.
fn courier(config: &Config, roster: &Roster) -> anyhow::Result<Courier> {
    let settings = deliver::Config {
        media_dir: None,
        // Every probe must be sent.
        circuit_breaker: false,
        ..daemon::delivery_settings(
            config,
            config.http.listen,
            PhoneNetworks::new(&config.phones),
        )
    };
    Courier::open(
        settings,
        ContentStore::default(),
        PushCredentials::default(),
        roster.clone(),
        Sessions::default(),
    )
    .context("cannot create the HTTP client for phones")
}
