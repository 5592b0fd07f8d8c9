//! Tries each transport to a phone with something harmless: for `handsetd phones --why` and the page.

use std::time::Duration;

use handset_phones::phone::{AuthPolicy, Credentials, Phone, Vendor};
use handset_phones::vendor;
use handset_phones::verb::Request;
use tokio::time::Instant;

use super::courier::Courier;
use super::registration::Sends;
use super::shared_plans::SharedPlans;
use crate::commit_point::CommitPoint;
use crate::fleet::CarriedFiles;
use crate::outcome::{Outcome, Status};

/// What one transport to a phone does.
#[derive(Clone, Debug)]
pub(crate) struct TransportProbe {
    pub(crate) transport: &'static str,
    /// What was tried.
    pub(crate) description: &'static str,
    pub(crate) outcome: Outcome,
}

impl TransportProbe {
    /// Returns what is to be read of the outcome.
    pub(crate) fn reason(&self) -> String {
        match &self.outcome.result {
            Some(result) if self.outcome.reason.is_empty() => result.to_string(),
            _ => self.outcome.reason.clone(),
        }
    }
}

impl Courier {
    /// Tries each transport to a phone, which neither shows nor changes anything. `confirms` says whether
    /// this process serves the authentication URL, which confirms one-time passwords. Asterisk may take
    /// `patience` to report what it could send.
    pub(crate) async fn probe_transports(
        &self,
        phone: &Phone,
        confirms: bool,
        patience: Duration,
    ) -> Vec<TransportProbe> {
        let mut results = Vec::new();
        let mut add = |transport, description, outcome| {
            results.push(TransportProbe {
                transport,
                description,
                outcome,
            });
        };
        for probe in probes(phone.vendor) {
            let is_command = probe.description == COMMAND;
            let outcome = if is_command && !confirms && uses_one_time_password(phone) {
                let reason = "not tried: each push uses a one-time password, which only the running \
                              daemon can confirm to the phone; see fetch";
                Outcome::new(Status::Unsupported, reason)
            } else {
                match Request::parse(probe.verb, probe.keys.iter().copied()) {
                    Ok(request) => {
                        let (files, plans) = (CarriedFiles::default(), SharedPlans::default());
                        self.deliver(phone, &request, &files, &plans, &CommitPoint::default())
                            .await
                    }
                    Err(refusal) => Outcome::new(Status::Error, refusal.to_string()),
                }
            };
            add(probe.transport, probe.description, outcome);
        }
        for (transport, sends) in [("notify", Sends::Notify), ("pbx", Sends::Call)] {
            let until = Instant::now() + patience;
            let outcome = self.probe(phone, sends, until).await;
            add(transport, "querying Asterisk", outcome);
        }
        results
    }
}

/// Returns whether requests to a Cisco phone have a one-time password: it has no other, or one that must
/// not be sent in Basic, which enterprise firmware wants.
fn uses_one_time_password(phone: &Phone) -> bool {
    let may_be_sent = |credentials: &Credentials| {
        credentials.policy() != AuthPolicy::Digest || vendor::is_multiplatform(phone)
    };
    phone.vendor == Vendor::Cisco && !phone.credentials.as_ref().is_some_and(may_be_sent)
}

/// A harmless request.
struct Probe {
    transport: &'static str,
    description: &'static str,
    verb: &'static str,
    keys: &'static [(&'static str, &'static str)],
}

const INFO: Probe = Probe {
    transport: "http",
    description: "reading model and firmware",
    verb: "info",
    keys: &[("via", "http")],
};

fn probes(vendor: Vendor) -> &'static [Probe] {
    match vendor {
        Vendor::Cisco => &[
            INFO,
            Probe {
                transport: "http",
                description: COMMAND,
                verb: "execute",
                keys: &[("uri", "Init:AppStatus"), ("via", "http")],
            },
        ],
        Vendor::Generic => &[],
        Vendor::Snom => &[
            INFO,
            Probe {
                transport: "csta",
                description: "querying its state",
                verb: "csta",
                keys: &[("request", "RequestSystemStatus"), ("via", "csta")],
            },
        ],
        Vendor::Yealink => &[
            INFO,
            Probe {
                transport: "http",
                description: "pushing a document that does nothing",
                verb: "push",
                keys: &[
                    (
                        "xml",
                        "<YealinkIPPhoneExecute Beep=\"no\"><ExecuteItem URI=\"\"/>\
                         </YealinkIPPhoneExecute>",
                    ),
                    ("via", "http"),
                ],
            },
        ],
    }
}

/// The probe of Cisco phones that requires user name and password.
const COMMAND: &str = "a command that does nothing";
