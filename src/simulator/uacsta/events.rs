//! Events of a change (ECMA-269, reference: the children of each event in their order).

use crate::calls::{Call, CallState, Transfer};
use crate::naming::{Naming, device};
use crate::telephony::{Condition, Telephony, TelephonyChange};

/// An event without its monitor: its name, and its children after `monitorCrossRefID`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Event {
    pub(super) name: &'static str,
    pub(super) inside: String,
}

/// Returns the events of a change, in order.
pub(super) fn events(change: &TelephonyChange, naming: &Naming) -> Vec<Event> {
    let TelephonyChange { before, after } = change;
    let mut events = Vec::new();
    let writer = Writer { naming };
    let transfers = after.transfers.get(before.transfers.len()..);
    let mut reported: Vec<u32> = Vec::new();
    for transfer in transfers.unwrap_or_default() {
        events.extend(writer.transferred(transfer, before, after, &mut reported));
    }
    for call in &before.calls {
        let is_reported = reported.contains(&call.id);
        match after.calls.iter().find(|now| now.id == call.id) {
            Some(now) => events.extend(writer.moved(call, now)),
            None if is_reported => {}
            None => {
                if after.failures.contains(&call.id) && !before.failures.contains(&call.id) {
                    events.push(writer.failed(call));
                }
                events.push(writer.cleared(call));
            }
        }
    }
    let is_new = |call: &&Call| before.calls.iter().all(|known| known.id != call.id);
    for call in after.calls.iter().filter(is_new) {
        events.extend(writer.begun(call));
    }
    if before.is_dnd_on != after.is_dnd_on {
        events.push(writer.do_not_disturb(after.is_dnd_on));
    }
    for condition in [Condition::Always, Condition::Busy, Condition::NoAnswer] {
        let now = after.forwards.get(&condition);
        if before.forwards.get(&condition) != now {
            events.push(writer.forwarding(condition, now.map(String::as_str)));
        }
    }
    events
}

struct Writer<'a> {
    naming: &'a Naming,
}

