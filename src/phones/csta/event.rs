//! Events of a monitored phone (ECMA-269, 16 and 17; ECMA-323).
//!
//! No capture of a phone's events was found. The reader therefore takes what any edition has: elements in
//! any order and with any prefix, devices with or without a wrapper, ids as elements or as text.

use super::answer::Answer;

/// An event of a monitored phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The monitor that it is for (`monitorCrossRefID`); empty if the phone does not say.
    pub monitor: String,
    /// The id of the call.
    pub call_id: Option<String>,
    /// The device of the connection in the event: the phone's own name for that end of the call.
    pub device: Option<String>,
    /// The id of the second call of a transfer or conference.
    pub second_call_id: Option<String>,
    /// The device that did it: that alerts, answers, holds, releases, diverts.
    pub subject: Option<String>,
    /// Who calls.
    pub calling: Option<String>,
    /// Who is called.
    pub called: Option<String>,
    /// Where a call goes: the new destination of a diversion, the target of a transfer or forwarding.
    pub target: Option<String>,
    /// The state of the phone's own end after the event, in ECMA's words; `hold` for both spellings.
    pub local_state: Option<String>,
    /// Whether do not disturb or the forwarding is on.
    pub is_on: Option<bool>,
    /// The kind of forwarding, in ECMA's words (`forwardImmediate`).
    pub forwarding: Option<String>,
    /// The cause, in the phone's words (`normalClearing`).
    pub cause: Option<String>,
}

/// The kind of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EventKind {
    /// The phone is back in service.
    BackInService,
    /// Calls were joined in a conference.
    Conferenced,
    /// An end left the call.
    ConnectionCleared,
    /// The call rings, here or at the other end.
    Delivered,
    /// The call was diverted elsewhere.
    Diverted,
    /// Do not disturb was switched.
    DoNotDisturb,
    /// The call was answered.
    Established,
    /// The call failed, as when the other end is busy.
    Failed,
    /// Forwarding was switched.
    Forwarding,
    /// The call was put on hold.
    Held,
    /// The phone has dialed.
    Originated,
    /// The phone went out of service.
    OutOfService,
    /// The call was resumed.
    Retrieved,
    /// The phone is about to dial.
    ServiceInitiated,
    /// A call was transferred.
    Transferred,
}

/// A message that a phone sends by itself in a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Incoming {
    /// An event.
    Event(Box<Event>),
    /// The answer to a request, or an error: some phones send it apart from the response of SIP.
    Answer,
    /// Anything else, by the name of its element; empty if it has none.
    Other(String),
}

impl Incoming {
    /// Reads the body of an INFO.
    pub fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let document = Answer::parse(text.trim_start_matches('\u{feff}'));
        let root = document.children().first().unwrap_or(&document);
        if let Some(event) = find_event(root, 0) {
            return Self::Event(Box::new(event));
        }
        if root.response().is_some() || root.find("CSTAErrorCode").is_some() {
            return Self::Answer;
        }
        Self::Other(clean(root.name()).unwrap_or_default())
    }
}

/// Finds the event in a message: it is the root, or stands in an envelope.
fn find_event(element: &Answer, depth: u8) -> Option<Event> {
    if let Some(row) = TABLE.iter().find(|row| row.name == element.name()) {
        return Some(row.read(element));
    }
    if depth >= MAX_ENVELOPES {
        return None;
    }
    let depth = depth.saturating_add(1);
    let mut children = element.children().iter();
    children.find_map(|child| find_event(child, depth))
}

/// Where an event has its values.
struct Row {
    name: &'static str,
    kind: EventKind,
    /// The element with call and device; empty if there is none.
    connection: &'static str,
    subject: &'static str,
}

const fn row(
    name: &'static str,
    kind: EventKind,
    connection: &'static str,
    subject: &'static str,
) -> Row {
    Row {
        name,
        kind,
        connection,
        subject,
    }
}

