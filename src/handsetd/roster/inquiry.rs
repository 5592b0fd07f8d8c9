//! Questions about single phones, for which the events of a server do not suffice: they may be filtered,
//! or still be on their way.

use futures_util::future::join_all;
use handset_ami as ami;
use handset_phones::phone::{Endpoint, ServerName};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::question::{EVENTS_HIDDEN, Existence, Question};
use super::unavailable::{Absence, Unavailable};
use super::{Roster, Server};

impl Roster {
    /// Asks a server, or all of them, for an endpoint, or for all registrations, and waits until `until`
    /// for the answers and for servers that are still loading.
    pub(crate) async fn inquire(
        &self,
        endpoint: Option<&Endpoint>,
        server: Option<&ServerName>,
        until: Instant,
    ) {
        let servers = self.of(server);
        let questions = servers.iter().map(|server| server.inquire(endpoint, until));
        join_all(questions).await;
    }

    /// Asks each of several servers that has not reported yet whether it has an endpoint, and waits until
    /// `until`. Afterwards it is known whose the endpoint is.
    pub(crate) async fn inquire_owners(
        &self,
        endpoint: &Endpoint,
        server: Option<&ServerName>,
        until: Instant,
    ) {
        let mut servers = self.of(server);
        servers.retain(|server| {
            let table = server.table.borrow();
            let is_told = table.has(endpoint) || table.existence(endpoint).is_some();
            // One that is away is not waited for: its phones cannot be registered anyway.
            !is_told && !server.client.state().borrow().is_away_until(until)
        });
        let questions = servers.iter();
        join_all(questions.map(|server| server.inquire(Some(endpoint), until))).await;
    }

    /// Returns why an endpoint, or a phone that is identified by its address, has no registration, as
    /// far as the servers have reported.
    pub(crate) fn absence(
        &self,
        endpoint: Option<&Endpoint>,
        server: Option<&ServerName>,
    ) -> Absence {
        let mut absence = Absence::Unknown;
        for server in self.of(server) {
            let table = server.table.borrow();
            if !table.is_current() {
                drop(table);
                absence = Absence::Unavailable(server.unavailable());
                continue;
            }
            match endpoint.and_then(|endpoint| table.existence(endpoint)) {
                Some(Existence::Known) => return Absence::NotRegistered,
                Some(Existence::Forbidden(reason)) => {
                    absence = Absence::Unavailable(Unavailable::Forbidden {
                        server: server.client.name().to_owned(),
                        reason: reason.clone(),
                    });
                }
                Some(Existence::Unknown) | None => {}
            }
        }
        absence
    }

    /// Returns what the account of a connected server lacks, and what to do.
    pub(crate) fn complaint(&self, server: &str) -> Option<String> {
        let servers = self.list();
        let server = servers.iter().find(|known| known.client.name() == server)?;
        if !server.client.state().borrow().is_connected() {
            return None;
        }
        let table = server.table.borrow();
        let hidden = table.hides_events().then(|| EVENTS_HIDDEN.to_owned());
        table.obstacle().map(ToOwned::to_owned).or(hidden)
    }

    /// Finds out, in the background, whether the rights of the account of a server have changed, and
    /// logs in again if so.
    pub(crate) fn recheck_rights(&self, server: &str) {
        for known in self.list() {
            if known.client.name() == server {
                // If the queue is full, the next reload may ask again.
                let _ = known.questions.try_send(Question::Rights);
            }
        }
    }
}

impl Server {
    async fn inquire(&self, endpoint: Option<&Endpoint>, until: Instant) {
        if !self.is_loaded(until).await {
            return;
        }
        let (answered, answer) = oneshot::channel();
        let question = match endpoint {
            Some(endpoint) => Question::Endpoint(endpoint.clone(), answered),
            None => Question::Registrations(answered),
        };
        if let Ok(Ok(())) = timeout_at(until, self.questions.send(question)).await {
            // An error means that the connection was lost.
            let _ = timeout_at(until, answer).await;
        }
    }

    /// Returns why its registrations are not known.
    pub(super) fn unavailable(&self) -> Unavailable {
        let server = self.client.name().to_owned();
        if let Some(obstacle) = self.table.borrow().obstacle() {
            let reason = obstacle.to_owned();
            return Unavailable::Forbidden { server, reason };
        }
        let reason = match &*self.client.state().borrow() {
            ami::State::Lost { reason, .. } => reason.to_string(),
            ami::State::Refused { reason, .. } => {
                let reason = reason.to_string();
                return Unavailable::Refused { server, reason };
            }
            ami::State::Stopped => "handsetd is stopping".to_owned(),
            ami::State::Connected(_) => {
                let reason = "its registrations are still being read".to_owned();
                return Unavailable::Loading { server, reason };
            }
            _ => "connecting".to_owned(),
        };
        Unavailable::Disconnected { server, reason }
    }
}
