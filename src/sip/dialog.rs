//! Dialogs that we established.

mod end;
mod establish;
mod refresh;
mod request;
mod shared;

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::agent::UserAgent;
use super::error::{InviteError, NotSent, RequestError};
use super::flow::Flow;
use super::wire::{Body, Method, Response};

pub use end::End;
pub use establish::Invite;
use establish::{New, establish};
pub use request::InDialogRequest;
use shared::{Requests, Shared};

/// A dialog after its INVITE was accepted.
#[derive(Debug)]
pub struct Established {
    /// Sends requests.
    pub dialog: Dialog,
    /// Receives those of the peer.
    pub requests: DialogRequests,
    /// The response that established it.
    pub response: Response,
}

/// The sending side of a dialog. Cheap to clone. Requests are sent one at a time, in the order of the calls.
#[derive(Clone, Debug)]
pub struct Dialog(Arc<Shared>);

/// The receiving side of a dialog. When it is dropped, the dialog is ended: BYE is sent, and its response not
/// waited for.
#[derive(Debug)]
pub struct DialogRequests {
    shared: Arc<Shared>,
    requests: Requests,
}

impl Dialog {
    /// Sends an INVITE and waits for its final response, which is acknowledged. A challenge is answered with
    /// [`Invite::credentials`], and a demand for a longer session interval is met.
    ///
    /// At a first 180 or 183, the INVITE is cancelled. If the returned future is dropped, or a response
    /// comes after `until`, the INVITE is cancelled and a dialog that was established meanwhile is ended.
    pub async fn invite(
        agent: &UserAgent,
        invite: Invite,
        until: Instant,
    ) -> Result<Established, InviteError> {
        let core = agent.core();
        let (caller, result) = oneshot::channel();
        let establishing = establish(Arc::clone(core), invite, until, caller);
        core.tasks.spawn("sip invite", establishing);
        let New {
            shared,
            requests,
            response,
        } = result.await.unwrap_or(Err(NotSent::ShutDown.into()))?;
        Ok(Established {
            dialog: Self(Arc::clone(&shared)),
            requests: DialogRequests { shared, requests },
            response,
        })
    }

    /// Returns the way to the peer, which follows it when it sends from another port.
    pub fn flow(&self) -> Flow {
        self.0.state.lock().flow.clone()
    }

    /// Sends a request, for example INFO, and returns its final response. A challenge is answered.
    ///
    /// Requests wait for each other; their time counts. 481 and 408 end the dialog.
    pub async fn request(
        &self,
        method: Method,
        body: Option<Body>,
        until: Instant,
    ) -> Result<Response, RequestError> {
        let busy = timeout_at(until, self.0.busy.lock()).await;
        let _busy = busy.map_err(|_| NotSent::Busy)?;
        self.0.transact(method, body, until).await
    }

    /// Refreshes the session by UPDATE if the peer allows it, otherwise by a re-INVITE with this body.
    pub async fn refresh(&self, body: Body, until: Instant) -> Result<Response, RequestError> {
        let (caller, result) = oneshot::channel();
        let refreshing = refresh::refresh(Arc::clone(&self.0), body, until, caller);
        self.0.core.tasks.spawn("sip refresh", refreshing);
        result.await.unwrap_or(Err(NotSent::ShutDown.into()))
    }

    /// Ends the dialog: sends BYE and waits for the response until `until`. Does not wait for other requests.
    pub async fn bye(&self, until: Instant) -> Result<Response, RequestError> {
        if self.ended().is_some() {
            return Err(NotSent::DialogEnded.into());
        }
        self.0.end(End::Local);
        self.0.transact(Method::Bye, None, until).await
    }

    /// Returns when to [`refresh`](Self::refresh) the session, if it is up to us (RFC 4028).
    pub fn refresh_at(&self) -> Option<Instant> {
        self.0.state.lock().timer.refresh_at()
    }

    /// Returns when the session is over unless one side refreshes it, if it expires at all.
    pub fn expires_at(&self) -> Option<Instant> {
        self.0.state.lock().timer.expires_at()
    }

    /// Returns how the dialog ended, if it did.
    pub fn ended(&self) -> Option<End> {
        self.0.state.lock().ended
    }
}

impl DialogRequests {
    /// Waits for a request of the peer; returns `None` when the dialog has ended, also by
    /// [expiring](Dialog::expires_at). Cancel safe.
    ///
    /// BYE, OPTIONS, and re-INVITE and UPDATE without a body are answered without being returned here.
    pub async fn next(&mut self) -> Option<InDialogRequest> {
        let shared = &self.shared;
        let stop = shared.core.tasks.stop();
        loop {
            let (flow, expires) = {
                let state = shared.state.lock();
                (state.flow.clone(), state.timer.expires_at())
            };
            let timer = expires.unwrap_or_else(Instant::now);
            tokio::select! {
                biased;
                Some(request) = self.requests.recv() => return Some(*request),
                () = shared.over.cancelled() => return None,
                () = stop.cancelled() => {
                    shared.end(End::ShutDown);
                    return None;
                }
                // Unless the peer came back over another connection.
                () = flow.closed() => if shared.state.lock().flow == flow {
                    shared.end(End::Closed);
                    return None;
                },
                // Unless it was refreshed meanwhile.
                () = sleep_until(timer), if expires.is_some() => {
                    let is_over = shared.state.lock().timer.expires_at() == expires;
                    if is_over {
                        shared.abandon(End::Expired);
                        return None;
                    }
                }
            }
        }
    }
}

impl Drop for DialogRequests {
    fn drop(&mut self) {
        self.shared.abandon(End::Local);
    }
}
