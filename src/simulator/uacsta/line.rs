//! Serves the requests that arrive at one identity of a phone.

mod ringing;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, sleep, sleep_until};

use super::admission::{Refusal, check_body, check_credentials, check_form, check_invite};
use super::body;
use super::events::events;
use super::options::{Answers, Quirks};
use super::outbox;
use super::profile::Profile;
use super::reply::{Reply, TAG, exchange};
use super::session::{Session, session_expires};
use crate::digest::Nonces;
use crate::document::Element;
use crate::phone::SimulatedPhone;
use crate::sip::{Agent, Dialog, Incoming, Message};
use crate::state::State;
use crate::telephony::TelephonyChange;

/// One identity of a phone, and its sessions by Call-ID.
#[derive(Debug)]
pub(super) struct Line {
    profile: Profile,
    agent: Agent,
    quirks: Quirks,
    nonces: Nonces,
    sessions: HashMap<String, Session>,
    /// Requests to open a session that the phone has taken for a call, by Call-ID.
    ringing: HashMap<String, (Message, SocketAddr)>,
    requests: mpsc::Receiver<Incoming>,
    changes: broadcast::Receiver<TelephonyChange>,
    due_sender: mpsc::Sender<Due>,
    due: mpsc::Receiver<Due>,
}

/// Something that happens later.
#[derive(Debug)]
enum Due {
    /// A request has taken its time.
    Perform(Message, SocketAddr, Element),
    /// The other side of a session, named by its Call-ID, does not know it any more.
    Gone(String),
}

impl Line {
    pub(super) fn new(phone: &SimulatedPhone, agent: &Agent, quirks: Quirks) -> Self {
        let (due_sender, due) = mpsc::channel(MAX_DUE);
        Self {
            profile: Profile {
                phone: phone.clone(),
                user: agent.options().user.clone(),
            },
            agent: agent.clone(),
            quirks,
            nonces: Nonces::default(),
            sessions: HashMap::new(),
            ringing: HashMap::new(),
            requests: agent.requests(),
            changes: phone.device().telephony_changes(),
            due_sender,
            due,
        }
    }

    /// Serves requests and sends events, for ever.
    pub(super) async fn run(mut self) {
        loop {
            let expiry = self.sessions.values().filter_map(|one| one.expires).min();
            tokio::select! {
                // Events of a change that a request has made come before the next request.
                biased;
                change = self.changes.recv() => self.send_events(change),
                Some(due) = self.due.recv() => match due {
                    Due::Perform(request, peer, element) => {
                        self.perform(&request, peer, &element).await;
                    }
                    Due::Gone(call_id) => self.end(&call_id),
                },
                Some(incoming) = self.requests.recv() => match incoming {
                    Incoming::Request(request, peer) => self.receive(request, peer).await,
                    Incoming::Unacknowledged(invite) => {
                        let call_id = invite.header("Call-ID").unwrap_or_default();
                        self.hang_up(call_id);
                    }
                },
                () = sleep_until(expiry.unwrap_or_else(Instant::now)), if expiry.is_some() => {
                    self.expire();
                }
            }
        }
    }

    async fn receive(&mut self, request: Message, peer: SocketAddr) {
        let method = request.method().unwrap_or_default();
        let has_tag = request.header("To").is_some_and(|to| to.contains(";tag="));
        let done = match method {
            "ACK" => return,
            "CANCEL" => Err(Refusal::Response(self.cancel(&request).await)),
            "OPTIONS" if !has_tag => Ok(Some(Reply::accepting(String::new()))),
            "INVITE" if !has_tag => self.set_up(&request, peer),
            "BYE" | "INFO" | "INVITE" | "OPTIONS" | "UPDATE" => {
                self.receive_in_session(&request, peer)
            }
            _ => {
                let reason = format!("{method} is not supported");
                Err(Reply::refusing("405 Method Not Allowed", &reason).into())
            }
        };
        match done {
            Ok(Some(reply)) | Err(Refusal::Response(reply)) => {
                self.reply(&request, peer, reply).await;
            }
            // A response follows, or none was wanted.
            Ok(None) => {}
            Err(Refusal::Silence(reason)) => {
                let exchange = exchange(&request, peer, None, Some(reason));
                self.profile.phone.device().record(exchange);
            }
            Err(Refusal::Ringing) => self.ring(request, peer).await,
        }
    }

