//! How a phone is told: HTTP requests in order, and how to read what it answers.

use std::time::Duration;

use bytes::Bytes;

/// What to send, in order; the first step that fails ends it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// What whoever asked should know although all went well.
    pub note: Option<String>,
}

impl Plan {
    pub(crate) fn of(step: Step) -> Self {
        Self {
            steps: vec![step],
            note: None,
        }
    }

    /// Lets the phone take `patience` for each step.
    pub(crate) fn with_patience(mut self, patience: Duration) -> Self {
        self.steps
            .iter_mut()
            .for_each(|step| step.patience = Some(patience));
        self
    }

    pub(crate) fn with_note(mut self, note: impl Into<String>) -> Self {
        let note = note.into();
        self.note = Some(match self.note.take() {
            Some(before) => format!("{before}; {note}"),
            None => note,
        });
        self
    }
}

/// One request, and how its answer is read.
#[derive(Clone, Debug)]
pub struct Step {
    /// What to send.
    pub request: Request,
    /// Says what an answer means.
    pub read: fn(&Reply) -> Verdict,
    /// How long the phone may take to answer, where it takes longer than usual.
    pub patience: Option<Duration>,
}

/// An HTTP request to the phone's own web server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query, just as they go on the wire.
    pub target: String,
    /// Headers beside those of every request.
    pub headers: Vec<(&'static str, String)>,
    /// The body; none for GET.
    pub body: Bytes,
    /// How we say who we are.
    pub auth: Auth,
}

/// The methods that phones take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// How we say who we are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Auth {
    /// With user name and password in the first request: the phone passes them on to our door and
    /// never asks for them.
    Basic,
    /// As the phone asks for it in its first answer, Basic or Digest; never a second time.
    Challenge,
}

/// What a phone answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, up to a limit, as text.
    pub body: String,
}

/// What an answer means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The phone refused us.
    Denied(String),
    /// It is done, or will be.
    Done,
    /// The phone understood and said no.
    Rejected(String),
}
