//! Collects the events that answer an action, up to a limit (pure).

use super::action::Action;
use super::event::Event;
use super::response::Response;

/// Limits of one list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListLimits {
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
    /// Starts a list if `response` announces one; otherwise returns the response unchanged.
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

    /// Adds an event that carries the `ActionID` of the list.
    ///
    /// `ListItems` is ignored, because Asterisk often sends a wrong number.
    pub(crate) fn push(mut self, event: Event, action: &Action, limits: ListLimits) -> Progress {
        if !action.accepts_item(event.name()) {
            return Progress::Unrelated(self, event);
        }
        self.bytes = self.bytes.saturating_add(event.packet().memory());
        let word = event.header("EventList").map(str::to_ascii_lowercase);
        self.items.push(event);
        match word.as_deref() {
            Some("complete") => Progress::Complete(self.response.with_list(self.items, false)),
            Some("cancelled") => Progress::Complete(self.response.with_list(self.items, true)),
            _ if limits.items < self.items.len() => {
                Progress::TooLong(format!("{} items", limits.items))
            }
            _ if limits.bytes < self.bytes => Progress::TooLong(format!("{} bytes", limits.bytes)),
            _ => Progress::Incomplete(self),
        }
    }
}

/// The state of a list after an event.
#[derive(Debug)]
pub(crate) enum Progress {
    /// The event was the last item.
    Complete(Response),
    /// More items follow.
    Incomplete(List),
    /// The list exceeds this limit, given with its unit.
    TooLong(String),
    /// The event is not an item of this list.
    Unrelated(List, Event),
}
