//! A plan: the ordered steps of a task and how each reply is interpreted.
//!
//! Steps and replies are one recursive idea, since a reply may ask for further steps.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::http::{Reply, Request};
use crate::csta;
use crate::screen::Number;
use crate::verb::CallId;

/// The steps of a task, in order. The first step that fails ends the plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// A caveat to report even if all steps succeed.
    pub note: Option<String>,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Asterisk places a call to the phone.
    Call(Call),
    /// Asterisk acts on a call of the phone.
    Channel(ChannelAction),
    /// A CSTA request in the session of the phone.
    Csta(CstaExchange),
    /// The call that Asterisk placed last is ended if it is still ringing.
    HangUp,
    /// A request to the phone's own web server.
    Http(Exchange),
    /// Asterisk sends a NOTIFY.
    Notify(Notify),
    /// The phone is given time to settle.
    Pause(Duration),
}

/// An HTTP request and the interpretation of its reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// The interpretation of the reply.
    pub parser: ReplyParser,
    /// How long the phone may take to reply, if longer than usual.
    pub timeout: Option<Duration>,
}

impl Request {
    /// Creates an exchange whose reply is interpreted by `parse`. `name` identifies the parser in
    /// debug output and comparisons.
    pub(crate) fn parse_with(
        self,
        name: impl Into<Cow<'static, str>>,
        parse: impl Fn(&Reply) -> ReplyOutcome + Send + Sync + 'static,
    ) -> Exchange {
        Exchange {
            request: self,
            parser: ReplyParser {
                name: name.into(),
                parse: Arc::new(parse),
            },
            timeout: None,
        }
    }
}

/// A CSTA request in the session of the phone, and the interpretation of its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct CstaExchange {
    /// The request.
    pub message: csta::Message,
    /// The interpretation of the answer.
    pub parser: ReplyParser<csta::Reply>,
}

impl CstaExchange {
    /// Creates an exchange whose answer is interpreted by `parse`.
    pub(crate) fn new(
        message: csta::Message,
        parse: impl Fn(&csta::Reply) -> ReplyOutcome + Send + Sync + 'static,
    ) -> Self {
        let name = message.name().to_owned().into();
        Self {
            message,
            parser: ReplyParser {
                name,
                parse: Arc::new(parse),
            },
        }
    }
}

/// The interpretation of a reply: `R` is that of a web server, unless it says otherwise. Parsers of the
/// same name are equal.
pub struct ReplyParser<R = Reply> {
    name: Cow<'static, str>,
    parse: Arc<dyn Fn(&R) -> ReplyOutcome + Send + Sync>,
}

impl<R> ReplyParser<R> {
    /// Interprets a reply.
    pub fn parse(&self, reply: &R) -> ReplyOutcome {
        (self.parse)(reply)
    }
}

impl<R> Clone for ReplyParser<R> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            parse: Arc::clone(&self.parse),
        }
    }
}

impl<R> fmt::Debug for ReplyParser<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReplyParser").field(&self.name).finish()
    }
}

impl<R> PartialEq for ReplyParser<R> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The meaning of a reply.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyOutcome {
    /// The phone returned data.
    Data(ReplyData),
    /// The phone refused access; the text names the setting to change.
    Denied(String),
    /// The phone accepted the request.
    Done,
    /// The phone understood the request and declined it.
    Rejected(String),
    /// The phone has not acted; these steps take the place of the one replied to.
    Instead(Vec<Step>),
    /// Further steps come before the remaining steps of the plan.
    Then(Vec<Step>),
    /// What answered does not confirm that it acted, and may be no such phone.
    Unconfirmed(String),
}

impl ReplyOutcome {
    /// Returns the outcome of a request about a call: its id, if the phone reports it.
    pub(crate) fn call(id: Option<CallId>) -> Self {
        match id {
            Some(id) => Self::Data(ReplyData::Value(id.to_string().into())),
            None => Self::Done,
        }
    }
}

/// Data returned by a phone.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyData {
    /// Grey pixels in row order: 0 is black, 255 is white.
    Grey {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// `width * height` bytes.
        pixels: Vec<u8>,
    },
    /// An image file: BMP, PNG or JPEG.
    ImageFile(Bytes),
    /// Any other data. Objects from several steps are merged.
    Value(Value),
}