    /// Opens a session.
    fn set_up(&mut self, invite: &Message, peer: SocketAddr) -> Result<Option<Reply>, Refusal> {
        check_form(invite)?;
        check_invite(invite, peer, &self.agent, &self.profile)?;
        if self.quirks.rings {
            return Err(Refusal::Ringing);
        }
        check_credentials(invite, &self.agent, &self.profile, &self.nonces, true)?;
        let element = check_body(invite, self.profile.editions())?;
        if element.name != "RequestSystemStatus" {
            let reason = format!("the session begins with {}", element.name);
            return Err(Reply::refusing("400 Bad Request", &reason).into());
        }
        let seconds = self.session_expires(invite)?;
        if self.sessions.len() >= MAX_SESSIONS {
            return Err(Reply::refusing("486 Busy Here", "too many sessions").into());
        }
        let call_id = invite.header("Call-ID").unwrap_or_default().to_owned();
        let dialog = Dialog::new(invite, peer);
        let tag = dialog.tag().to_owned();
        let dialog = Arc::new(Mutex::new(dialog));
        let (documents, waiting) = mpsc::channel(outbox::MAX_DOCUMENTS);
        let device = self.profile.phone.device().clone();
        let outbox = outbox::run(
            self.agent.clone(),
            device.clone(),
            Arc::clone(&dialog),
            waiting,
        );
        let (gone, gone_id) = (self.due_sender.clone(), call_id.clone());
        device.spawn(async move {
            outbox.await;
            // It fails only when the line is gone. A session that has ended is unknown then.
            let _ = gone.send(Due::Gone(gone_id)).await;
        });
        let mut session = Session {
            dialog,
            documents,
            monitor: None,
            is_busy: false,
            expires: None,
        };
        let headers = session.start_timer(seconds);
        self.sessions.insert(call_id, session);
        self.change_state(|state| {
            state.csta.established += 1;
            state.perform("RequestSystemStatus");
        });
        let mut reply = self.status_reply();
        reply.headers.extend(headers);
        Ok(Some(reply.with(TAG, &tag)))
    }

    /// Takes a request of a session.
    fn receive_in_session(
        &mut self,
        request: &Message,
        peer: SocketAddr,
    ) -> Result<Option<Reply>, Refusal> {
        check_form(request)?;
        let call_id = request.header("Call-ID").unwrap_or_default();
        let Some(session) = self.sessions.get_mut(call_id) else {
            let status = "481 Call/Transaction Does Not Exist";
            return Err(Reply::refusing(status, "no session has this Call-ID").into());
        };
        session.dialog.lock().admit(request).map_err(Reply::from)?;
        check_credentials(request, &self.agent, &self.profile, &self.nonces, false)?;
        match request.method() {
            Some("BYE") => {
                self.end(call_id);
                Ok(Some(Reply::accepting(String::new())))
            }
            Some("INFO") => self.take_info(request, peer),
            Some("OPTIONS") => Ok(Some(Reply::accepting(String::new()))),
            method => {
                let seconds = self.session_expires(request)?;
                let body = if method == Some("INVITE") && !request.body.is_empty() {
                    check_body(request, self.profile.editions())?;
                    self.status_reply().body
                } else {
                    String::new()
                };
                let mut reply = Reply::accepting(body);
                if let Some(session) = self.sessions.get_mut(call_id) {
                    session.dialog.lock().refresh_target(request, peer);
                    reply.headers.extend(session.start_timer(seconds));
                }
                Ok(Some(reply))
            }
        }
    }

    /// Takes an INFO, which is performed at once or after a while.
    fn take_info(&mut self, info: &Message, peer: SocketAddr) -> Result<Option<Reply>, Refusal> {
        let element = check_body(info, self.profile.editions())?;
        let call_id = info.header("Call-ID").unwrap_or_default();
        let Some(session) = self.sessions.get_mut(call_id) else {
            return Ok(None);
        };
        if session.is_busy {
            let reason = format!("{} while another request is in progress", element.name);
            let reply = Reply::refusing("500 Server Internal Error", &reason);
            return Err(reply.with("Retry-After", "1").into());
        }
        if self.quirks.ignored.contains(&element.name) {
            return Err(Refusal::Silence(format!("{} is ignored", element.name)));
        }
        session.is_busy = true;
        let (sender, delay) = (self.due_sender.clone(), self.quirks.delay);
        let due = Due::Perform(info.clone(), peer, element);
        if delay.is_zero() {
            // A full queue is as good as a lost request.
            let _ = sender.try_send(due);
        } else {
            self.profile.phone.device().spawn(async move {
                sleep(delay).await;
                // It fails only when the line is gone.
                let _ = sender.send(due).await;
            });
        }
        Ok(None)
    }

