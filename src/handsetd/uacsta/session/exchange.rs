//! One request in a session, and its answer.

use std::sync::Arc;
use std::time::Duration;

use handset_phones::csta::{Message, Reply};
use handset_sip::wire::{Method, Response};
use handset_sip::{RequestError as SipError, Unanswered};
use tokio::sync::{OwnedMutexGuard, oneshot};
use tokio::time::{Instant, timeout};

use super::{Awaited, Live, body};
use crate::uacsta::counters::Answered;
use crate::uacsta::request_error::RequestError;

impl Live {
    /// Sends a request whose turn it is. It is carried to its end in a task of its own, even if the returned
    /// receiver is dropped: the next one may only follow then.
    pub(in crate::uacsta) fn send(
        self: &Arc<Self>,
        turn: OwnedMutexGuard<()>,
        message: Message,
        time_limit: Duration,
    ) -> oneshot::Receiver<Result<Reply, RequestError>> {
        let (sender, receiver) = oneshot::channel();
        let live = Arc::clone(self);
        self.tasks.spawn("csta request", async move {
            let answered = live.exchange(&message, time_limit).await;
            live.counters.requested(match &answered {
                Ok(reply) if reply.answer().is_ok() => Answered::Done,
                Ok(_) => Answered::Refused,
                Err(RequestError::NoAnswer(_)) => Answered::Unanswered,
                Err(_) => Answered::NotSent,
            });
            // The requester may have given up.
            let _ = sender.send(answered);
            drop(turn);
        });
        receiver
    }

    /// Sends a request and waits for its answer, up to `time_limit`.
    pub(super) async fn ask(
        self: &Arc<Self>,
        message: Message,
        time_limit: Duration,
    ) -> Result<Reply, RequestError> {
        let turn = self.turn().await;
        let answered = self.send(turn, message, time_limit).await;
        answered.unwrap_or_else(|_| Err(RequestError::NoAnswer("handsetd stops".to_owned())))
    }

    async fn exchange(
        &self,
        message: &Message,
        time_limit: Duration,
    ) -> Result<Reply, RequestError> {
        if let Some(reason) = self.over() {
            return Err(RequestError::NotSent(reason));
        }
        let (sender, apart) = oneshot::channel();
        *self.awaited.lock() = Some(Awaited {
            request: message.clone(),
            answer: sender,
        });
        let until = Instant::now() + time_limit;
        let sent = self
            .dialog
            .request(Method::Info, Some(body(message)), until)
            .await;
        let reply = match sent {
            Ok(response) => self.answer(message, response, apart).await,
            Err(SipError::NotSent(why)) => {
                let reason = format!("the session is lost: {why}");
                self.end(reason.clone());
                Err(RequestError::NotSent(reason))
            }
            Err(SipError::Unanswered(why)) => {
                let reason = match why {
                    Unanswered::TimedOut => format!("no answer to {}", message.name()),
                    Unanswered::Closed => "the phone closed the connection".to_owned(),
                };
                self.end(reason.clone());
                Err(RequestError::NoAnswer(reason))
            }
        };
        *self.awaited.lock() = None;
        reply
    }

    /// Returns the answer that a response has, or that comes apart from it.
    async fn answer(
        &self,
        message: &Message,
        response: Response,
        apart: oneshot::Receiver<String>,
    ) -> Result<Reply, RequestError> {
        let reply = Reply {
            status: response.status.code(),
            phrase: response.reason.to_string(),
            document: String::from_utf8_lossy(&response.body).into_owned(),
        };
        match reply.status {
            // Nothing happened, but the phone has forgotten the session, and may have one again soon.
            UNKNOWN_DIALOG => {
                let reason = "the phone does not know the session any more (481)".to_owned();
                self.end(reason.clone());
                Err(RequestError::NotSent(reason))
            }
            REQUEST_TIMEOUT => {
                let reason = format!("the phone did not answer {} in time (408)", message.name());
                self.end(reason.clone());
                Err(RequestError::NoAnswer(reason))
            }
            _ if !response.status.is_success() || message.is_answered_by(&reply.document) => {
                Ok(reply)
            }
            _ => match timeout(ANSWER_TIMEOUT, apart).await {
                Ok(Ok(document)) => Ok(Reply { document, ..reply }),
                _ => Err(RequestError::NoAnswer(format!(
                    "the phone accepted {name} ({status}), and sent no {name}Response",
                    name = message.name(),
                    status = reply.status
                ))),
            },
        }
    }
}

/// The status of a phone that does not know the dialog.
const UNKNOWN_DIALOG: u16 = 481;

/// The status of a phone, or of a proxy before it, that received no answer.
const REQUEST_TIMEOUT: u16 = 408;

/// How long a phone that has accepted a request may take to send the answer in an INFO of its own.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