/// A SIP NOTIFY.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notify {
    /// The `Event` header.
    pub event: String,
    /// Content type and text of the body.
    pub body: Option<(String, String)>,
    /// The call in whose dialog the NOTIFY is sent; `None` sends it outside any dialog.
    pub call: Option<InCall>,
}

/// A call of the phone, as Asterisk sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InCall {
    /// Whether to look for a ringing call instead of an answered one.
    pub ringing: bool,
    /// The name of its channel; `None` means the only such call.
    pub channel: Option<CallId>,
}

/// What Asterisk does with a call of the phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChannelAction {
    /// The name of the phone's channel; `None` means its only call.
    pub channel: Option<CallId>,
    /// Where the other party goes; `None` ends the call.
    pub transfer_to: Option<Number>,
}

/// A call that Asterisk places to the phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// Headers to add to the INVITE, by name.
    pub headers: Vec<(&'static str, String)>,
    /// What the call is for.
    pub purpose: Purpose,
}

/// What a call is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// The phone answers automatically, then this number is called.
    Dial(Number),
    /// The phone rings for this long unless it is answered.
    Ring(Duration),
}

impl Plan {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            note: None,
        }
    }

    /// Creates a plan of one HTTP request.
    pub(crate) fn single(exchange: Exchange) -> Self {
        Self::new([Step::Http(exchange)])
    }

    /// Creates a plan of one NOTIFY outside any call.
    pub(crate) fn notify(event: &str, body: Option<(&str, &str)>) -> Self {
        Self::new([Step::Notify(Notify::new(event, body))])
    }

    /// Creates a plan of one NOTIFY without a body, in the dialog of a call.
    pub(crate) fn notify_in_call(event: &str, call: InCall) -> Self {
        Self::new([Step::Notify(Notify {
            call: Some(call),
            ..Notify::new(event, None)
        })])
    }

    /// Returns the HTTP requests.
    pub fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.steps.iter().filter_map(|step| match step {
            Step::Http(exchange) => Some(exchange),
            Step::Call(_)
            | Step::Channel(_)
            | Step::Csta(_)
            | Step::HangUp
            | Step::Notify(_)
            | Step::Pause(_) => None,
        })
    }

    /// Appends the steps and the note of `other`.
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.steps.extend(other.steps);
        match other.note {
            Some(note) => self.with_note(note),
            None => self,
        }
    }

    /// Appends a pause.
    pub(crate) fn then_pause(mut self, pause: Duration) -> Self {
        self.steps.push(Step::Pause(pause));
        self
    }

    /// Allows the phone `timeout` for each HTTP request.
    pub(crate) fn with_timeout(mut self, timeout: Duration) -> Self {
        for step in &mut self.steps {
            if let Step::Http(exchange) = step {
                exchange.timeout = Some(timeout);
            }
        }
        self
    }

    /// Adds a caveat, unless the plan carries it already.
    pub(crate) fn with_note(mut self, note: impl Into<String>) -> Self {
        let note = note.into();
        self.note = Some(match self.note.take() {
            Some(before) if before.contains(&note) => before,
            Some(before) => format!("{before}; {note}"),
            None => note,
        });
        self
    }
}

impl Notify {
    fn new(event: &str, body: Option<(&str, &str)>) -> Self {
        Self {
            event: event.to_owned(),
            body: body.map(|(content_type, text)| (content_type.to_owned(), text.to_owned())),
            call: None,
        }
    }
}

/// Returns whether a document is small enough for the body of a NOTIFY: it must fit one UDP packet
/// and Asterisk must not truncate it. Larger documents are fetched from handsetd.
pub(crate) fn fits_notify(document: &str) -> bool {
    let escaped = document
        .chars()
        .filter(|c| r#"\",()[]"#.contains(*c))
        .count();
    document.len().saturating_add(escaped) <= MAX_NOTIFY
}

/// The longest body of a NOTIFY in bytes, counting the characters that Asterisk needs escaped.
const MAX_NOTIFY: usize = 960;