/// All events. The schema writes `TransferedEvent`; some phones do not.
const TABLE: &[Row] = {
    use EventKind as K;
    &[
        row("BackInServiceEvent", K::BackInService, "", "device"),
        row(
            "ConferencedEvent",
            K::Conferenced,
            "primaryOldCall",
            "conferencingDevice",
        ),
        row(
            "ConnectionClearedEvent",
            K::ConnectionCleared,
            "droppedConnection",
            "releasingDevice",
        ),
        row(
            "DeliveredEvent",
            K::Delivered,
            "connection",
            "alertingDevice",
        ),
        row(
            "DivertedEvent",
            K::Diverted,
            "connection",
            "divertingDevice",
        ),
        row("DoNotDisturbEvent", K::DoNotDisturb, "", "device"),
        row(
            "EstablishedEvent",
            K::Established,
            "establishedConnection",
            "answeringDevice",
        ),
        row(
            "FailedEvent",
            K::Failed,
            "failedConnection",
            "failingDevice",
        ),
        row("ForwardingEvent", K::Forwarding, "", "device"),
        row("HeldEvent", K::Held, "heldConnection", "holdingDevice"),
        row(
            "OriginatedEvent",
            K::Originated,
            "originatedConnection",
            "callingDevice",
        ),
        row("OutOfServiceEvent", K::OutOfService, "", "device"),
        row(
            "RetrievedEvent",
            K::Retrieved,
            "retrievedConnection",
            "retrievingDevice",
        ),
        row(
            "ServiceInitiatedEvent",
            K::ServiceInitiated,
            "initiatedConnection",
            "initiatingDevice",
        ),
        row(
            "TransferedEvent",
            K::Transferred,
            "primaryOldCall",
            "transferringDevice",
        ),
        row(
            "TransferredEvent",
            K::Transferred,
            "primaryOldCall",
            "transferringDevice",
        ),
    ]
};

impl Row {
    fn read(&self, event: &Answer) -> Event {
        let child = |name: &str| event.children().iter().find(|child| child.name() == name);
        let text = |name: &str| child(name).and_then(|child| clean(child.text()));
        let device_of = |name: &str| child(name).and_then(device);
        let connection = child(self.connection);
        let on = text("doNotDisturbOn").or_else(|| text("forwardStatus"));
        let target = [
            "newDestination",
            "transferredToDevice",
            "forwardTo",
            "forwardDN",
        ];
        Event {
            kind: self.kind,
            monitor: text("monitorCrossRefID").unwrap_or_default(),
            call_id: connection.and_then(call_id),
            device: connection.and_then(|connection| clean(connection.text_of("deviceID")?)),
            second_call_id: child("secondaryOldCall").and_then(call_id),
            subject: device_of(self.subject),
            calling: device_of("callingDevice"),
            called: device_of("calledDevice"),
            target: target.into_iter().find_map(device_of),
            local_state: text("localConnectionInfo").map(|state| match state.as_str() {
                "held" => "hold".to_owned(),
                _ => state,
            }),
            is_on: on.as_deref().and_then(switch),
            forwarding: text("forwardingType"),
            cause: text("cause"),
        }
    }
}

/// Returns the id of a call: an element of its own, or the text itself.
fn call_id(connection: &Answer) -> Option<String> {
    match connection.text_of("callID") {
        Some(id) => clean(id),
        None => clean(connection.text()),
    }
}

/// Returns a device; `None` where the phone does not know it or does not report it.
fn device(element: &Answer) -> Option<String> {
    let identifier = element.find("deviceIdentifier").unwrap_or(element);
    clean(identifier.text())
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "true" | "1" | "on" | "forwardStatusOn" => Some(true),
        "false" | "0" | "off" | "forwardStatusOff" => Some(false),
        _ => None,
    }
}

/// Returns a value without what is not printable, cut to [`MAX_VALUE`]; `None` if it is empty.
pub(super) fn clean(text: &str) -> Option<String> {
    let printable = text.trim().chars().filter(|c| !c.is_control());
    let text: String = printable.take(MAX_VALUE).collect();
    (!text.is_empty()).then_some(text)
}

/// The longest value that is kept, in characters: more than any number, address or id of a phone.
pub(super) const MAX_VALUE: usize = 256;

/// How deep an event may stand in envelopes: `Envelope` and `Body`.
const MAX_ENVELOPES: u8 = 2;

#[cfg(test)]
mod tests;
