//! A call that this agent makes: dialed, answered, and hung up by one side or the other.

use tokio::sync::watch;

use super::Error;
use super::agent::{Agent, ensure_success};
use super::message::{Message, uri};
use super::transaction::Transaction;
use crate::digest::random_hex;

/// A call that was answered. Dropping it hangs up.
#[derive(Debug)]
pub struct Call {
    dialog: DialogState,
    ended: watch::Receiver<bool>,
    is_over: bool,
}

/// Why a call is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallEnd {
    /// The other side hung up.
    PeerHungUp,
    /// The agent stopped.
    Stopped,
}

impl Call {
    pub(super) async fn dial(agent: &Agent, number: &str) -> Result<Self, Error> {
        let inner = &agent.inner;
        let target = format!("sip:{number}@{}", inner.options.registrar);
        let id = random_hex();
        let mut invite = inner
            .request("INVITE", &target, &id)
            .with(
                "From",
                format!("<{}>;tag={}", inner.address_of_record(), random_hex()),
            )
            .with("To", format!("<{target}>"))
            .with("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY")
            .with("Content-Type", "application/sdp");
        invite.body = offer(agent);
        for is_last in [false, true] {
            let mut ringing = PendingInvite {
                agent,
                invite: Some(invite.clone()),
                has_rung: false,
            };
            let answer = ringing.answer().await?;
            // A final answer came: there is nothing left to cancel.
            ringing.invite = None;
            if let Some(200..300) = answer.status() {
                return Ok(Self::established(agent, &invite, &answer).await);
            }
            inner.transport.send(&acknowledged(&invite, &answer)).await;
            if !matches!(answer.status(), Some(401 | 407)) {
                ensure_success("INVITE", &answer)?;
            }
            let with_credentials = if is_last {
                None
            } else {
                inner.with_credentials(&invite, &answer)
            };
            invite = with_credentials.ok_or_else(|| Error::Denied {
                method: "INVITE".to_owned(),
            })?;
        }
        Err(Error::Denied {
            method: "INVITE".to_owned(),
        })
    }

    async fn established(agent: &Agent, invite: &Message, answer: &Message) -> Self {
        let text =
            |message: &Message, name: &str| message.header(name).unwrap_or_default().to_owned();
        let dialog = DialogState {
            agent: agent.clone(),
            id: text(invite, "Call-ID"),
            from: text(invite, "From"),
            to: text(answer, "To"),
            target: uri(answer.header("Contact").unwrap_or_default()).to_owned(),
            routes: answer
                .all("Record-Route")
                .rev()
                .map(ToOwned::to_owned)
                .collect(),
        };
        let mut ack = dialog.request("ACK");
        // An ACK carries the number of the INVITE.
        let number = text(invite, "CSeq").replace("INVITE", "ACK");
        for (name, value) in &mut ack.headers {
            if name == "CSeq" {
                value.clone_from(&number);
            }
        }
        let ended = agent.inner.transport.add_dialog(&dialog.id, ack.clone());
        agent.inner.transport.send(&ack).await;
        Self {
            dialog,
            ended,
            is_over: false,
        }
    }

    /// Waits until the other side hangs up. Cancel safe.
    pub async fn ended(&mut self) -> CallEnd {
        let stop = self.dialog.agent.inner.transport.stop().clone();
        tokio::select! {
            () = stop.cancelled() => CallEnd::Stopped,
            ended = self.ended.wait_for(|ended| *ended) => {
                self.is_over = ended.is_ok();
                CallEnd::PeerHungUp
            }
        }
    }

    /// Hangs up, and waits until the other side confirms.
    pub async fn hang_up(mut self) -> Result<(), Error> {
        if *self.ended.borrow() {
            self.is_over = true;
            return Ok(());
        }
        self.is_over = true;
        let (answer, _) = self
            .dialog
            .agent
            .inner
            .ask(self.dialog.request("BYE"))
            .await?;
        ensure_success("BYE", &answer)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let DialogState { agent, id, .. } = &self.dialog;
        agent.inner.transport.remove_dialog(id);
        if !self.is_over && !*self.ended.borrow() {
            let (inner, bye) = (agent.inner.clone(), self.dialog.request("BYE"));
            agent.inner.tasks.spawn("hang up", async move {
                // Nobody is left to tell how it went.
                let _ = inner.ask(bye).await;
            });
        }
    }
}

/// What all requests of a call have in common.
#[derive(Debug)]
struct DialogState {
    agent: Agent,
    id: String,
    from: String,
    to: String,
    target: String,
    routes: Vec<String>,
}

impl DialogState {
    fn request(&self, method: &str) -> Message {
        let request = self.agent.inner.request(method, &self.target, &self.id);
        let request = request.with("From", &self.from).with("To", &self.to);
        self.routes
            .iter()
            .fold(request, |request, route| request.with("Route", route))
    }
}

/// An INVITE without a final answer; dropping it cancels the call.
struct PendingInvite<'a> {
    agent: &'a Agent,
    invite: Option<Message>,
    /// A CANCEL makes sense only once something was answered.
    has_rung: bool,
}

impl PendingInvite<'_> {
    async fn answer(&mut self) -> Result<Message, Error> {
        let unanswered = || Error::Unanswered {
            method: "INVITE".to_owned(),
        };
        let invite = self.invite.clone().ok_or_else(unanswered)?;
        let mut transaction = Transaction::begin(&self.agent.inner.transport, invite).await;
        loop {
            let answer = transaction.next().await.ok_or_else(unanswered)?;
            if answer.status().is_some_and(|status| status >= 200) {
                return Ok(answer);
            }
            self.has_rung = true;
        }
    }
}

impl Drop for PendingInvite<'_> {
    fn drop(&mut self) {
        let Some(invite) = self.invite.take().filter(|_| self.has_rung) else {
            return;
        };
        let agent = self.agent.clone();
        self.agent.inner.tasks.spawn("cancel", async move {
            let inner = &agent.inner;
            let cancel = sibling(&invite, "CANCEL", invite.header("To").unwrap_or_default());
            // Who waits for the INVITE's answer from now on has to acknowledge it.
            let mut invited = Transaction::listen(&inner.transport, invite.clone());
            inner.transport.send(&cancel).await;
            match invited.last().await {
                // Somebody answered in the same moment: dropping the call hangs it up.
                Some(answer) if matches!(answer.status(), Some(200..300)) => {
                    drop(Call::established(&agent, &invite, &answer).await);
                }
                Some(answer) => inner.transport.send(&acknowledged(&invite, &answer)).await,
                None => (),
            }
        });
    }
}

/// Acknowledges a final answer that is no success.
fn acknowledged(invite: &Message, answer: &Message) -> Message {
    sibling(invite, "ACK", answer.header("To").unwrap_or_default())
}

/// Makes a request of the same transaction as an INVITE.
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

/// Offers one stream of G.711 µ-law, on a port that nobody listens on.
fn offer(agent: &Agent) -> String {
    let address = agent.address().ip();
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    format!(
        "v=0\r\no=- 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n\
         m=audio {RTP_PORT} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
    )
}

/// The port in the offer.
const RTP_PORT: u16 = 20_480;