    /// Performs the request of an INFO, and responds.
    async fn perform(&mut self, info: &Message, peer: SocketAddr, request: &Element) {
        let call_id = info.header("Call-ID").unwrap_or_default();
        let Some(session) = self.sessions.get_mut(call_id) else {
            let reply = Reply::refusing(
                "481 Call/Transaction Does Not Exist",
                "the session has ended meanwhile",
            );
            return self.reply(info, peer, reply).await;
        };
        session.is_busy = false;
        let mut lies = self.quirks.lies.iter();
        let lie = lies.find(|(name, _)| *name == request.name);
        let outcome = match lie {
            Some(_) => Ok(String::new()),
            None => session.perform(request, &self.profile),
        };
        let edition = self.profile.own_edition();
        let mut reply = Reply::accepting(String::new());
        let (name, document) = match outcome {
            Ok(inside) => {
                let name = format!("{}Response", request.name);
                let document = body::document(&name, edition, &inside);
                (name, document)
            }
            Err(error) => {
                if self.quirks.answers == Answers::ErrorsByStatus {
                    reply.status = "400 Bad Request";
                }
                reply.refusal = Some(format!("{}: {error}", request.name));
                let category = self.profile.category(error);
                let inside = format!("<{category}>{error}</{category}>");
                let name = "CSTAErrorCode".to_owned();
                let document = body::document(&name, edition, &inside);
                (name, document)
            }
        };
        let document = lie.map_or(document, |(_, document)| document.clone());
        let documents = session.documents.clone();
        let name_of_request = request.name.clone();
        self.change_state(|state| state.perform(name_of_request));
        if self.quirks.answers == Answers::InInfo {
            self.reply(info, peer, reply).await;
            // A full queue is as good as a lost datagram.
            let _ = documents.try_send((name, document));
        } else {
            reply.body = document;
            self.reply(info, peer, reply).await;
        }
    }

    fn send_events(&mut self, change: Result<TelephonyChange, RecvError>) {
        let device = self.profile.phone.device();
        let Ok(change) = change else {
            return device.change(|state| state.remark("Events were lost."));
        };
        let edition = self.profile.own_edition();
        let mut is_lost = false;
        for event in events(&change, &self.profile.naming()) {
            for session in self.sessions.values() {
                is_lost |= session.send_event(&event, edition);
            }
        }
        if is_lost {
            device.change(|state| state.remark("Events were lost."));
        }
    }

    /// Ends the sessions that were not refreshed in time.
    fn expire(&mut self) {
        let now = Instant::now();
        let is_over = |session: &Session| session.expires.is_some_and(|at| at <= now);
        let over = self.sessions.iter().filter(|(_, session)| is_over(session));
        let over: Vec<String> = over.map(|(call_id, _)| call_id.clone()).collect();
        for call_id in over {
            self.hang_up(&call_id);
        }
    }

    /// Ends a session with a BYE of the phone.
    fn hang_up(&mut self, call_id: &str) {
        if let Some(session) = self.sessions.get(call_id) {
            let (agent, mut dialog) = (self.agent.clone(), session.dialog.lock().clone());
            let bye = agent.request_in(&mut dialog, "BYE");
            self.profile.phone.device().spawn(async move {
                // The outcome is no longer waited for.
                let _ = agent.send_in(&dialog, bye).await;
            });
        }
        self.end(call_id);
    }

    /// Forgets a session.
    fn end(&mut self, call_id: &str) {
        if self.sessions.remove(call_id).is_some() {
            self.change_state(|_| {});
        }
    }

    /// Changes what an observer sees, and brings the numbers of sessions and monitors up to date.
    fn change_state(&self, change: impl FnOnce(&mut State)) {
        let sessions = self.sessions.len();
        let monitors = self.sessions.values().filter(|one| one.monitor.is_some());
        let monitors = monitors.count();
        self.profile.phone.device().change(|state| {
            change(state);
            state.csta.sessions = sessions;
            state.csta.monitors = monitors;
        });
    }

    fn session_expires(&self, request: &Message) -> Result<Option<u32>, Reply> {
        if self.quirks.lacks_session_timer {
            return Ok(None);
        }
        session_expires(request)
    }

    /// Returns the response to `RequestSystemStatus`.
    fn status_reply(&self) -> Reply {
        let inside = "<systemStatus>normal</systemStatus>";
        let edition = self.profile.own_edition();
        Reply::accepting(body::document(
            "RequestSystemStatusResponse",
            edition,
            inside,
        ))
    }

    /// Sends a response, and records the exchange.
    async fn reply(&self, request: &Message, peer: SocketAddr, reply: Reply) {
        let refusal = reply.refusal.clone();
        let mut response = reply.response(request, &self.agent);
        if !self.quirks.lacks_session_timer {
            response = response.with("Supported", "timer");
        }
        let exchange = exchange(request, peer, Some(&response), refusal);
        self.profile.phone.device().record(exchange);
        self.agent.respond(request, peer, response).await;
    }
}

/// Maximum number of sessions, and of calls that ring.
const MAX_SESSIONS: usize = 4;

/// Maximum number of things that wait to be done.
const MAX_DUE: usize = 64;
