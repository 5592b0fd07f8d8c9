//! The agent: one socket or connection, one registration.

use std::net::SocketAddr;
use std::sync::Arc;

use handset_net::tasks::Tasks;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::account::{Account, SipOptions, ensure_success};
use super::call::Call;
use super::dialog::Dialog;
use super::error::Error;
use super::link::Link;
use super::message::Message;
use super::server::LIFETIME;
use super::transaction::{T1, T2, Transaction};
use super::transport::{Incoming, Notification, Transport};
use crate::digest::random_hex;

/// A SIP user agent. Cheap to clone; all clones are the same agent.
#[derive(Clone, Debug)]
pub struct Agent {
    account: Arc<Account>,
}

impl Agent {
    /// Binds the socket, or begins to connect, and listens until `tasks` stop. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Fails if the local address cannot be bound.
    pub async fn start(options: SipOptions, tasks: &Tasks) -> Result<Self, Error> {
        let address = options.local;
        let bind = |source| Error::Bind { address, source };
        let link = Link::bind(&options.protocol, address).await.map_err(bind)?;
        let transport = Transport::new(link, options.next_hop(), tasks.stop());
        let account = Arc::new(Account::new(options, transport, tasks.clone()));
        let listening = Arc::clone(&account);
        tasks.spawn("sip", async move { listening.transport.run().await });
        Ok(Self { account })
    }

    /// Returns the address of the socket, or of the last connection.
    pub fn address(&self) -> SocketAddr {
        self.account.transport.local()
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
        self.register_for(EXPIRES).await.map(drop)
    }

    /// Registers for that number of seconds, or for the minimum of a registrar that asks for more; 0
    /// unregisters. Returns the seconds that the registrar grants.
    ///
    /// # Errors
    ///
    /// Fails if the registrar does not respond within 32 seconds or rejects the registration.
    pub async fn register_for(&self, seconds: u32) -> Result<u32, Error> {
        let response = self.send_registration(seconds).await?;
        let number = |name: &'static str| response.header(name).and_then(|text| text.parse().ok());
        if response.status() == Some(423)
            && let Some(minimum) = number("Min-Expires")
        {
            let response = self.send_registration(minimum).await?;
            ensure_success("REGISTER", &response)?;
            return Ok(minimum);
        }
        ensure_success("REGISTER", &response)?;
        let own = self.account.contact();
        let own = own.trim_end_matches('>');
        let contacts = response.all("Contact");
        let granted = contacts
            .filter(|contact| contact.contains(own))
            .find_map(|contact| contact.rsplit_once("expires=")?.1.parse().ok());
        Ok(granted.or_else(|| number("Expires")).unwrap_or(seconds))
    }

    async fn send_registration(&self, seconds: u32) -> Result<Message, Error> {
        let account = &self.account;
        let registrar = format!("sip:{}", account.options.registrar);
        let address = account.address_of_record();
        let request = account
            .request("REGISTER", &registrar, &account.registration)
            .with("From", format!("<{address}>;tag={}", random_hex()))
            .with("To", format!("<{address}>"))
            .with("Expires", seconds);
        account.send(request).await
    }

    /// Waits until there is a connection to the registrar; with UDP there always is.
    pub(crate) async fn connected(&self) {
        if self.account.transport.is_reliable() {
            let mut connections = self.account.transport.connections();
            // It fails only when the agent is gone.
            let _ = connections.wait_for(|count| *count > 0).await;
        }
    }

    /// Returns a receiver of the number of connections opened so far; with UDP it stays 0.
    pub(crate) fn connections(&self) -> watch::Receiver<u64> {
        self.account.transport.connections()
    }

    /// Returns a receiver of the reason why there is no connection; with UDP it stays `None`.
    pub(crate) fn connection_failure(&self) -> watch::Receiver<Option<String>> {
        self.account.transport.connection_failure()
    }

    /// Returns the `Contact` of the agent.
    pub(crate) fn contact(&self) -> String {
        self.account.contact()
    }

    /// Returns the options.
    pub(crate) fn options(&self) -> &SipOptions {
        &self.account.options
    }

    /// Makes the returned receiver serve all requests that belong to no call of the agent.
    pub(crate) fn requests(&self) -> mpsc::Receiver<Incoming> {
        self.account.transport.requests()
    }

    /// Sends the response to a request. A final one to an INVITE is repeated until its ACK arrives; without
    /// one, [`Incoming::Unacknowledged`] follows a 200.
    pub(crate) async fn respond(&self, request: &Message, peer: SocketAddr, response: Message) {
        let transport = &self.account.transport;
        let response = response.tell_source(peer);
        let is_final = response.status().is_some_and(|status| status >= 200);
        if request.method() != Some("INVITE") || !is_final {
            transport.respond(request, peer, &response).await;
            return;
        }
        let acknowledged = transport.server().await_acknowledgement(request);
        transport.respond(request, peer, &response).await;
        let (agent, request) = (self.clone(), request.clone());
        self.account.tasks.spawn("answer", async move {
            let transport = &agent.account.transport;
            let repeating = agent.repeat(&request, peer, &response);
            tokio::select! {
                () = transport.stop().cancelled() => return,
                () = acknowledged.cancelled() => return,
                () = repeating => transport.server().give_up(&request),
            }
            if response.status() == Some(200) {
                transport.serve(Incoming::Unacknowledged(request));
            }
        });
    }

    /// Sends a final response to an INVITE again, at growing intervals, for 32 seconds.
    async fn repeat(&self, request: &Message, peer: SocketAddr, response: &Message) {
        let mut interval = T1;
        let mut next = Instant::now();
        let end = next + LIFETIME;
        let transport = &self.account.transport;
        // A rejection over a connection cannot get lost; a 200 passes through several hops.
        let repeats = !transport.is_reliable() || response.status() == Some(200);
        loop {
            next += interval;
            if !repeats || next >= end {
                return sleep_until(end).await;
            }
            sleep_until(next).await;
            transport.respond(request, peer, response).await;
            interval = (interval * 2).min(T2);
        }
    }

    /// Creates a request of a dialog that the other side has opened.
    pub(crate) fn request_in(&self, dialog: &mut Dialog, method: &str) -> Message {
        self.account.request_in(dialog, method)
    }

    /// Sends such a request; returns the final response, or `None` without one.
    pub(crate) async fn send_in(&self, dialog: &Dialog, request: Message) -> Option<Message> {
        let transport = &self.account.transport;
        let proxy = self.account.options.proxy;
        let to = proxy.unwrap_or_else(|| dialog.destination());
        let mut transaction = Transaction::begin_to(transport, request, to).await;
        timeout(LIFETIME, transaction.final_response()).await.ok()?
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
