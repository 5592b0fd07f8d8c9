//! How a phone is told: steps in order, and how to read what it answers.

use std::time::Duration;

use super::exchange::Exchange;
use crate::screen::Number;
use crate::verb::CallId;

/// What to do, in order; the first step that fails ends it.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// What whoever asked should know although all went well.
    pub note: Option<String>,
}

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Step {
    /// A call that Asterisk places to the phone.
    Call(Call),
    /// The end of the call that Asterisk placed last, if it still rings.
    HangUp,
    /// A request to the phone's own web server.
    Http(Exchange),
    /// A NOTIFY through Asterisk.
    Notify(Notify),
    /// Nothing for a while, since the phone needs time for what came before.
    Pause(Duration),
}

/// A SIP NOTIFY.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notify {
    /// The `Event` header.
    pub event: String,
    /// Type and text of the body.
    pub body: Option<(String, String)>,
    /// The call in whose dialog it goes; `None` is outside of any.
    pub call: Option<InCall>,
}

/// A call of the phone, as Asterisk sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InCall {
    /// Whether it rings at the phone, or somebody talks.
    pub rings: bool,
    /// The name of its channel; `None` is the only one there is.
    pub channel: Option<CallId>,
}

/// A call that Asterisk places to the phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// Headers of the INVITE, by name.
    pub headers: Vec<(&'static str, String)>,
    /// What it is for.
    pub purpose: Purpose,
}

/// What a call is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// The phone answers by itself, and then that number is called.
    Dial(Number),
    /// The phone rings for that long, unless it is answered before.
    Ring(Duration),
}

impl Plan {
    pub(crate) fn of(exchange: Exchange) -> Self {
        Self::new([Step::Http(exchange)])
    }

    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            note: None,
        }
    }

    /// Sends a NOTIFY outside of any call.
    pub(crate) fn notify(event: &str, body: Option<(&str, &str)>) -> Self {
        Self::new([Step::Notify(Notify::new(event, body))])
    }

    /// Sends a NOTIFY without a body in the dialog of a call.
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
            Step::Call(_) | Step::HangUp | Step::Notify(_) | Step::Pause(_) => None,
        })
    }

    /// Does `other` afterwards.
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.steps.extend(other.steps);
        match other.note {
            Some(note) => self.with_note(note),
            None => self,
        }
    }

    /// Does nothing for a while afterwards.
    pub(crate) fn then_pause(mut self, pause: Duration) -> Self {
        self.steps.push(Step::Pause(pause));
        self
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

    /// Adds what whoever asked should know; the same is said once.
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
        let owned = |(content_type, text): (&str, &str)| (content_type.to_owned(), text.to_owned());
        Self {
            event: event.to_owned(),
            body: body.map(owned),
            call: None,
        }
    }
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

/// The longest body of a NOTIFY, in bytes, with all that Asterisk wants escaped.
const MAX_NOTIFY: usize = 960;
