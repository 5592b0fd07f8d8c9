//! Collects the events that answer an action, up to a limit (pure).

use super::action::Action;
use super::event::Event;
use super::response::Response;

/// How long the lists may be that we hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) items: usize,
    pub(crate) bytes: usize,
}

/// A list that is arriving.
#[derive(Debug)]
pub(crate) struct List {
    response: Response,
    items: Vec<Event>,
    bytes: usize,
}

impl List {
    /// Starts a list if `response` announces one; hands the response back if not.
    pub(crate) fn start(response: Response) -> Result<Self, Response> {
        let announced = response
            .header("EventList")
            .is_some_and(|word| word.eq_ignore_ascii_case("start"));
        if announced && response.is_success() {
            Ok(Self {
                response,
                items: Vec::new(),
                bytes: 0,
            })
        } else {
            Err(response)
        }
    }

    /// Takes one event that carries the list's `ActionID`.
    ///
    /// `ListItems` is not looked at: it lies.
    pub(crate) fn take(mut self, event: Event, action: &Action, limits: Limits) -> Progress {
        if !action.may_list(event.name()) {
            return Progress::Foreign(self, event);
        }
        self.bytes = self.bytes.saturating_add(event.packet().len());
        let word = event.header("EventList").map(str::to_ascii_lowercase);
        self.items.push(event);
        match word.as_deref() {
            Some("complete") => Progress::Over(self.response.with_list(self.items, false)),
            Some("cancelled") => Progress::Over(self.response.with_list(self.items, true)),
            _ if limits.items < self.items.len() => {
                Progress::TooLong(format!("{} items", limits.items))
            }
            _ if limits.bytes < self.bytes => Progress::TooLong(format!("{} bytes", limits.bytes)),
            _ => Progress::Arriving(self),
        }
    }
}

/// Where a list stands after an event.
#[derive(Debug)]
pub(crate) enum Progress {
    /// More is to come.
    Arriving(List),
    /// The event is no item of this list.
    Foreign(List, Event),
    /// That was the last one.
    Over(Response),
    /// It is over the limit, told in words.
    TooLong(String),
}
