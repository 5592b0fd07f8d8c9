//! Registers phones: one binding each, by digest authentication with the pairs of `[[phone]] csta`.

use std::net::IpAddr;
use std::time::Duration;

use handset_net::failed_logins::{Attempt, FailedLogins};
use handset_sip::wire::{
    Name, NameAddr, Request, Response, Status, Token, Uri, Value, read_seconds,
};
use handset_sip::{Authenticator, Flow, Incoming, IncomingRequest, Transport, UserAgent, Verdict};
use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, info, warn};

use crate::uacsta::binding::{Binding, BindingFile, Bindings};
use crate::uacsta::register::{Change, Contacts, MIN_EXPIRES, Refusal, Register, Source};
use crate::uacsta::sessions::Sessions;
use crate::uacsta::slot::Route;

/// Registers phones.
#[derive(Debug)]
pub(super) struct Registrar {
    sessions: Sessions,
    authenticator: Authenticator,
    failed: FailedLogins<String>,
    bindings: Bindings,
    file: BindingFile,
    /// When the bindings are written, if they have changed.
    write_at: Option<Instant>,
    written_at: Option<Instant>,
}

impl Registrar {
    /// Reads the bindings of before a restart. Phones are called there at once over UDP; over a connection
    /// once they are back.
    pub(super) async fn open(sessions: Sessions, file: BindingFile, agent: &UserAgent) -> Self {
        let reading = file.clone();
        let read = spawn_blocking(move || reading.read(Timestamp::now())).await;
        let mut bindings = read.unwrap_or_default();
        // Those of phones whose account was removed are forgotten.
        bindings.retain(|user, _| sessions.slot(user).is_some());
        for (user, binding) in &bindings {
            let Some(slot) = sessions.slot(user) else {
                continue;
            };
            let flow = (binding.transport == Transport::Udp.as_str())
                .then(|| agent.udp_flow(binding.peer).ok())
                .flatten();
            match flow {
                Some(flow) => slot.register(route(flow, binding), true, binding.registered),
                None => {
                    slot.remember(binding.registered, binding.peer.ip(), &binding.user_agent);
                }
            }
        }
        Self {
            sessions,
            authenticator: Authenticator::new(realm()),
            failed: FailedLogins::default(),
            bindings,
            file,
            write_at: None,
            written_at: None,
        }
    }

    /// Answers REGISTER until the user agent stops.
    pub(super) async fn run(mut self, mut incoming: Incoming) {
        let mut sweep_at = Instant::now() + SWEEP_INTERVAL;
        loop {
            let write_at = self.write_at.unwrap_or(sweep_at);
            tokio::select! {
                request = incoming.recv() => match request {
                    Some(request) => self.register(request),
                    None => break,
                },
                () = sleep_until(write_at), if self.write_at.is_some() => self.write().await,
                () = sleep_until(sweep_at) => {
                    self.sweep();
                    sweep_at = Instant::now() + SWEEP_INTERVAL;
                }
            }
        }
        if self.write_at.is_some() {
            self.write().await;
        }
    }

    fn register(&mut self, request: IncomingRequest) {
        let response = self.respond(request.request(), request.flow());
        request.respond(response);
    }

    fn respond(&mut self, request: &Request, flow: &Flow) -> Response {
        let peer = flow.target().address;
        let user = match self.authenticate(request, peer.ip()) {
            Ok(user) => user,
            Err(response) => return response,
        };
        let Some(register) = read(request, flow) else {
            return Response::new(Status::BAD_REQUEST);
        };
        let now = Timestamp::now();
        let current = self.bindings.get(&user);
        match register.decide(current, now) {
            Ok(Change::Bind(binding)) => self.bind(user, binding, flow, now),
            Ok(Change::Remove) => {
                self.remove(&user, "it has unregistered");
                Response::new(Status::OK)
            }
            Ok(Change::Query) => with_binding(Response::new(Status::OK), current, now),
            Err(Refusal::TooBrief) => Response::new(Status::INTERVAL_TOO_BRIEF)
                .with(Name::MIN_EXPIRES, Value::lossy(&MIN_EXPIRES.to_string())),
            Err(Refusal::OutOfOrder) => Response::new(Status::SERVER_INTERNAL_ERROR),
            Err(Refusal::Malformed(why)) => {
                debug!(%peer, user, why, "Refused a REGISTER.");
                Response::new(Status::BAD_REQUEST)
            }
        }
    }

    /// Returns the user who sent a request, which is that of its `To`; otherwise the response.
    fn authenticate(&self, request: &Request, peer: IpAddr) -> Result<String, Response> {
        let named = named_user(request);
        let has_answer = request.headers.get(&Name::AUTHORIZATION).is_some();
        let mut verdict = Verdict::Unanswered;
        let attempt = self.failed.attempt(peer, named.clone(), || {
            verdict = self.authenticator.verify(request, peer, |user| {
                let account = self.sessions.slot(user)?.account();
                Some(account.credentials().password().into())
            });
            let is_other = |user: &str| named.as_deref() != Some(user);
            match &verdict {
                Verdict::Wrong(_) => false,
                Verdict::Authenticated(user) | Verdict::Stale(user) => !is_other(user),
                // An answer that cannot be read is not a valid one.
                Verdict::Unanswered => !has_answer,
            }
        });
        match attempt {
            Attempt::Accepted => {}
            Attempt::Blocked => return Err(Response::new(Status::FORBIDDEN)),
            // It may be an answer for another realm.
            Attempt::Rejected if verdict == Verdict::Unanswered => {}
            Attempt::Rejected | Attempt::Limit => {
                let user = named.unwrap_or_default();
                warn!(
                    %peer,
                    user,
                    is_blocked = attempt == Attempt::Limit,
                    "A phone registers for CSTA with a wrong user name or password."
                );
                return Err(Response::new(Status::FORBIDDEN));
            }
        }
        match verdict {
            Verdict::Authenticated(user) => Ok(user),
            Verdict::Stale(_) => Err(self.authenticator.renewal(peer)),
            Verdict::Unanswered | Verdict::Wrong(_) => Err(self.authenticator.challenge(peer)),
        }
    }

