//! The agent: one socket, one registration.

use std::net::SocketAddr;
use std::sync::Arc;

use handset_net::tasks::Tasks;
use tokio::net::UdpSocket;
use tokio::sync::broadcast;

use super::account::{Account, SipOptions, ensure_success};
use super::call::Call;
use super::error::Error;
use super::transport::{Notification, Transport};
use crate::digest::random_hex;

/// A SIP user agent. Cheap to clone; all clones are the same agent.
#[derive(Clone, Debug)]
pub struct Agent {
    account: Arc<Account>,
}

impl Agent {
    /// Binds the socket and listens until `tasks` stop. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Fails if the local address cannot be bound.
    pub async fn start(options: SipOptions, tasks: &Tasks) -> Result<Self, Error> {
        let address = options.local;
        let bind = |source| Error::Bind { address, source };
        let socket = UdpSocket::bind(address).await.map_err(bind)?;
        let local = socket.local_addr().map_err(bind)?;
        let transport = Transport::new(socket, options.registrar, tasks.stop());
        let account = Arc::new(Account::new(options, local, transport, tasks.clone()));
        let listening = Arc::clone(&account);
        tasks.spawn("sip", async move { listening.transport.run().await });
        Ok(Self { account })
    }

    /// Returns the address of the socket.
    pub fn address(&self) -> SocketAddr {
        self.account.local
    }

    /// Subscribes to the NOTIFY requests of the registrar. Retransmissions are not filtered out; slow
    /// receivers lose the oldest.
    pub fn notifications(&self) -> broadcast::Receiver<Notification> {
        self.account.transport.notifications()
    }

    /// Registers for one hour. The registration is not renewed.
    ///
    /// # Errors
    ///
    /// Fails if the registrar does not respond within 32 seconds or rejects the registration.
    pub async fn register(&self) -> Result<(), Error> {
        let account = &self.account;
        let registrar = format!("sip:{}", account.options.registrar);
        let address = account.address_of_record();
        let request = account
            .request("REGISTER", &registrar, &random_hex())
            .with("From", format!("<{address}>;tag={}", random_hex()))
            .with("To", format!("<{address}>"))
            .with("Expires", EXPIRES);
        let response = account.send(request).await?;
        ensure_success("REGISTER", &response)
    }

    /// Dials a number, and returns the call once it is answered.
    ///
    /// Dropping the future while the phone rings cancels the call.
    ///
    /// # Errors
    ///
    /// Fails if the call is not answered within three minutes or is rejected.
    pub async fn dial(&self, number: &str) -> Result<Call, Error> {
        Call::dial(&self.account, number).await
    }
}

/// Requested lifetime of the registration in seconds.
const EXPIRES: u32 = 3600;
