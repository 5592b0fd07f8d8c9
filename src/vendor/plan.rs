//! How a phone is told: steps in order, HTTP requests or NOTIFYs, and how to read what it answers.

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
    pub(crate) fn of(exchange: Exchange) -> Self {
        Self {
            steps: vec![Step::Http(exchange)],
            note: None,
        }
    }

    pub(crate) fn notify(event: &str, body: Option<(&str, &str)>) -> Self {
        let owned = |(content_type, text): (&str, &str)| (content_type.to_owned(), text.to_owned());
        let notify = Notify {
            event: event.to_owned(),
            body: body.map(owned),
        };
        Self {
            steps: vec![Step::Notify(notify)],
            note: None,
        }
    }

    /// Returns the HTTP requests.
    pub fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.steps.iter().filter_map(|step| match step {
            Step::Http(exchange) => Some(exchange),
            Step::Notify(_) => None,
        })
    }

    /// Lets the phone take `patience` for each step.
    pub(crate) fn with_patience(mut self, patience: Duration) -> Self {
        for step in &mut self.steps {
            if let Step::Http(exchange) = step {
                exchange.patience = Some(patience);
            }
        }
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

/// One thing to send.
#[derive(Clone, Debug)]
pub enum Step {
    /// To the phone's own web server.
    Http(Exchange),
    /// Through Asterisk.
    Notify(Notify),
}

/// A way to a phone that a backend can be told to take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// HTTP to the phone's own web server.
    Http,
    /// A SIP NOTIFY through Asterisk, which nobody confirms.
    Notify,
}

/// A SIP NOTIFY.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notify {
    /// The `Event` header.
    pub event: String,
    /// Type and text of the body.
    pub body: Option<(String, String)>,
}

/// Returns whether a document is so small that a NOTIFY carries it whole: in one packet of UDP, and
/// without a cut by Asterisk. Longer ones are fetched from our door.
pub(crate) fn fits_notify(document: &str) -> bool {
    let escaped = document
        .chars()
        .filter(|c| r#"\",()[]"#.contains(*c))
        .count();
    document.len().saturating_add(escaped) <= MAX_NOTIFY
}

/// One request, and how its answer is read.
#[derive(Clone, Debug)]
pub struct Exchange {
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

/// The longest body of a NOTIFY, in bytes, with all that Asterisk wants escaped.
const MAX_NOTIFY: usize = 960;
