//! The requests of a plain phone of TR/87: bare numbers, call ids without a sign, and calls that may be
//! named by the phone alone.

use crate::calls::{Call, CallState, Calls};
use crate::device::Device;
use crate::document::Element;
use crate::naming::{Naming, escape};
use crate::telephony::Condition;

/// The content of a response, or the error code.
type Performed = Result<String, &'static str>;

/// Performs a request.
pub(super) fn perform(device: &Device, body: &Element, naming: &Naming, user: &str) -> Performed {
    let request = Request {
        device,
        body,
        naming,
        user,
    };
    request.perform()
}

struct Request<'a> {
    device: &'a Device,
    body: &'a Element,
    naming: &'a Naming,
    /// The user name of the identity in use, by which the phone may be named as well.
    user: &'a str,
}

impl Request<'_> {
    fn perform(&self) -> Performed {
        match self.body.name.as_str() {
            "AnswerCall" => {
                self.change_state("callToBeAnswered", CallState::Ringing, CallState::Connected)
            }
            "AlternateCall" => {
                self.call("activeCall", CallState::Connected)?;
                let held = self.call("heldCall", CallState::Held)?;
                Ok(self.change_calls(|calls| calls.set_state(held, CallState::Connected)))
            }
            "ClearConnection" => {
                let id = self.any_call("connectionToBeCleared")?;
                Ok(self.change_calls(|calls| {
                    calls.end(id);
                }))
            }
            "ConsultationCall" => {
                self.call("existingCall", CallState::Connected)?;
                let dialed = self.dial(&self.body.text_of("consultedDevice"))?;
                Ok(format!("<initiatedCall>{dialed}</initiatedCall>"))
            }
            "DeflectCall" => {
                let id = self.call("callToBeDiverted", CallState::Ringing)?;
                let to = number(&self.body.text_of("newDestination"))?;
                Ok(self.change_calls(|calls| calls.transfer(id, &to)))
            }
            "GenerateDigits" => {
                let id = self.call("connectionToSendDigits", CallState::Connected)?;
                let digits = self.body.text_of("charactersToSend");
                if digits.is_empty() {
                    return Err("invalidParameterValue");
                }
                Ok(self.change_calls(|calls| {
                    calls.send_digits(id, &digits);
                }))
            }
            "GetDoNotDisturb" => {
                self.check_device("device")?;
                let is_on = self.device.state().dnd;
                Ok(format!("<doNotDisturbOn>{is_on}</doNotDisturbOn>"))
            }
            "GetForwarding" => self.forwarding(),
            "HoldCall" => self.change_state("callToBeHeld", CallState::Connected, CallState::Held),
            "MakeCall" => {
                self.check_device("callingDevice")?;
                let prompt = self.body.text_of("autoOriginate");
                if !["doNotPrompt", ""].contains(&prompt.as_str()) {
                    return Err("invalidParameterValue");
                }
                let dialed = self.dial(&self.body.text_of("calledDirectoryNumber"))?;
                Ok(format!("<callingDevice>{dialed}</callingDevice>"))
            }
            "RetrieveCall" => {
                self.change_state("callToBeRetrieved", CallState::Held, CallState::Connected)
            }
            "SetDoNotDisturb" => {
                self.check_device("device")?;
                let on = self.switch("doNotDisturbOn")?;
                self.device.change(|state| state.dnd = on);
                Ok(String::new())
            }
            "SetForwarding" => self.forward(),
            "SingleStepTransferCall" => {
                let id = self.any_call("activeCall")?;
                let to = number(&self.body.text_of("transferredTo"))?;
                Ok(self.change_calls(|calls| calls.transfer(id, &to)))
            }
            "SnapshotDevice" => self.snapshot(),
            "TransferCall" => {
                let held = self.call("heldCall", CallState::Held)?;
                let active = self.any_call("activeCall")?;
                Ok(self.change_calls(|calls| calls.join(held, active)))
            }
            _ => Err("serviceNotSupported"),
        }
    }

    /// Returns the call that an element names: by id, or by the phone alone the only one in that state.
    fn call(&self, name: &str, state: CallState) -> Result<u32, &'static str> {
        let wrong = if name == "callToBeAnswered" {
            "noCallToAnswer"
        } else {
            "invalidConnectionState"
        };
        self.find(name, |call| call.state == state, wrong)
    }

    fn any_call(&self, name: &str) -> Result<u32, &'static str> {
        self.find(name, |_| true, "invalidConnectionState")
    }

    fn find(
        &self,
        name: &str,
        fits: impl Fn(&Call) -> bool,
        wrong: &'static str,
    ) -> Result<u32, &'static str> {
        let element = self.body.child(name).ok_or("invalidConnectionIdentifier")?;
        let calls = self.device.state().calls;
        let id = element.text_of("callID");
        if !id.is_empty() {
            let id: u32 = id.parse().map_err(|_| "invalidCallID")?;
            let call = calls.get(id).ok_or("invalidCallID")?;
            return if fits(call) { Ok(id) } else { Err(wrong) };
        }
        if !self.is_own(&element.text_of("deviceID")) {
            return Err("invalidConnectionIdentifier");
        }
        let mut fitting = calls.all().iter().filter(|call| fits(call));
        match (fitting.next(), fitting.next()) {
            (Some(call), None) => Ok(call.id),
            (None, _) => Err(wrong),
            (Some(_), Some(_)) => Err("invalidConnectionIdentifier"),
        }
    }

    fn change_state(&self, name: &str, from: CallState, to: CallState) -> Performed {
        let id = self.call(name, from)?;
        Ok(self.change_calls(|calls| calls.set_state(id, to)))
    }

    /// Dials; the other party answers at once, as to a key. Returns the identifiers of the call.
    fn dial(&self, called: &str) -> Result<String, &'static str> {
        let called = number(called)?;
        let mut dialed = String::new();
        self.device.change(|state| {
            state.dial(called.clone());
            let id = state.calls.dial(&called, None);
            let call = state.calls.get(id);
            dialed = call
                .map(|call| self.naming.connection(call))
                .unwrap_or_default();
            state.calls.connect(id);
        });
        Ok(dialed)
    }

    fn forward(&self) -> Performed {
        self.check_device("device")?;
        let condition = Condition::of_csta(&self.body.text_of("forwardingType"));
        let condition = condition.ok_or("invalidParameterValue")?.yealink_name();
        let on = self.switch("activateForward")?;
        let to = self.body.text_of("forwardDN");
        if on {
            let to = number(&to)?;
            self.device.change(|state| {
                state.forwards.insert(condition.to_owned(), to);
            });
        } else {
            self.device.change(|state| {
                state.forwards.remove(condition);
            });
        }
        Ok(String::new())
    }

    fn forwarding(&self) -> Performed {
        self.check_device("device")?;
        let forwards = self.device.state().forwards;
        let items = [Condition::Always, Condition::Busy, Condition::NoAnswer].map(|condition| {
            let target = forwards.get(condition.yealink_name());
            let to = target.map(|target| format!("<forwardDN>{}</forwardDN>", escape(target)));
            format!(
                "<forwardListItem><forwardingType>{}</forwardingType><forwardStatus>{}\
                 </forwardStatus>{}</forwardListItem>",
                condition.csta_name(),
                target.is_some(),
                to.unwrap_or_default()
            )
        });
        Ok(format!(
            "<forwardingList>{}</forwardingList>",
            items.concat()
        ))
    }

    fn snapshot(&self) -> Performed {
        self.check_device("snapshotObject")?;
        let calls = self.device.state().calls;
        let infos = calls.all().iter().map(|call| {
            let states: &[&str] = match call.state {
                CallState::Connected => &["connected", "connected"],
                CallState::Dialing => &["connected", "alerting"],
                CallState::Held => &["hold", "connected"],
                CallState::Ringing => &["alerting", "connected"],
            };
            let states = states
                .iter()
                .map(|state| format!("<localConnectionState>{state}</localConnectionState>"));
            format!(
                "<snapshotDeviceResponseInfo><connectionIdentifier>{}</connectionIdentifier>\
                 <localCallState><compoundCallState>{}</compoundCallState></localCallState>\
                 </snapshotDeviceResponseInfo>",
                self.naming.connection(call),
                states.collect::<String>()
            )
        });
        Ok(format!(
            "<crossRefIDorSnapshotData><snapshotData>{}</snapshotData></crossRefIDorSnapshotData>",
            infos.collect::<String>()
        ))
    }

    /// Checks that an element names this phone.
    fn check_device(&self, name: &str) -> Result<(), &'static str> {
        if self.is_own(&self.body.text_of(name)) {
            Ok(())
        } else {
            Err("invalidDeviceID")
        }
    }

    /// Returns whether this is the phone's number or user name, alone or in a SIP address.
    fn is_own(&self, device: &str) -> bool {
        number(device).is_ok_and(|number| number == self.naming.own || number == self.user)
    }

    fn switch(&self, name: &str) -> Result<bool, &'static str> {
        let text = self.body.text_of(name);
        text.parse().map_err(|_| "invalidParameterValue")
    }

    /// Changes the calls; returns the content of the response, which is empty.
    fn change_calls(&self, change: impl FnOnce(&mut Calls)) -> String {
        self.device.change(|state| change(&mut state.calls));
        String::new()
    }
}

/// Returns the number in a device: bare, or the user of a SIP or telephone URI.
fn number(device: &str) -> Result<String, &'static str> {
    let rest = device
        .strip_prefix("sip:")
        .or_else(|| device.strip_prefix("tel:"));
    let rest = rest.unwrap_or(device);
    let number = rest.split(['@', ';']).next().unwrap_or_default();
    if number.is_empty() {
        return Err("invalidDestination");
    }
    Ok(number.to_owned())
}