    fn bind(&mut self, user: String, binding: Binding, flow: &Flow, now: Timestamp) -> Response {
        let Some(slot) = self.sessions.slot(&user) else {
            return Response::new(Status::FORBIDDEN);
        };
        let current = self.bindings.get(&user);
        let is_changed = current.is_none_or(|current| current.is_changed(&binding));
        if is_changed {
            let (target, contact) = (flow.target(), &binding.contact);
            info!(user, %target, contact, "A phone has registered for CSTA.");
        }
        slot.register(route(flow.clone(), &binding), is_changed, now);
        let response = with_binding(Response::new(Status::OK), Some(&binding), now);
        self.bindings.insert(user, binding);
        self.changed();
        response
    }

    fn remove(&mut self, user: &str, why: &str) {
        if self.bindings.remove(user).is_none() {
            return;
        }
        info!(user, why, "A phone is no longer registered for CSTA.");
        if let Some(slot) = self.sessions.slot(user) {
            slot.unregister();
        }
        self.changed();
    }

    /// Removes the bindings that have expired, or whose phone has no account any more or another one.
    fn sweep(&mut self) {
        let now = Timestamp::now();
        let is_over = |(user, binding): &(&String, &Binding)| {
            let slot = self.sessions.slot(user);
            binding.expires <= now || !slot.is_some_and(|slot| slot.is_registered())
        };
        let over: Vec<String> = self
            .bindings
            .iter()
            .filter(is_over)
            .map(|(user, _)| user.clone())
            .collect();
        for user in over {
            self.remove(&user, "its registration has expired");
        }
    }

    fn changed(&mut self) {
        let now = Instant::now();
        let earliest = self.written_at.map_or(now, |at| at + WRITE_INTERVAL);
        self.write_at.get_or_insert_with(|| earliest.max(now));
    }

    async fn write(&mut self) {
        self.write_at = None;
        self.written_at = Some(Instant::now());
        let (file, bindings) = (self.file.clone(), self.bindings.clone());
        let written = spawn_blocking(move || file.write(&bindings)).await;
        if let Ok(Err(error)) = written {
            warn!(
                %error,
                "Cannot store which phones are registered for CSTA: after a restart, they are back when they \
                 register again."
            );
        }
    }
}

/// Returns the user that a request is about: that of its `To`.
fn named_user(request: &Request) -> Option<String> {
    let to = NameAddr::parse(request.headers.get(&Name::TO)?)?;
    Some(to.uri.user()?.to_owned())
}

/// Reads a REGISTER; `None` if a part is invalid.
fn read(request: &Request, flow: &Flow) -> Option<Register> {
    let header = |name: &Name| request.headers.get(name);
    let (number, _) = header(&Name::CSEQ)?.trim().split_once([' ', '\t'])?;
    let seconds = |text: &str| read_seconds(text).map(|(seconds, _)| seconds);
    let expires = header(&Name::EXPIRES).and_then(seconds);
    let mut contacts = request.headers.all(Name::CONTACT);
    let contacts = if contacts.any(|contact| contact.trim() == "*") {
        Contacts::All
    } else {
        let listed = NameAddr::list(&request.headers, Name::CONTACT)?;
        let listed = listed.into_iter().map(|contact| {
            let own = contact.param("expires").and_then(seconds);
            contact.uri.is_sip().then(|| (contact.uri.to_string(), own))
        });
        Contacts::Listed(listed.collect::<Option<Vec<_>>>()?)
    };
    let target = flow.target();
    let user_agent = header(&Name::USER_AGENT).unwrap_or_default();
    Some(Register {
        call_id: header(&Name::CALL_ID)?.to_owned(),
        cseq: number.parse().ok()?,
        contacts,
        expires,
        user_agent: user_agent.chars().take(MAX_USER_AGENT).collect(),
        source: Source {
            transport: target.transport.to_string(),
            peer: target.address,
        },
    })
}

fn route(flow: Flow, binding: &Binding) -> Route {
    Route {
        flow,
        contact: binding.contact.clone(),
        call_id: binding.call_id.clone(),
        user_agent: binding.user_agent.clone(),
    }
}

/// Adds the contact of a binding with the seconds that are left of it.
fn with_binding(response: Response, binding: Option<&Binding>, now: Timestamp) -> Response {
    let Some(binding) = binding else {
        return response;
    };
    let seconds = binding.expires.duration_since(now).as_secs().max(0);
    let Ok(uri) = binding.contact.parse::<Uri>() else {
        return response;
    };
    let contact = format!("<{uri}>;expires={seconds}");
    response
        .with(Name::CONTACT, Value::lossy(&contact))
        .with(Name::EXPIRES, Value::lossy(&seconds.to_string()))
}

/// The realm of challenges; phones show it.
fn realm() -> Token {
    Token::new("handsetd").expect("a word of letters is a token")
}

/// The time between two writes: thousands of phones that register at once share one.
const WRITE_INTERVAL: Duration = Duration::from_secs(1);

/// How often expired bindings are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The longest User-Agent that is kept, in characters.
const MAX_USER_AGENT: usize = 128;