impl Writer<'_> {
    /// Returns the events of a new call, up to its state.
    fn begun(&self, call: &Call) -> Vec<Event> {
        if call.is_incoming {
            return vec![self.delivered(call, "alerting")];
        }
        let originated = Event {
            name: "OriginatedEvent",
            inside: format!(
                "{}{}{}{}",
                self.connection("originatedConnection", call),
                device("callingDevice", &self.naming.own),
                self.naming.remote("calledDevice", &call.number),
                state("connected", "newCall"),
            ),
        };
        let mut events = vec![originated, self.delivered(call, "connected")];
        if call.state == CallState::Connected {
            events.push(self.established(call));
        }
        events
    }

    /// Returns the event of a call that has another state than before.
    fn moved(&self, before: &Call, now: &Call) -> Option<Event> {
        let (name, connection, holder, local) = match (before.state, now.state) {
            (CallState::Ringing | CallState::Dialing, CallState::Connected) => {
                return Some(self.established(now));
            }
            (CallState::Connected, CallState::Held) => {
                ("HeldEvent", "heldConnection", "holdingDevice", "hold")
            }
            (CallState::Held, CallState::Connected) => (
                "RetrievedEvent",
                "retrievedConnection",
                "retrievingDevice",
                "connected",
            ),
            _ => return None,
        };
        Some(Event {
            name,
            inside: format!(
                "{}{}{}",
                self.connection(connection, now),
                device(holder, &self.naming.own),
                state(local, "normal"),
            ),
        })
    }

    /// Returns the event that a call rings: here, or at the other end.
    fn delivered(&self, call: &Call, local: &str) -> Event {
        Event {
            name: "DeliveredEvent",
            inside: format!(
                "{}{}{}<lastRedirectionDevice><notRequired/></lastRedirectionDevice>{}",
                self.connection("connection", call),
                self.callee("alertingDevice", call),
                self.parties(call),
                state(local, "newCall"),
            ),
        }
    }

    fn established(&self, call: &Call) -> Event {
        Event {
            name: "EstablishedEvent",
            inside: format!(
                "{}{}{}<lastRedirectionDevice><notRequired/></lastRedirectionDevice>{}",
                self.connection("establishedConnection", call),
                self.callee("answeringDevice", call),
                self.parties(call),
                state("connected", "newCall"),
            ),
        }
    }

    fn cleared(&self, call: &Call) -> Event {
        Event {
            name: "ConnectionClearedEvent",
            inside: format!(
                "{}{}{}",
                self.connection("droppedConnection", call),
                device("releasingDevice", &self.naming.own),
                state("null", "normalClearing"),
            ),
        }
    }

    fn failed(&self, call: &Call) -> Event {
        Event {
            name: "FailedEvent",
            inside: format!(
                "{}{}{}<lastRedirectionDevice><notRequired/></lastRedirectionDevice>{}",
                self.connection("failedConnection", call),
                self.callee("failingDevice", call),
                self.parties(call),
                state("fail", "busy"),
            ),
        }
    }

    /// Returns the event of a transfer, and notes the calls that ended by it. A transfer before the answer
    /// diverts the call.
    fn transferred(
        &self,
        transfer: &Transfer,
        before: &Telephony,
        after: &Telephony,
        reported: &mut Vec<u32>,
    ) -> Option<Event> {
        let has_ended = |call: &&Call| after.calls.iter().all(|now| now.id != call.id);
        let with = |number: &str, reported: &[u32]| {
            let mut ended = before.calls.iter().filter(has_ended);
            ended.find(|call| call.number == number && !reported.contains(&call.id))
        };
        let primary = with(&transfer.from, reported)?;
        reported.push(primary.id);
        if primary.state == CallState::Ringing {
            return Some(Event {
                name: "DivertedEvent",
                inside: format!(
                    "{}{}{}{}<lastRedirectionDevice><notRequired/></lastRedirectionDevice>{}",
                    self.connection("connection", primary),
                    device("divertingDevice", &self.naming.own),
                    self.naming.remote("newDestination", &transfer.to),
                    self.parties(primary),
                    state("null", "redirected"),
                ),
            });
        }
        let secondary = if transfer.is_blind {
            None
        } else {
            with(&transfer.to, reported)
        };
        reported.extend(secondary.map(|call| call.id));
        let old = secondary.map(|call| self.connection("secondaryOldCall", call));
        let cause = if transfer.is_blind {
            "singleStepTransfer"
        } else {
            "transfer"
        };
        Some(Event {
            // The schema has one r in the middle.
            name: "TransferedEvent",
            inside: format!(
                "{}{}{}{}<transferredConnections/><cause>{cause}</cause>",
                self.connection("primaryOldCall", primary),
                old.unwrap_or_default(),
                device("transferringDevice", &self.naming.own),
                self.naming.remote("transferredToDevice", &transfer.to),
            ),
        })
    }

    fn do_not_disturb(&self, on: bool) -> Event {
        Event {
            name: "DoNotDisturbEvent",
            inside: format!(
                "{}<doNotDisturbOn>{on}</doNotDisturbOn>",
                device("device", &self.naming.own)
            ),
        }
    }

    fn forwarding(&self, condition: Condition, target: Option<&str>) -> Event {
        let to = target.map(|target| self.naming.remote("forwardTo", target));
        Event {
            name: "ForwardingEvent",
            inside: format!(
                "{}<forwardingType>{}</forwardingType><forwardStatus>{}</forwardStatus>{}",
                device("device", &self.naming.own),
                condition.csta_name(),
                target.is_some(),
                to.unwrap_or_default(),
            ),
        }
    }

    fn connection(&self, name: &str, call: &Call) -> String {
        format!("<{name}>{}</{name}>", self.naming.connection(call))
    }

    /// Returns the element of the called side.
    fn callee(&self, name: &str, call: &Call) -> String {
        if call.is_incoming {
            device(name, &self.naming.own)
        } else {
            self.naming.remote(name, &call.number)
        }
    }

    fn parties(&self, call: &Call) -> String {
        let calling = if call.is_incoming {
            self.naming.remote("callingDevice", &call.number)
        } else {
            device("callingDevice", &self.naming.own)
        };
        calling + &self.callee("calledDevice", call)
    }
}

/// Returns the last children of an event: the state of the connection on this phone, and the cause.
fn state(local: &str, cause: &str) -> String {
    format!("<localConnectionInfo>{local}</localConnectionInfo><cause>{cause}</cause>")
}
