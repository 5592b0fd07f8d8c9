//! What each request does to the phone, whatever its dialect.

use super::super::Snom;
use crate::calls::{Call, Calls, Standing};
use crate::document::Element;

/// What stands in an answer, or the error.
type OperationResult = Result<String, &'static str>;

/// A request that was understood as far as its name.
pub(super) struct Operation<'a> {
    pub(super) phone: &'a Snom,
    pub(super) body: &'a Element,
    pub(super) is_old: bool,
}

impl Operation<'_> {
    /// Does what is asked; returns what stands in the answer, or the error.
    pub(super) fn run(&self) -> OperationResult {
        match self.body.name.as_str() {
            "AnswerCall" => {
                self.change_state("callToBeAnswered", Standing::Ringing, Standing::Connected)
            }
            "ClearCall" => self.end_call("callToBeCleared"),
            "ClearConnection" => self.end_call("connectionToBeCleared"),
            "HoldCall" => self.change_state("callToBeHeld", Standing::Connected, Standing::Held),
            "RetrieveCall" => {
                self.change_state("callToBeRetrieved", Standing::Held, Standing::Connected)
            }
            "ConsultationCall" => self.consultation_call(),
            "FireTest" => self.own(|phone| {
                let url = phone.setting("action_fwtest_url").ok_or("noUrl")?;
                let url = url::Url::parse(&url).map_err(|_| "noUrl")?;
                let load = phone.load(url);
                phone.device.spawn(load);
                Ok(())
            }),
            "GenerateDigits" => self.send_digits(),
            "GetSettings" => Ok(self.get_settings()),
            "MakeCall" => self.make_call(),
            "RequestSystemStatus" => Ok("<systemStatus>normal</systemStatus>".to_owned()),
            "SetDoNotDisturb" => {
                self.device("device")?;
                let on = self.switch("doNotDisturbOn")?;
                self.set(&[("dnd_mode".to_owned(), on.to_owned())])
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
                // Devices are SIP addresses to a Snom phone.
                let user = to.strip_prefix("sip:").and_then(|to| to.split_once('@'));
                let (user, _) = user.ok_or("invalidDestination")?;
                self.change(|calls| calls.transfer(id, user));
                Ok(String::new())
            }
            "SnapshotDevice" => self.snapshot(),
            "TransferCall" => {
                let (held, active) = (self.call("heldCall")?, self.call("activeCall")?);
                self.change(|calls| calls.join(held, active));
                Ok(String::new())
            }
            "XmlPush" => {
                let document = self.body.text_of("document");
                self.own(|phone| phone.push(&document).map_err(|_| "invalidParameterValue"))
            }
            _ => Err("serviceNotSupported"),
        }
    }

    /// Returns the id of a call that is there: in an element of its own, or flat on old firmware.
    fn call(&self, name: &str) -> Result<i32, &'static str> {
        let element = self.body.child(name).ok_or("invalidConnectionIdentifier")?;
        let nested = element.child("callID");
        let id = match (self.is_old, nested) {
            (true, None) => element.text(),
            (false, Some(id)) => id.text(),
            _ => return Err("invalidConnectionIdentifier"),
        };
        let id = id.parse().map_err(|_| "invalidCallID")?;
        let known = self.phone.device.state().calls.get(id).is_some();
        if known { Ok(id) } else { Err("invalidCallID") }
    }

    /// Judges a device: a SIP address, or since 8.7.4 the number of an identity.
    fn device(&self, name: &str) -> Result<(), &'static str> {
        let device = self.body.text_of(name);
        let by_number = !self.phone.is_older_than(&[8, 7, 4]) && device == "1";
        let address = device.strip_prefix("sip:").unwrap_or(&device);
        if by_number || self.phone.is_own(address) {
            Ok(())
        } else {
            Err("invalidDeviceID")
        }
    }

    fn change_state(&self, name: &str, from: Standing, to: Standing) -> OperationResult {
        let id = self.call(name)?;
        let standing = self
            .phone
            .device
            .state()
            .calls
            .get(id)
            .map(|call| call.standing);
        if standing != Some(from) {
            return Err("invalidConnectionState");
        }
        self.change(|calls| calls.put(id, to));
        Ok(String::new())
    }

    fn end_call(&self, name: &str) -> OperationResult {
        let id = self.call(name)?;
        self.change(|calls| calls.end(id));
        Ok(String::new())
    }

    fn make_call(&self) -> OperationResult {
        self.device("callingDevice")?;
        let number = self.body.text_of("calledDirectoryNumber");
        if number.is_empty() || self.body.text_of("autoOriginate") != "doNotPrompt" {
            return Err("invalidParameterValue");
        }
        Ok(format!(
            "<callingDevice>{}</callingDevice>",
            self.start_call(&number)
        ))
    }

    fn consultation_call(&self) -> OperationResult {
        self.call("existingCall")?;
        let to = self.body.text_of("consultedDevice");
        let user = to.strip_prefix("sip:").and_then(|to| to.split_once('@'));
        let (user, _) = user.ok_or("invalidDestination")?;
        Ok(format!(
            "<initiatedCall>{}</initiatedCall>",
            self.start_call(user)
        ))
    }

    fn start_call(&self, number: &str) -> String {
        let mut id = 0;
        self.phone.device.change(|state| {
            state.dial(number);
            id = state.calls.dial(number);
        });
        self.phone.is_answered_soon(id);
        format!("<callID>{id}</callID><deviceID>sip:1001@pbx.example</deviceID>")
    }

    fn send_digits(&self) -> OperationResult {
        let id = self.call("connectionToSendDigits")?;
        let digits = self.body.text_of("charactersToSend");
        let mut sent = false;
        self.change(|calls| sent = calls.send(id, &digits));
        if sent {
            Ok(String::new())
        } else {
            Err("invalidConnectionState")
        }
    }

    fn set_forwarding(&self) -> OperationResult {
        self.device("device")?;
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
        let told = self.body.named("Setting").map(|setting| {
            let name = setting.text_of("name");
            let value = self.phone.setting(&name).unwrap_or_default();
            let value = value.replace('&', "&amp;").replace('<', "&lt;");
            format!("<Setting><name>{name}</name><value>{value}</value></Setting>")
        });
        told.collect()
    }

    fn snapshot(&self) -> OperationResult {
        self.device("snapshotObject")?;
        let state = self.phone.device.state();
        let infos = state.calls.all().iter().map(|call: &Call| {
            let states: &[&str] = match call.standing {
                Standing::Calling => &["connected", "alerting"],
                Standing::Connected => &["connected", "connected"],
                Standing::Held => &["hold", "connected"],
                Standing::Ringing => &["alerting"],
            };
            let states = states
                .iter()
                .map(|state| format!("<localConnectionState>{state}</localConnectionState>"));
            format!(
                "<snapshotDeviceResponseInfo><connectionIdentifier><callID>{}</callID>\
                 <deviceID>sip:1001@pbx.example</deviceID></connectionIdentifier><localCallState>\
                 <compoundCallState>{}</compoundCallState></localCallState>\
                 </snapshotDeviceResponseInfo>",
                call.id,
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

    fn own(&self, run: impl FnOnce(&Snom) -> Result<(), &'static str>) -> OperationResult {
        run(self.phone).map(|()| String::new())
    }

    fn change(&self, change: impl FnOnce(&mut Calls)) {
        self.phone.device.change(|state| change(&mut state.calls));
    }
}
