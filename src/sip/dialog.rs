//! Dialogs that we established.

use tokio::time::Instant;

use super::agent::UserAgent;
use super::credentials::Credentials;
use super::error::{InviteError, NotSent, RequestError};
use super::flow::Flow;
use super::wire::{Body, Method, Request, Response, Uri};

/// An INVITE to send.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The way to the peer; requests in the dialog take it, too.
    pub flow: Flow,
    /// The Request-URI: a contact of the peer, unchanged.
    pub request_uri: Uri,
    /// The URI of `To`.
    pub to: Uri,
    /// The URI of `From`; `None` for our Contact.
    pub from: Option<Uri>,
    /// The body.
    pub body: Body,
    /// Answers challenges to this and to later requests of the dialog.
    pub credentials: Option<Credentials>,
}

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
pub struct Dialog {
    flow: Flow,
}

/// The receiving side of a dialog. When it is dropped, the dialog is forgotten without a BYE.
#[derive(Debug)]
pub struct DialogRequests {}

/// A request of the peer. Dropped without a response, it is answered 500.
#[derive(Debug)]
pub struct InDialogRequest {
    request: Request,
}

/// How a dialog ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// The peer sent BYE.
    Bye,
    /// The peer does not know the dialog: it answered 481 or 408.
    Unknown,
    /// The connection was closed.
    Closed,
    /// We ended it.
    Local,
    /// The session expired: nobody refreshed it.
    Expired,
    /// The user agent was shut down.
    ShutDown,
}

impl Dialog {
    /// Sends an INVITE and waits for its final response, which is acknowledged. A challenge is answered once,
    /// with [`Invite::credentials`].
    ///
    /// At a first 180 or 183, the INVITE is cancelled. If the returned future is dropped, or a response
    /// comes after `until`, the INVITE is cancelled and a dialog that was established meanwhile is ended.
    pub async fn invite(
        _agent: &UserAgent,
        _invite: Invite,
        _until: Instant,
    ) -> Result<Established, InviteError> {
        Err(NotSent::NotConnected.into())
    }

    /// Returns the way to the peer, which follows it when it sends from another port.
    pub fn flow(&self) -> Flow {
        self.flow.clone()
    }

    /// Sends a request, for example INFO, and returns its final response. A challenge is answered.
    ///
    /// Requests wait for each other; their time counts. 481 and 408 end the dialog.
    pub async fn request(
        &self,
        _method: Method,
        _body: Option<Body>,
        _until: Instant,
    ) -> Result<Response, RequestError> {
        Err(NotSent::NotConnected.into())
    }

    /// Refreshes the session by a re-INVITE with this body, or by UPDATE if the peer allows it.
    pub async fn refresh(&self, _body: Body, _until: Instant) -> Result<Response, RequestError> {
        Err(NotSent::NotConnected.into())
    }

    /// Ends the dialog: sends BYE and waits for the response until `until`. Does not wait for other requests.
    pub async fn bye(&self, _until: Instant) -> Result<Response, RequestError> {
        Err(NotSent::NotConnected.into())
    }

    /// Returns when to [`refresh`](Self::refresh) the session, if it is up to us (RFC 4028).
    pub fn refresh_at(&self) -> Option<Instant> {
        None
    }

    /// Returns when the session is over unless one side refreshes it, if it expires at all.
    pub fn expires_at(&self) -> Option<Instant> {
        None
    }

    /// Returns how the dialog ended, if it did.
    pub fn ended(&self) -> Option<End> {
        None
    }
}

impl DialogRequests {
    /// Waits for a request of the peer; returns `None` when the dialog has ended. Cancel safe.
    ///
    /// BYE, OPTIONS, and re-INVITE and UPDATE without a body are answered without being returned here.
    pub async fn next(&mut self) -> Option<InDialogRequest> {
        std::future::pending().await
    }
}

impl InDialogRequest {
    /// Returns the request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Sends the response. What the dialog requires is added.
    pub fn respond(self, _response: Response) {}
}
