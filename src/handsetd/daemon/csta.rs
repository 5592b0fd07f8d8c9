//! CSTA sessions: the phones that may have one, and what sessions report.

use std::net::SocketAddr;

use handset_phones::csta::SessionDialect;
use handset_phones::phone::{
    CstaAccount, Directory, Identity, PhoneEntry, PhoneState, RegistrationInfo, States, sip_socket,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::phone_networks::PhoneNetworks;
use crate::resolver::{NamedPhone, PhoneResolver};
use crate::roster::{Registered, Roster};
use crate::rules::Fact;
use crate::uacsta::{Contact, CstaPhone, PhoneLookup, Report, Reported};

/// Finds the phones that may have a session.
#[derive(Debug)]
pub(super) struct CstaPhones {
    pub(super) resolver: PhoneResolver,
    pub(super) networks: PhoneNetworks,
}

impl CstaPhones {
    fn registrations(&self, entry: &PhoneEntry) -> Vec<RegistrationInfo> {
        let endpoint = entry.endpoint.as_ref();
        let of = |endpoint| self.resolver.registrations(endpoint, entry.server.as_ref());
        endpoint.map(of).unwrap_or_default()
    }
}

impl PhoneLookup for CstaPhones {
    fn phone(&self, user: &str, user_agent: &str) -> Option<CstaPhone> {
        let entry = self.resolver.of_csta(user)?;
        let registered = self.registrations(&entry).into_iter();
        let mut registered = registered.filter(|info| info.identity.is_some());
        let registered = registered.next().unwrap_or_default();
        let identity = Identity::of_user_agent(user_agent).or(registered.identity);
        let vendor = entry
            .vendor
            .or_else(|| identity.as_ref().map(|identity| identity.vendor));
        let reported = identity.filter(|identity| Some(identity.vendor) == vendor);
        let reported = reported.map(|identity| identity.firmware);
        let firmware = reported
            .filter(|firmware| !firmware.as_str().is_empty())
            .or_else(|| entry.firmware.clone())
            .unwrap_or_default();
        let account = entry.csta.as_ref()?;
        let endpoint = entry.endpoint.as_ref();
        let dialect = SessionDialect::new(account, vendor, &firmware, entry.csta_calls, endpoint);
        let server = entry.server.clone().or(registered.server);
        let NamedPhone { name, server } = self.resolver.named(&entry.at(server.as_ref()));
        Some(CstaPhone {
            name,
            server,
            vendor,
            dialect,
        })
    }

    fn contact(&self, user: &str) -> Result<Contact, String> {
        let entry = self.resolver.of_csta(user).ok_or("it has no [[phone]]")?;
        let infos = self.registrations(&entry);
        let is_there = |info: &&RegistrationInfo| info.contact.is_some() && info.address.is_some();
        let mut there = infos.iter().filter(is_there);
        let info = there
            .clone()
            .find(|info| info.identity.is_some())
            .or_else(|| there.next())
            .ok_or("Asterisk knows no contact of it")?;
        if info.behind_nat.is_some() {
            return Err("it is behind NAT, so it cannot be called directly".to_owned());
        }
        let uri = info.contact.clone().unwrap_or_default();
        let ip = info.address.ok_or("Asterisk knows no address of it")?;
        let networks = &self.networks;
        let checked = networks.check(ip).or_else(|_| networks.check_named(ip));
        checked.map_err(|why| format!("it is at {ip}, {why}"))?;
        let socket = sip_socket(&uri);
        let port = socket
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok());
        let address = SocketAddr::new(ip, port.ok_or("its contact has no valid port")?);
        Ok(Contact { uri, address })
    }
}

/// Returns the accounts of all phones.
pub(super) fn accounts(directory: &Directory) -> impl Iterator<Item = CstaAccount> {
    let entries = directory.entries().iter();
    entries.filter_map(|entry| entry.csta.clone())
}

/// Where reports of sessions go.
pub(super) struct ReportTargets {
    pub(super) facts: mpsc::Sender<Fact>,
    pub(super) states: States,
    pub(super) roster: Roster,
}

/// Turns the reports of sessions into events and states of phones, until `stop`.
pub(super) async fn receive(
    mut reports: mpsc::Receiver<Report>,
    targets: ReportTargets,
    stop: CancellationToken,
) {
    loop {
        let report = tokio::select! {
            () = stop.cancelled() => return,
            report = reports.recv() => report,
        };
        let Some(report) = report else {
            return;
        };
        if let Some(fact) = targets.apply(report)
            && targets.facts.send(fact).await.is_err()
        {
            return;
        }
    }
}

impl ReportTargets {
    /// Applies what no event says, and returns the event, if there is one.
    fn apply(&self, report: Report) -> Option<Fact> {
        let Report {
            phone,
            server,
            what,
        } = report;
        let fact = match what {
            Reported::Event(name, values, state) => {
                Fact::of_phone(name, &phone, values).with_state(state)
            }
            Reported::Lost(reason) => {
                let values = [("Cause".to_owned(), reason)];
                // Until the next session, only Asterisk knows what the phone is doing.
                Fact::of_phone("csta_lost", &phone, values).with_state(PhoneState::default())
            }
            Reported::Up(state, gap) => {
                // Deliveries may wait for this session.
                self.roster.announce(Registered::Any);
                self.states.note_state(server.as_ref(), &phone, state);
                let seconds = format!("{:.3}", gap?.as_secs_f64());
                let values = [("phone", phone), ("Seconds", seconds)];
                let values = values.map(|(name, value)| (name.to_owned(), value));
                Fact::new("handsetd.gap", values)
            }
        };
        Some(fact.of_server(server))
    }
}
