//! The effect of each request on the phone, independent of the dialect.

use crate::calls::{Call, CallState, Calls};
use crate::document::Element;
use crate::snom::Snom;

/// The content of a response, or the error code.
type OperationResult = Result<String, &'static str>;

/// A request whose name is known.
pub(super) struct Operation<'a> {
    pub(super) phone: &'a Snom,
    pub(super) body: &'a Element,
    pub(super) is_old: bool,
}

impl Operation<'_> {
    /// Performs the request; returns the content of the response, or the error code.
    pub(super) fn run(&self) -> OperationResult {
        match self.body.name.as_str() {
            "AnswerCall" => {
                self.change_state("callToBeAnswered", CallState::Ringing, CallState::Connected)
            }
            "ClearCall" => self.end_call("callToBeCleared"),
            "ClearConnection" => self.end_call("connectionToBeCleared"),
            "HoldCall" => self.change_state("callToBeHeld", CallState::Connected, CallState::Held),
            "RetrieveCall" => {
                self.change_state("callToBeRetrieved", CallState::Held, CallState::Connected)
            }
            "ConsultationCall" => self.consultation_call(),
            "FireTest" => self.fire_test(),
            "GenerateDigits" => self.send_digits(),
            "GetSettings" => Ok(self.get_settings()),
            "MakeCall" => self.make_call(),
            "RequestSystemStatus" => Ok("<systemStatus>normal</systemStatus>".to_owned()),
            "SetDoNotDisturb" => {
                self.check_device("device")?;
                let on = self.switch("doNotDisturbOn")?;
                self.set(&[("dnd_mode".to_owned(), on.to_owned())])
            }
            "GetDoNotDisturb" => {
                self.check_device("device")?;
                let is_on = self.phone.setting("dnd_mode").as_deref() == Some("on");
                Ok(format!("<doNotDisturbOn>{is_on}</doNotDisturbOn>"))
            }
            "SetForwarding" => self.set_forwarding(),
            "SetSettings" => {
                let settings = self.body.named("Setting");
                let settings: Vec<_> = settings
                    .map(|setting| (setting.text_of("name"), setting.text_of("value")))
                    .collect();
                if settings.is_empty() {
                    return Err("invalidParameterValue");
                }
                self.set(&settings)
            }
            "SingleStepTransferCall" => {
                let id = self.call("activeCall")?;
                let to = self.body.text_of("transferredTo");
                let user = sip_user(&to)?;
                self.change_calls(|calls| calls.transfer(id, user));
                Ok(String::new())
            }
            "SnapshotDevice" => self.snapshot(),
            "DeflectCall" => {
                let id = self.call("callToBeDiverted")?;
                let to = self.body.text_of("newDestination");
                let user = sip_user(&to)?;
                let calls = self.phone.device.state().calls;
                if calls
                    .get(id)
                    .is_none_or(|call| call.state != CallState::Ringing)
                {
                    return Err("invalidConnectionState");
                }
                self.change_calls(|calls| calls.transfer(id, user));
                Ok(String::new())
            }
            "TransferCall" => {
                let (held, active) = (self.call("heldCall")?, self.call("activeCall")?);
                self.change_calls(|calls| calls.join(held, active));
                Ok(String::new())
            }
            "XmlPush" => {
                let document = self.body.text_of("document");
                // Snom's description has the document in quotes.
                let quoted = document
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'));
                let pushed = self.phone.push(quoted.unwrap_or(&document).trim());
                pushed.map_err(|_| "invalidParameterValue")?;
                Ok(String::new())
            }
            _ => Err("serviceNotSupported"),
        }
    }

    /// Returns the id of an existing call: nested in an element of its own, or flat on old firmware.
    fn call(&self, name: &str) -> Result<u32, &'static str> {
        let element = self.body.child(name).ok_or("invalidConnectionIdentifier")?;
        let nested = element.child("callID");
        let id = match (self.is_old, nested) {
            (true, None) => element.text(),
            (false, Some(id)) => id.text(),
            _ => return Err("invalidConnectionIdentifier"),
        };
        let id: i64 = id.parse().map_err(|_| "invalidCallID")?;
        let calls = self.phone.device.state().calls;
        let naming = self.phone.naming();
        let is_meant = |call: &&Call| naming.call_id(call) == id;
        let call = calls.all().iter().find(is_meant);
        call.map(|call| call.id).ok_or("invalidCallID")
    }

    /// Checks a device: a SIP address of the phone, or since 8.7.4 the number of an identity.
    fn check_device(&self, name: &str) -> Result<(), &'static str> {
        let device = self.body.text_of(name);
        let by_number = || {
            let number = device.parse().ok();
            !self.phone.is_older_than(&[8, 7, 4])
                && number.is_some_and(|number| self.phone.identity(number).is_some())
        };
        let address = device.strip_prefix("sip:").unwrap_or(&device);
        if by_number() || self.phone.is_own(address) {
            Ok(())
        } else {
            Err("invalidDeviceID")
        }
    }

    fn change_state(&self, name: &str, from: CallState, to: CallState) -> OperationResult {
        let id = self.call(name)?;
        let state = self
            .phone
            .device
            .state()
            .calls
            .get(id)
            .map(|call| call.state);
        if state != Some(from) {
            return Err("invalidConnectionState");
        }
        self.change_calls(|calls| calls.set_state(id, to));
        Ok(String::new())
    }

    fn end_call(&self, name: &str) -> OperationResult {
        let id = self.call(name)?;
        self.change_calls(|calls| {
            calls.end(id);
        });
        Ok(String::new())
    }

    fn make_call(&self) -> OperationResult {
        self.check_device("callingDevice")?;
        let number = self.body.text_of("calledDirectoryNumber");
        if number.is_empty() || self.body.text_of("autoOriginate") != "doNotPrompt" {
            return Err("invalidParameterValue");
        }
        Ok(format!(
            "<callingDevice>{}</callingDevice>",
            self.dial(&number)
        ))
    }

    fn consultation_call(&self) -> OperationResult {
        self.call("existingCall")?;
        let to = self.body.text_of("consultedDevice");
        let user = sip_user(&to)?;
        Ok(format!(
            "<initiatedCall>{}</initiatedCall>",
            self.dial(user)
        ))
    }

    /// Dials a number; returns the identifiers of the call.
    fn dial(&self, number: &str) -> String {
        let mut id = 0;
        self.phone.device.change(|state| {
            state.dial(number);
            id = state.calls.dial(number, None);
        });
        self.phone.connect_soon(id);
        let calls = self.phone.device.state().calls;
        let naming = self.phone.naming();
        calls
            .get(id)
            .map(|call| naming.connection(call))
            .unwrap_or_default()
    }

    /// Opens the page that the setting `action_fwtest_url` names.
    fn fire_test(&self) -> OperationResult {
        let url = self.phone.setting("action_fwtest_url").ok_or("noUrl")?;
        let url = url::Url::parse(&url).map_err(|_| "noUrl")?;
        let load = self.phone.load(url);
        self.phone.device.spawn(load);
        Ok(String::new())
    }

    fn send_digits(&self) -> OperationResult {
        let id = self.call("connectionToSendDigits")?;
        let digits = self.body.text_of("charactersToSend");
        let mut is_connected = false;
        self.change_calls(|calls| is_connected = calls.send_digits(id, &digits));
        if is_connected {
            Ok(String::new())
        } else {
            Err("invalidConnectionState")
        }
    }

    fn set_forwarding(&self) -> OperationResult {
        self.check_device("device")?;
        let kind = match self.body.text_of("forwardingType").as_str() {
            "forwardImmediate" => "all",
            "forwardBusy" => "busy",
            "forwardNoAns" => "time",
            _ => return Err("invalidParameterValue"),
        };
        let on = self.switch("activateForward")?;
        let mut settings = vec![(format!("fwd_{kind}_enabled1"), on.to_owned())];
        let number = self.body.text_of("forwardDN");
        if !number.is_empty() {
            settings.push((format!("fwd_{kind}_target1"), number));
        }
        self.set(&settings)
    }

    fn get_settings(&self) -> String {
        let settings = self.body.named("Setting").map(|setting| {
            let name = setting.text_of("name");
            let value = self.phone.setting(&name).unwrap_or_default();
            let value = value.replace('&', "&amp;").replace('<', "&lt;");
            format!("<Setting><name>{name}</name><value>{value}</value></Setting>")
        });
        settings.collect()
    }

    fn snapshot(&self) -> OperationResult {
        self.check_device("snapshotObject")?;
        let state = self.phone.device.state();
        let naming = self.phone.naming();
        let infos = state.calls.all().iter().map(|call| {
            let states: &[&str] = match call.state {
                CallState::Connected => &["connected", "connected"],
                CallState::Dialing => &["connected", "alerting"],
                CallState::Held => &["hold", "connected"],
                CallState::Ringing => &["alerting"],
            };
            let states = states
                .iter()
                .map(|state| format!("<localConnectionState>{state}</localConnectionState>"));
            format!(
                "<snapshotDeviceResponseInfo><connectionIdentifier>{}</connectionIdentifier>\
                 <localCallState><compoundCallState>{}</compoundCallState></localCallState>\
                 </snapshotDeviceResponseInfo>",
                naming.connection(call),
                states.collect::<String>()
            )
        });
        Ok(format!(
            "<crossRefIDorSnapshotData><snapshotData>{}</snapshotData></crossRefIDorSnapshotData>",
            infos.collect::<String>()
        ))
    }

    fn switch(&self, name: &str) -> Result<&'static str, &'static str> {
        match self.body.text_of(name).as_str() {
            "true" => Ok("on"),
            "false" => Ok("off"),
            _ => Err("invalidParameterValue"),
        }
    }

    fn set(&self, settings: &[(String, String)]) -> OperationResult {
        let set = self.phone.set(settings);
        set.map(|()| String::new())
            .map_err(|_| "invalidParameterValue")
    }

    fn change_calls(&self, change: impl FnOnce(&mut Calls)) {
        self.phone.device.change(|state| change(&mut state.calls));
    }
}

/// Returns the user of a SIP address, which is how Snom phones write a destination.
fn sip_user(address: &str) -> Result<&str, &'static str> {
    let user = address
        .strip_prefix("sip:")
        .and_then(|address| address.split_once('@'));
    user.map(|(user, _)| user).ok_or("invalidDestination")
}
