//! How a phone comes to sessions: by an identity of its own, or by one that it has already.

use std::net::SocketAddr;

use super::line::Line;
use super::options::{CstaIdentity, Quirks};
use super::registration;
use crate::phone::SimulatedPhone;
use crate::sip::{Agent, Error, SipOptions};
use crate::vendor::Vendor;

/// An identity that a phone registers with its CSTA server. Dropping it changes nothing.
#[derive(Clone, Debug)]
pub struct CstaLine {
    agent: Agent,
}

impl SimulatedPhone {
    /// Makes the phone register an identity with a CSTA server, keep it registered, and take part in the
    /// sessions that the server opens, until the tasks of the phone stop.
    ///
    /// # Errors
    ///
    /// Fails if the local address cannot be bound.
    pub async fn connect_csta(&self, identity: CstaIdentity) -> Result<CstaLine, Error> {
        let device = self.device();
        if self.options().vendor == Vendor::Snom {
            // Like any identity, of which the last one is hidden from the user.
            device.change(|state| {
                state.set("user_name12", &identity.user);
                state.set("user_host12", &identity.registrar.to_string());
            });
        }
        let options = SipOptions {
            local: identity.local,
            registrar: identity.registrar,
            proxy: identity.proxy,
            user: identity.user,
            password: Some(identity.password),
            user_agent: self.options().user_agent(),
            protocol: identity.protocol,
            contact_parameters: match self.options().vendor {
                Vendor::Snom => format!(";line={}", crate::digest::random_hex()),
                Vendor::Cisco | Vendor::Yealink => String::new(),
            },
        };
        let agent = Agent::start(options, device.tasks()).await?;
        self.serve_csta(&agent, identity.quirks);
        let keep = registration::keep(agent.clone(), device.clone(), identity.expires);
        device.spawn(keep);
        let record = registration::record_connection_failures(agent.clone(), device.clone());
        device.spawn(record);
        Ok(CstaLine { agent })
    }

    /// Makes the phone take part in sessions that are opened at the contact which `agent` has registered
    /// elsewhere.
    pub fn serve_csta(&self, agent: &Agent, quirks: Quirks) {
        let line = Line::new(self, agent, quirks);
        self.device().spawn(line.run());
    }
}

impl CstaLine {
    /// Returns the address of its socket or connection.
    pub fn address(&self) -> SocketAddr {
        self.agent.address()
    }

    /// Renews the registration before its time.
    ///
    /// # Errors
    ///
    /// Fails if the registrar does not respond within 32 seconds or rejects the request.
    pub async fn register(&self) -> Result<(), Error> {
        self.agent.register().await
    }

    /// Withdraws the registration, which is renewed at its next turn all the same.
    ///
    /// # Errors
    ///
    /// Fails if the registrar does not respond within 32 seconds or rejects the request.
    pub async fn unregister(&self) -> Result<(), Error> {
        self.agent.register_for(0).await.map(drop)
    }
}
