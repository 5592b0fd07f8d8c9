//! The agent: one socket, one registration, and requests that prove who sent them.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use handset_net::tasks::Tasks;
use tokio::net::UdpSocket;
use tokio::sync::broadcast;

use super::call::Call;
use super::message::Message;
use super::transaction::{Transaction, Transport};
use super::{Error, Notification, SipOptions};
use crate::digest::{DigestInput, parameters, random_hex, response};

/// A SIP user agent. Cheap to clone; all clones are the same agent.
#[derive(Clone, Debug)]
pub struct Agent {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) options: SipOptions,
    pub(super) local: SocketAddr,
    pub(super) transport: Transport,
    pub(super) tasks: Tasks,
    sequence: AtomicU32,
}

impl Agent {
    /// Binds the socket and listens until `tasks` stop. Nothing is sent yet.
    pub async fn start(options: SipOptions, tasks: &Tasks) -> Result<Self, Error> {
        let address = options.local;
        let bind = |source| Error::Bind { address, source };
        let socket = UdpSocket::bind(address).await.map_err(bind)?;
        let local = socket.local_addr().map_err(bind)?;
        let transport = Transport::new(socket, options.registrar, tasks.stop());
        let inner = Arc::new(Inner {
            options,
            local,
            transport,
            tasks: tasks.clone(),
            sequence: AtomicU32::new(1),
        });
        let listening = Arc::clone(&inner);
        tasks.spawn("sip", async move { listening.transport.run().await });
        Ok(Self { inner })
    }

    /// Returns the address of the socket.
    pub fn address(&self) -> SocketAddr {
        self.inner.local
    }

    /// Listens for what NOTIFYs of the registrar say from now on; one that is repeated comes again.
    pub fn notifications(&self) -> broadcast::Receiver<Notification> {
        self.inner.transport.notifications()
    }

    /// Registers for an hour; it is not renewed.
    pub async fn register(&self) -> Result<(), Error> {
        let inner = &self.inner;
        let registrar = format!("sip:{}", inner.options.registrar);
        let address = inner.address_of_record();
        let request = inner
            .request("REGISTER", &registrar, &random_hex())
            .with("From", format!("<{address}>;tag={}", random_hex()))
            .with("To", format!("<{address}>"))
            .with("Expires", EXPIRES);
        let (answer, _) = inner.ask(request).await?;
        ensure_success("REGISTER", &answer)
    }

    /// Dials a number, and returns the call once it is answered.
    ///
    /// Dropping the future while it rings cancels the call.
    pub async fn dial(&self, number: &str) -> Result<Call, Error> {
        Call::dial(self, number).await
    }
}

impl Inner {
    /// Begins a request of this agent.
    pub(super) fn request(&self, method: &str, uri: &str, call: &str) -> Message {
        let Self { local, options, .. } = self;
        Message::new(format!("{method} {uri} SIP/2.0"))
            .with(
                "Via",
                format!("SIP/2.0/UDP {local};rport;branch=z9hG4bK{}", random_hex()),
            )
            .with("Max-Forwards", 70)
            .with("Call-ID", call)
            .with(
                "CSeq",
                format!("{} {method}", self.sequence.fetch_add(1, Ordering::Relaxed)),
            )
            .with("Contact", format!("<sip:{}@{local}>", options.user))
            .with("User-Agent", &options.user_agent)
    }

    /// Returns the URI under which the agent is known.
    pub(super) fn address_of_record(&self) -> String {
        format!("sip:{}@{}", self.options.user, self.options.registrar)
    }

    /// Sends a request, again qop_auth proof if it is challenged, and returns the final answer
    /// together with the request that it answers.
    pub(super) async fn ask(&self, request: Message) -> Result<(Message, Message), Error> {
        let method = request.method().unwrap_or_default().to_owned();
        let mut request = request;
        for is_last in [false, true] {
            let mut transaction = Transaction::begin(&self.transport, request).await;
            let answer = transaction.last().await;
            let answer = answer.ok_or_else(|| Error::Unanswered {
                method: method.clone(),
            })?;
            let asked = transaction.request().clone();
            drop(transaction);
            if !matches!(answer.status(), Some(401 | 407)) {
                return Ok((answer, asked));
            }
            let with_credentials = if is_last {
                None
            } else {
                self.with_credentials(&asked, &answer)
            };
            request = with_credentials.ok_or_else(|| Error::Denied {
                method: method.clone(),
            })?;
        }
        Err(Error::Denied { method })
    }

    /// Repeats a request with the answer to a challenge; none if there is none to give.
    pub(super) fn with_credentials(
        &self,
        request: &Message,
        challenge: &Message,
    ) -> Option<Message> {
        let password = self.options.password.as_deref()?;
        let is_proxy = challenge.status() == Some(407);
        let asks = if is_proxy {
            "Proxy-Authenticate"
        } else {
            "WWW-Authenticate"
        };
        let header = challenge
            .all(asks)
            .find_map(|header| header.strip_prefix("Digest "))?;
        let asked = parameters(header).ok()?;
        let asked = |name: &str| {
            let found = asked.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        if !asked("algorithm")
            .unwrap_or("MD5")
            .eq_ignore_ascii_case("MD5")
        {
            return None;
        }
        let (realm, nonce) = (asked("realm")?, asked("nonce")?);
        let client = random_hex();
        let qop_auth = asked("qop").map(|_| ("00000001", client.as_str()));
        let uri = request.start.split(' ').nth(1)?;
        let method = request.method()?;
        let user = &self.options.user;
        let response = response(&DigestInput {
            user,
            password,
            realm,
            method,
            uri,
            nonce,
            qop_auth,
        });
        let mut proof = format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm=MD5"
        );
        if let Some((count, client)) = qop_auth {
            let _ = write!(proof, ", qop=auth, nc={count}, cnonce=\"{client}\"");
        }
        if let Some(opaque) = asked("opaque") {
            let _ = write!(proof, ", opaque=\"{opaque}\"");
        }
        let mut again = self.request(method, uri, request.header("Call-ID")?);
        for (name, value) in &request.headers {
            let known = again.header(name).is_some();
            if !known {
                again = again.with(name, value);
            }
        }
        again.body.clone_from(&request.body);
        Some(again.with(
            if is_proxy {
                "Proxy-Authorization"
            } else {
                "Authorization"
            },
            proof,
        ))
    }
}

/// Refuses any answer but a success.
pub(super) fn ensure_success(method: &str, answer: &Message) -> Result<(), Error> {
    match answer.status() {
        Some(200..300) => Ok(()),
        status => Err(Error::Refused {
            method: method.to_owned(),
            status: status.unwrap_or_default(),
        }),
    }
}

/// For how many seconds the agent registers.
const EXPIRES: u32 = 3600;
