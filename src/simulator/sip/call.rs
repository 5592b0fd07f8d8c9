//! An outgoing call: dialed, answered, and hung up by either side.

use std::sync::Arc;

use tokio::sync::watch;

use super::account::{Account, ensure_success};
use super::error::Error;
use super::message::{Message, uri};
use super::transaction::Transaction;
use crate::digest::random_hex;

/// A call that was answered. Dropping it hangs up.
#[derive(Debug)]
pub struct Call {
    dialog: DialogState,
    hung_up: watch::Receiver<bool>,
    is_over: bool,
}

/// Why a call ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallEnd {
    /// The agent stopped.
    AgentStopped,
    /// The other party hung up.
    PeerHungUp,
}

impl Call {
    pub(super) async fn dial(account: &Arc<Account>, number: &str) -> Result<Self, Error> {
        let target = format!("sip:{number}@{}", account.options.registrar);
        let mut invite = account
            .request("INVITE", &target, &random_hex())
            .with(
                "From",
                format!("<{}>;tag={}", account.address_of_record(), random_hex()),
            )
            .with("To", format!("<{target}>"))
            .with("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY")
            .with("Content-Type", "application/sdp");
        invite.body = offer(account);
        for is_last in [false, true] {
            let mut pending = PendingInvite {
                account,
                invite: Some(invite.clone()),
                has_response: false,
            };
            let response = pending.final_response().await?;
            // There is nothing left to cancel.
            pending.invite = None;
            if let Some(200..300) = response.status() {
                return Ok(Self::established(account, &invite, &response).await);
            }
            account
                .transport
                .send(&acknowledgement(&invite, &response))
                .await;
            if !matches!(response.status(), Some(401 | 407)) {
                ensure_success("INVITE", &response)?;
            }
            let authenticated = if is_last {
                None
            } else {
                account.with_credentials(&invite, &response)
            };
            invite = authenticated.ok_or_else(|| Error::Denied {
                method: "INVITE".to_owned(),
            })?;
        }
        Err(Error::Denied {
            method: "INVITE".to_owned(),
        })
    }

    async fn established(account: &Arc<Account>, invite: &Message, response: &Message) -> Self {
        let header =
            |message: &Message, name: &str| message.header(name).unwrap_or_default().to_owned();
        let dialog = DialogState {
            account: Arc::clone(account),
            call_id: header(invite, "Call-ID"),
            from: header(invite, "From"),
            to: header(response, "To"),
            target: uri(response.header("Contact").unwrap_or_default()).to_owned(),
            routes: response
                .all("Record-Route")
                .rev()
                .map(ToOwned::to_owned)
                .collect(),
        };
        let mut ack = dialog.request("ACK");
        // An ACK carries the sequence number of its INVITE.
        let sequence = header(invite, "CSeq").replace("INVITE", "ACK");
        for (name, value) in &mut ack.headers {
            if name == "CSeq" {
                value.clone_from(&sequence);
            }
        }
        let hung_up = account.transport.add_dialog(&dialog.call_id, ack.clone());
        account.transport.send(&ack).await;
        Self {
            dialog,
            hung_up,
            is_over: false,
        }
    }

    /// Waits until the call ends. Cancel safe.
    pub async fn ended(&mut self) -> CallEnd {
        let stop = self.dialog.account.transport.stop().clone();
        tokio::select! {
            () = stop.cancelled() => CallEnd::AgentStopped,
            hung_up = self.hung_up.wait_for(|hung_up| *hung_up) => {
                self.is_over = hung_up.is_ok();
                CallEnd::PeerHungUp
            }
        }
    }

