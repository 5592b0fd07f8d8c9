//! The account of an agent: who it is, and requests that authenticate when they are challenged.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use handset_net::tasks::Tasks;

use super::dialog::Dialog;
use super::error::Error;
use super::link::Protocol;
use super::message::Message;
use super::transaction::Transaction;
use super::transport::Transport;
use crate::digest::{DigestInput, parameters, random_hex, response};

/// Who the agent is, and with whom it registers.
#[derive(Clone, Debug)]
pub struct SipOptions {
    /// Local address; port 0 takes a free one.
    pub local: SocketAddr,
    /// Address of the registrar.
    pub registrar: SocketAddr,
    /// Where all requests are sent in place of the registrar and of the contacts of dialogs.
    pub proxy: Option<SocketAddr>,
    /// User name, which is the user part of the address of record and the name to authenticate as.
    pub user: String,
    /// Password, if the registrar asks for one.
    pub password: Option<String>,
    /// `User-Agent` of all messages.
    pub user_agent: String,
    /// What messages travel over.
    pub protocol: Protocol,
    /// Parameters of the URI in `Contact`, such as `;line=q7`; may be empty.
    pub contact_parameters: String,
}

impl SipOptions {
    /// Returns where requests outside of dialogs are sent.
    pub(crate) fn next_hop(&self) -> SocketAddr {
        self.proxy.unwrap_or(self.registrar)
    }
}

#[derive(Debug)]
pub(super) struct Account {
    pub(super) options: SipOptions,
    pub(super) transport: Transport,
    pub(super) tasks: Tasks,
    sequence: AtomicU32,
    /// The Call-ID of all registrations (RFC 3261, section 10.2.4).
    pub(super) registration: String,
}

impl Account {
    pub(super) fn new(options: SipOptions, transport: Transport, tasks: Tasks) -> Self {
        Self {
            options,
            transport,
            tasks,
            sequence: AtomicU32::new(1),
            registration: random_hex(),
        }
    }

    /// Returns the URI under which the agent registers.
    pub(super) fn address_of_record(&self) -> String {
        format!("sip:{}@{}", self.options.user, self.options.registrar)
    }

    /// Creates a request of this agent, with the next sequence number.
    pub(super) fn request(&self, method: &str, uri: &str, call_id: &str) -> Message {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        self.begin(method, uri)
            .with("Call-ID", call_id)
            .with("CSeq", format!("{sequence} {method}"))
    }

    /// Creates a request of a dialog that the other side has opened.
    pub(super) fn request_in(&self, dialog: &mut Dialog, method: &str) -> Message {
        let request = self.begin(method, dialog.target());
        dialog.complete(method, request)
    }

    /// Returns the `Contact` of this agent.
    pub(super) fn contact(&self) -> String {
        let (options, local) = (&self.options, self.transport.local());
        let (protocol, more) = (options.protocol.parameter(), &options.contact_parameters);
        format!("<sip:{}@{local}{protocol}{more}>", options.user)
    }

    /// Creates a request with what depends on this agent alone.
    fn begin(&self, method: &str, uri: &str) -> Message {
        let (options, local) = (&self.options, self.transport.local());
        let protocol = options.protocol.name();
        let branch = random_hex();
        Message::new(format!("{method} {uri} SIP/2.0"))
            .with(
                "Via",
                format!("SIP/2.0/{protocol} {local};rport;branch=z9hG4bK{branch}"),
            )
            .with("Max-Forwards", 70)
            .with("Contact", self.contact())
            .with("User-Agent", &options.user_agent)
    }

    /// Sends a request, a second time with credentials if it is challenged, and returns the final
    /// response.
    pub(super) async fn send(&self, request: Message) -> Result<Message, Error> {
        let method = request.method().unwrap_or_default().to_owned();
        let mut request = request;
        for is_last in [false, true] {
            let mut transaction = Transaction::begin(&self.transport, request.clone()).await;
            let response = transaction.final_response().await;
            let response = response.ok_or_else(|| Error::Unanswered {
                method: method.clone(),
            })?;
            drop(transaction);
            if !matches!(response.status(), Some(401 | 407)) {
                return Ok(response);
            }
            let authenticated = if is_last {
                None
            } else {
                self.with_credentials(&request, &response)
            };
            request = authenticated.ok_or_else(|| Error::Denied {
                method: method.clone(),
            })?;
        }
        Err(Error::Denied { method })
    }

    /// Repeats a request with credentials for a challenge; `None` without a password, or if the
    /// challenge is not MD5 digest.
    pub(super) fn with_credentials(
        &self,
        request: &Message,
        challenge: &Message,
    ) -> Option<Message> {
        let password = self.options.password.as_deref()?;
        let (challenge_header, credentials_header) = if challenge.status() == Some(407) {
            ("Proxy-Authenticate", "Proxy-Authorization")
        } else {
            ("WWW-Authenticate", "Authorization")
        };
        let header = challenge
            .all(challenge_header)
            .find_map(|header| header.strip_prefix("Digest "))?;
        let parameters = parameters(header).ok()?;
        let parameter = |name: &str| {
            let found = parameters.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        if !parameter("algorithm")
            .unwrap_or("MD5")
            .eq_ignore_ascii_case("MD5")
        {
            return None;
        }
        let (realm, nonce) = (parameter("realm")?, parameter("nonce")?);
        let client_nonce = random_hex();
        let qop_auth = parameter("qop").map(|_| ("00000001", client_nonce.as_str()));
        let uri = request.request_uri()?;
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
        let mut credentials = format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm=MD5"
        );
        if let Some((count, client_nonce)) = qop_auth {
            let _ = write!(
                credentials,
                ", qop=auth, nc={count}, cnonce=\"{client_nonce}\""
            );
        }
        if let Some(opaque) = parameter("opaque") {
            let _ = write!(credentials, ", opaque=\"{opaque}\"");
        }
        let mut repeated = self.request(method, uri, request.header("Call-ID")?);
        for (name, value) in &request.headers {
            if repeated.header(name).is_none() {
                repeated = repeated.with(name, value);
            }
        }
        repeated.body.clone_from(&request.body);
        Some(repeated.with(credentials_header, credentials))
    }
}

/// Fails unless the response is a success.
pub(super) fn ensure_success(method: &str, response: &Message) -> Result<(), Error> {
    match response.status() {
        Some(200..300) => Ok(()),
        status => Err(Error::Refused {
            method: method.to_owned(),
            status: status.unwrap_or_default(),
        }),
    }
}
