//! The calls of a phone, as it lists them in response to `SnapshotDevice`.

use super::answer::Answer;
use super::event::{MAX_VALUE, clean};
use crate::verb::CallId;

/// A call of the phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    id: CallId,
    /// The phone's own name for its end of the call.
    device: Option<String>,
    /// The state at the phone itself, in ECMA's words.
    state: String,
    /// The states at the other ends, if the phone reports them.
    others: Vec<String>,
}

impl Call {
    /// Reads the calls in a `SnapshotDeviceResponse`, up to a limit. Calls whose id cannot be that of
    /// a request are left out.
    pub fn all(answer: &Answer) -> Vec<Self> {
        let mut infos = Vec::new();
        answer.all("snapshotDeviceResponseInfo", &mut infos);
        let calls = infos.into_iter().filter_map(Self::read);
        calls.take(MAX_CALLS).collect()
    }

    fn read(info: &Answer) -> Option<Self> {
        let states = states(info)?;
        let (state, others) = states.split_first()?;
        Some(Self {
            id: info.text_of("callID")?.parse().ok()?,
            device: info.text_of("deviceID").and_then(device),
            state: state.clone(),
            others: others.to_vec(),
        })
    }

    /// Returns its id.
    pub fn id(&self) -> &CallId {
        &self.id
    }

    /// Returns the phone's own name for its end of the call, if it reports one.
    pub fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// Returns the state at the phone itself, in ECMA's words: `alerting`, `connected`, `fail`, `hold`,
    /// `initiated`, `null` or `queued`.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// Returns whether no other end has answered yet; `None` if the phone reports only its own end.
    pub(super) fn is_unanswered(&self) -> Option<bool> {
        let has_answered = |state: &String| matches!(state.as_str(), "connected" | "hold");
        (!self.others.is_empty()).then(|| !self.others.iter().any(has_answered))
    }

    /// Returns whether no other end is reported as ringing.
    pub fn is_answered(&self) -> bool {
        !self
            .others
            .iter()
            .any(|state| matches!(state.as_str(), "alerting" | "initiated"))
    }
}

/// Returns a device that a request can name as it came; half a name is that of another.
fn device(text: &str) -> Option<String> {
    let is_whole = text.chars().count() <= MAX_VALUE;
    clean(text).filter(|clean| is_whole && clean == text)
}

/// Returns the states of the ends of a call, that of the phone first: as a list, or as one word.
fn states(info: &Answer) -> Option<Vec<String>> {
    let mut states = Vec::new();
    info.all("localConnectionState", &mut states);
    if states.is_empty() {
        info.all("localConnectionInfo", &mut states);
    }
    if !states.is_empty() {
        // Both spellings of hold are in use.
        let state = |state: &&Answer| match clean(state.text()).unwrap_or_default() {
            held if held == "held" => "hold".to_owned(),
            state => state,
        };
        return Some(states.iter().take(MAX_ENDS).map(state).collect());
    }
    let word = info.text_of("simpleCallState")?;
    let mut simple = SIMPLE_STATES.iter();
    let (_, own, other) = simple.find(|(name, ..)| *name == word)?;
    Some(vec![(*own).to_owned(), (*other).to_owned()])
}

/// The states of a call as one word (ECMA-269, 12.2.22), at the phone and at the other end.
const SIMPLE_STATES: [(&str, &str, &str); 10] = [
    ("callDelivered", "connected", "alerting"),
    ("callDeliveredHeld", "hold", "alerting"),
    ("callEstablished", "connected", "connected"),
    ("callEstablishedHeld", "hold", "connected"),
    ("callEstablishedOnHold", "connected", "hold"),
    ("callFailed", "connected", "fail"),
    ("callOriginated", "connected", "null"),
    ("callPending", "initiated", "null"),
    ("callReceived", "alerting", "connected"),
    ("callReceivedOnHold", "alerting", "hold"),
];

/// The most ends of a call whose states are kept: more than a conference on a phone has.
const MAX_ENDS: usize = 16;

/// The most calls that are examined.
const MAX_CALLS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(infos: &[&str]) -> Vec<(String, String, bool)> {
        let infos = infos.iter().map(|info| {
            format!("<c:snapshotDeviceResponseInfo>{info}</c:snapshotDeviceResponseInfo>")
        });
        let data = infos.collect::<String>();
        let text = format!("<c:SnapshotDeviceResponse>{data}</c:SnapshotDeviceResponse>");
        let calls = Call::all(&Answer::parse(&text)).into_iter();
        let calls = calls.map(|call| (call.id.to_string(), call.state.clone(), call.is_answered()));
        calls.collect()
    }

    fn call(id: &str, state: &str, is_answered: bool) -> (String, String, bool) {
        (id.to_owned(), state.to_owned(), is_answered)
    }

    #[test]
    fn states_are_read_in_every_form() {
        let id =
            "<connectionIdentifier><callID>7</callID><deviceID>1</deviceID></connectionIdentifier>";
        for (state, expected) in [
            (
                "<localCallState><compoundCallState><localConnectionState>connected</localConnectionState>\
                 <localConnectionState>alerting</localConnectionState></compoundCallState></localCallState>",
                call("7", "connected", false),
            ),
            (
                "<localConnectionInfo>held</localConnectionInfo>",
                call("7", "hold", true),
            ),
            (
                "<localCallState><simpleCallState>callReceived</simpleCallState></localCallState>",
                call("7", "alerting", true),
            ),
            (
                "<localCallState><simpleCallState>callDelivered</simpleCallState></localCallState>",
                call("7", "connected", false),
            ),
        ] {
            assert_eq!(calls(&[&format!("{id}{state}")]), [expected]);
        }
    }

    #[test]
    fn calls_without_an_id_or_a_state_are_left_out() {
        let state = "<localConnectionInfo>hold</localConnectionInfo>";
        assert_eq!(
            calls(&[
                state,
                "<callID>1</callID>",
                &format!("<callID>a b</callID>{state}"),
                &format!("<callID>-18</callID>{state}"),
            ]),
            [call("-18", "hold", true)]
        );
    }

    #[test]
    fn huge_lists_and_values_are_limited() {
        let long = "x".repeat(10_000);
        let states = format!("<localConnectionState>{long}</localConnectionState>").repeat(100);
        let info = format!(
            "<snapshotDeviceResponseInfo><callID>7</callID><deviceID>{long}</deviceID>{states}\
             </snapshotDeviceResponseInfo>"
        );
        let listed = Call::all(&Answer::parse(&info.repeat(100)));
        assert_eq!(listed.len(), MAX_CALLS);
        for call in listed {
            assert_eq!((call.device(), call.others.len()), (None, MAX_ENDS - 1));
            assert_eq!(call.state().len(), MAX_VALUE);
        }
    }

    #[test]
    fn device_is_named_as_it_came_or_not_at_all() {
        for (device, expected) in [
            ("sip:1@a;x=\"&lt;&amp;&gt;\"", Some("sip:1@a;x=\"<&>\"")),
            ("a\nb", None),
            ("", None),
        ] {
            let info = format!(
                "<snapshotDeviceResponseInfo><callID>7</callID><deviceID>{device}</deviceID>\
                 <localConnectionInfo>hold</localConnectionInfo></snapshotDeviceResponseInfo>"
            );
            let listed = Call::all(&Answer::parse(&info));
            assert_eq!(listed[0].device(), expected, "{device}");
        }
    }
}