    /// Hangs up, and waits until the other side confirms.
    ///
    /// # Errors
    ///
    /// Fails if the other side does not respond or rejects the request.
    pub async fn hang_up(mut self) -> Result<(), Error> {
        if *self.hung_up.borrow() {
            self.is_over = true;
            return Ok(());
        }
        self.is_over = true;
        let bye = self.dialog.request("BYE");
        let response = self.dialog.account.send(bye).await?;
        ensure_success("BYE", &response)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let DialogState {
            account, call_id, ..
        } = &self.dialog;
        account.transport.remove_dialog(call_id);
        if !self.is_over && !*self.hung_up.borrow() {
            let (agent, bye) = (Arc::clone(account), self.dialog.request("BYE"));
            account.tasks.spawn("hang up", async move {
                // The outcome is no longer waited for.
                let _ = agent.send(bye).await;
            });
        }
    }
}

/// What all requests of a call have in common (RFC 3261, section 12).
#[derive(Debug)]
struct DialogState {
    account: Arc<Account>,
    call_id: String,
    from: String,
    to: String,
    target: String,
    routes: Vec<String>,
}

impl DialogState {
    fn request(&self, method: &str) -> Message {
        let request = self.account.request(method, &self.target, &self.call_id);
        let request = request.with("From", &self.from).with("To", &self.to);
        self.routes
            .iter()
            .fold(request, |request, route| request.with("Route", route))
    }
}

/// An INVITE without a final response; dropping it cancels the call.
struct PendingInvite<'a> {
    account: &'a Arc<Account>,
    invite: Option<Message>,
    /// Whether a provisional response has arrived; a CANCEL is not allowed before.
    has_response: bool,
}

impl PendingInvite<'_> {
    async fn final_response(&mut self) -> Result<Message, Error> {
        let unanswered = || Error::Unanswered {
            method: "INVITE".to_owned(),
        };
        let invite = self.invite.clone().ok_or_else(unanswered)?;
        let mut transaction = Transaction::begin(&self.account.transport, invite).await;
        loop {
            let response = transaction.next().await.ok_or_else(unanswered)?;
            if response.status().is_some_and(|status| status >= 200) {
                return Ok(response);
            }
            self.has_response = true;
        }
    }
}

impl Drop for PendingInvite<'_> {
    fn drop(&mut self) {
        let Some(invite) = self.invite.take().filter(|_| self.has_response) else {
            return;
        };
        let account = Arc::clone(self.account);
        self.account.tasks.spawn("cancel", async move {
            let cancel = sibling(&invite, "CANCEL", invite.header("To").unwrap_or_default());
            // The INVITE gets a final response all the same, which must be acknowledged.
            let mut transaction = Transaction::resume(&account.transport, invite.clone());
            account.transport.send(&cancel).await;
            match transaction.final_response().await {
                // The call was answered at the same moment: dropping it hangs up.
                Some(response) if matches!(response.status(), Some(200..300)) => {
                    drop(Call::established(&account, &invite, &response).await);
                }
                Some(response) => {
                    account
                        .transport
                        .send(&acknowledgement(&invite, &response))
                        .await;
                }
                None => (),
            }
        });
    }
}

/// Creates the ACK of a final response that is not a success.
fn acknowledgement(invite: &Message, response: &Message) -> Message {
    sibling(invite, "ACK", response.header("To").unwrap_or_default())
}

/// Creates a request that belongs to the transaction of an INVITE.
fn sibling(invite: &Message, method: &str, to: &str) -> Message {
    let header = |name: &'static str| invite.header(name).unwrap_or_default();
    let uri = invite.start.split(' ').nth(1).unwrap_or_default();
    Message::new(format!("{method} {uri} SIP/2.0"))
        .with("Via", header("Via"))
        .with("Max-Forwards", 70)
        .with("From", header("From"))
        .with("To", to)
        .with("Call-ID", header("Call-ID"))
        .with("CSeq", header("CSeq").replace("INVITE", method))
}

/// Offers one stream of G.711 µ-law, on a port where nothing listens.
fn offer(account: &Account) -> String {
    let address = account.transport.local().ip();
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    format!(
        "v=0\r\no=- 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n\
         m=audio {RTP_PORT} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
    )
}

/// The port in the offer.
const RTP_PORT: u16 = 20_480;
