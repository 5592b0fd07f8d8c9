//! What opens a session: the INVITE, then the monitor and the list of calls.

use std::sync::Arc;
use std::time::Duration;

use handset_phones::csta::{Call, Message, Reply, SessionDialect};
use handset_phones::phone::CstaAccount;
use handset_sip::wire::{Response, Uri};
use handset_sip::{Credentials, Dialog, Established, Flow, Invite, UserAgent};
use tokio::time::Instant;

use super::closing::CLOSE_TIMEOUT;
use super::{Live, body};
use crate::uacsta::refusal::Refusal;
use crate::uacsta::request_error::RequestError;

/// Whom to call, and where.
#[derive(Clone, Debug)]
pub(super) struct Callee {
    pub(super) flow: Flow,
    /// The URI of its contact, which stands in the requests unchanged.
    pub(super) contact: String,
    pub(super) account: CstaAccount,
}

/// Sends the INVITE with `RequestSystemStatus`; a phone that is not ready is hung up on.
pub(super) async fn invite(agent: &UserAgent, callee: &Callee) -> Result<Established, Refusal> {
    let uri = |text: &str| {
        let parsed = text.parse::<Uri>();
        parsed.map_err(|error| Refusal::NotSent(error.to_string()))
    };
    let request_uri = uri(&callee.contact)?;
    let host = request_uri.host().unwrap_or_default().to_owned();
    let to = Uri::sip(request_uri.user(), &host, None);
    let invite = Invite {
        flow: callee.flow.clone(),
        to: to.map_err(|error| Refusal::NotSent(error.to_string()))?,
        request_uri,
        from: None,
        body: body(&Message::system_status()),
        credentials: Some(Credentials {
            user: callee.account.user().to_owned(),
            password: callee.account.credentials().password().into(),
        }),
    };
    let established = Dialog::invite(agent, invite, Instant::now() + INVITE_TIMEOUT).await?;
    if let Err(refusal) = check_status(&established.response) {
        // The phone must not keep an unused session. Whether it answers makes no difference.
        let _ = established.dialog.bye(Instant::now() + CLOSE_TIMEOUT).await;
        return Err(refusal);
    }
    Ok(established)
}

/// Checks what the phone says of its system. Some say nothing.
fn check_status(response: &Response) -> Result<(), Refusal> {
    let reply = Reply {
        status: response.status.code(),
        phrase: response.reason.to_string(),
        document: String::from_utf8_lossy(&response.body).into_owned(),
    };
    let refused = |why: String| Refusal::Request("RequestSystemStatus", why);
    let answer = reply.answer().map_err(|why| refused(why.to_string()))?;
    match answer.text_of("systemStatus").map(str::trim) {
        None | Some("" | "normal" | "enabled") => Ok(()),
        Some(other) => Err(Refusal::Unready(other.chars().take(MAX_STATUS).collect())),
    }
}

/// Starts the monitor and reads the calls that there are. A phone may refuse either; then no events come, or
/// the calls become known by their next event. Returns what it refused.
pub(super) async fn monitor(
    live: &Arc<Live>,
    dialect: &SessionDialect,
) -> Result<Option<Refusal>, String> {
    let mut refused = None;
    for message in [
        Message::monitor_start(dialect),
        Message::snapshot_device(dialect),
    ] {
        let name = match message.name() {
            "MonitorStart" => "MonitorStart",
            _ => "SnapshotDevice",
        };
        let reply = match live.ask(message, REQUEST_TIMEOUT).await {
            Ok(reply) => reply,
            Err(RequestError::NoAnswer(why) | RequestError::NotSent(why)) => {
                // One that merely sends no answer still has a session.
                if let Some(reason) = live.over() {
                    return Err(reason);
                }
                refused = refused.or(Some(Refusal::Request(name, why)));
                continue;
            }
            Err(RequestError::NotCommitted(_)) => continue,
        };
        match reply.answer() {
            Ok(answer) if name == "SnapshotDevice" => {
                live.known.lock().calls.replace(&Call::all(&answer));
            }
            Ok(answer) => {
                let monitor = answer.text_of("monitorCrossRefID");
                *live.monitor.lock() = monitor.map(ToOwned::to_owned);
            }
            Err(why) => {
                refused = refused.or_else(|| Some(Refusal::Request(name, why.to_string())));
            }
        }
    }
    Ok(refused)
}

/// Reads whether do not disturb is on, for a phone that has reported it in an earlier session: no event came of what
/// has changed since. What it does not report stays unknown. Returns an error if the session is over.
pub(super) async fn read_do_not_disturb(
    live: &Arc<Live>,
    dialect: &SessionDialect,
) -> Result<(), String> {
    let message = Message::get_do_not_disturb(dialect);
    let Ok(reply) = live.ask(message, REQUEST_TIMEOUT).await else {
        return live.over().map_or(Ok(()), Err);
    };
    let answer = reply.answer().ok();
    if let Some(on) = answer.and_then(|answer| answer.flag_of("doNotDisturbOn")) {
        live.known.lock().dnd = Some(on);
    }
    Ok(())
}

/// How long a phone may take to answer INVITE: timer B of RFC 3261, after which it counts as silent.
const INVITE_TIMEOUT: Duration = Duration::from_secs(32);

/// How long a phone may take to answer a request that opens the session.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest system status that is shown, in characters.
const MAX_STATUS: usize = 40;
